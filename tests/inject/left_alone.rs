//! What the layer doesn't touch: not a byte, not a header.

use axum::{
    body::Body,
    http::{Response, StatusCode},
};

use crate::{PAGE, bytes_through, html, pieces, tag, tagged, through};

/// Neither its bytes nor its headers change.
async fn is_left_alone(status: u16, headers: &[(&str, &str)]) -> bool {
    let mut response = Response::builder().status(status).header("content-length", PAGE.len()).header("etag", "\"a\"");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let response = response.body(Body::from(PAGE)).unwrap();
    let before = response.headers().clone();
    let (after, body) = through(response).await;
    let unchanged = (after == before, body == PAGE);
    assert!(unchanged == (true, true) || body == tagged(), "{after:?} {body}");
    unchanged == (true, true)
}

#[tokio::test]
async fn what_is_no_html_is_left_alone() {
    for kind in [
        "application/json",
        "text/plain",
        "text/htmlx",
        "text/html2; charset=utf-8",
        "application/xhtml+xml",
        "text/event-stream",
        "multipart/x-mixed-replace; boundary=text/html",
        "image/svg+xml",
        "",
        "text/html\u{fc}",
    ] {
        assert!(is_left_alone(200, &[("content-type", kind)]).await, "{kind}");
    }
    assert!(is_left_alone(200, &[]).await);
    for kind in ["text/html", "TEXT/HTML", "text/html;charset=UTF-8", " text/html ; charset=\"utf-8\"; x=y"] {
        assert!(!is_left_alone(200, &[("content-type", kind)]).await, "{kind}");
    }
}

#[tokio::test]
async fn what_is_compressed_is_left_alone() {
    for coding in ["gzip", "br", "zstd", "deflate", "identity, gzip", "unheard-of"] {
        assert!(is_left_alone(200, &[("content-type", "text/html"), ("content-encoding", coding)]).await, "{coding}");
    }
    let both = [("content-type", "text/html"), ("content-encoding", "identity"), ("content-encoding", "gzip")];
    assert!(is_left_alone(200, &both).await);
    assert!(!is_left_alone(200, &[("content-type", "text/html"), ("content-encoding", "Identity")]).await);
}

#[tokio::test]
async fn parts_downloads_and_redirects_are_left_alone() {
    let html = ("content-type", "text/html");
    assert!(is_left_alone(206, &[html, ("content-range", "bytes 0-79/80")]).await);
    assert!(is_left_alone(206, &[html]).await);
    assert!(is_left_alone(200, &[html, ("content-range", "bytes 0-79/80")]).await);
    assert!(is_left_alone(416, &[html, ("content-range", "bytes */80")]).await);
    assert!(is_left_alone(200, &[html, ("content-disposition", "Attachment; filename=\"page.html\"")]).await);
    assert!(!is_left_alone(200, &[html, ("content-disposition", "inline")]).await);
    for status in [204, 205, 301, 302, 303, 304, 307] {
        assert!(is_left_alone(status, &[html]).await, "{status}");
    }
    // What a visitor sees is a page, also of an error.
    for status in [200, 201, 404, 422, 500, 503] {
        assert!(!is_left_alone(status, &[html]).await, "{status}");
    }
}

#[tokio::test]
async fn encodings_that_are_not_ascii_are_left_alone() {
    for charset in ["utf-16", "UTF-16LE", "utf-16be", "\"utf-16\"", "iso-2022-jp", "iso-2022-kr", "utf-7", "no-such"] {
        let kind = format!("text/html; charset={charset}");
        assert!(is_left_alone(200, &[("content-type", &kind)]).await, "{charset}");
    }
    for charset in ["utf-8", "ISO-8859-1", "windows-1252", "shift_jis", "gbk", "big5", "euc-kr", "koi8-r"] {
        let kind = format!("text/html; charset={charset}");
        assert!(!is_left_alone(200, &[("content-type", &kind)]).await, "{charset}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_utf_8_stay_as_they_are() {
    let japanese = b"<html><head><title>\x83V\x83\x87\x83b\x83v</title><script>'\x93\xfa\x96{'</script></head>\x83\\";
    let latin = b"<html><head><title>Caf\xe9</title><meta content='\xff\xfe'></head><p>\xe9\xff</p>";
    for (charset, page) in [("shift_jis", &japanese[..]), ("iso-8859-1", latin), ("utf-8", latin)] {
        for body in [Body::from(page), pieces(page.chunks(1))] {
            let mut response = html(body);
            response.headers_mut().insert("content-type", format!("text/html; charset={charset}").parse().unwrap());
            let (_, sent) = bytes_through(response).await;
            let at = page.windows(7).position(|it| it == b"</head>").unwrap();
            assert_eq!(sent, [&page[..at], tag().as_bytes(), &page[at..]].concat());
        }
    }
    // Not declared: no byte of it looks like a tag.
    let utf_16: Vec<u8> = PAGE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut response = html(utf_16.clone());
    response.headers_mut().insert("content-type", "text/html".parse().unwrap());
    assert_eq!(bytes_through(response).await.1, utf_16);
}

#[tokio::test]
async fn pages_that_are_tagged_already_are_left_alone() {
    let theirs = "<script src='https://app.partnero.com/js/universal.js?v1700' async></script>";
    let minified = "<script>!function(){x='https://app.partnero.com/js/universal.js'}()</script>";
    for tag in [tag().as_str(), &tag().replace("KHV3KEHI", "OTHER123"), theirs, minified] {
        for page in [
            format!("<html><head>{tag}</head><body></body></html>"),
            format!("<html><head><title>x</title>{tag}<body>"),
            format!("<!doctype html>{tag}<p>Hi"),
        ] {
            assert_eq!(through(html(page.clone())).await.1, page);
            let bytes: Vec<_> = page.bytes().map(|byte| vec![byte]).collect();
            assert_eq!(through(html(pieces(bytes))).await.1, page);
        }
    }
}

#[tokio::test]
async fn what_only_speaks_of_the_script_is_no_tag() {
    let spoken = "https://app.partnero.com/js/universal.js";
    for head in [
        format!("<!-- {spoken} -->"),
        format!("<link rel=preload as=script href={spoken}>"),
        format!("<title>{spoken}</title>"),
        "<script>'https://app.partnero.com/js/'</script><script>'universal.js'</script>".to_owned(),
    ] {
        let page = format!("<html><head>{head}</head><body>{spoken}</body></html>");
        assert_eq!(through(html(page.clone())).await.1, page.replacen("</head>", &format!("{}</head>", tag()), 1));
    }
}

#[tokio::test]
async fn fragments_are_left_alone() {
    for fragment in [
        "<tr><td>1</td></tr>",
        "Hello",
        "<title>New</title><div id=cart>2</div>",
        "<script>swap()</script><p>x</p>",
        "<template><head></head></template><p>",
        "",
        " ",
        "<",
        "</head>",
    ] {
        assert_eq!(through(html(fragment)).await.1, fragment);
    }
}

#[tokio::test]
async fn the_body_of_a_response_without_one_stays_empty() {
    for status in [200, 404] {
        let mut response = html(Body::empty());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        assert_eq!(bytes_through(response).await.1, b"");
    }
}

#[tokio::test]
async fn a_tag_that_is_too_long_leaves_the_page_as_it_is() {
    for long in ["<meta content='", "<!--"] {
        let page = format!("<html><head>{long}{}", "x".repeat(300_000));
        let page = format!("{page}'></head> --></head><body>");
        for body in [Body::from(page.clone()), pieces(page.as_bytes().chunks(1_000).map(<[u8]>::to_vec))] {
            let sent = through(html(body)).await.1;
            assert!(sent == page || sent.replace(&tag(), "") == page, "{}", sent.len());
        }
    }
    let page = format!("<html><head><link href='data:{}'></head>", "x".repeat(100_000));
    assert!(through(html(page)).await.1.contains(&tag()));
}
