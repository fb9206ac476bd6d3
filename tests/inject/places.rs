//! Where the tag goes: where the head of the page ends, as a browser reads it.

use crate::{PAGE, html, pieces, snippet, tag, tagged, through};

/// Each page with `{}` where the tag goes. Once it comes whole, and once a byte at a time.
async fn check(pages: &[&str]) {
    for marked in pages {
        let (page, expected) = (marked.replace("{}", ""), marked.replace("{}", &tag()));
        assert_eq!(through(html(page.clone())).await.1, expected);
        let bytes: Vec<_> = page.bytes().map(|byte| vec![byte]).collect();
        assert_eq!(through(html(pieces(bytes))).await.1, expected);
    }
}

#[tokio::test]
async fn it_goes_before_the_end_of_the_head() {
    assert_eq!(through(html(PAGE)).await.1, tagged());
    check(&[
        "<html><head>{}</head></html>",
        "<HTML><HEAD><TITLE>x</TITLE>{}</HEAD ><BODY>",
        "<head lang=en>\n<meta charset=utf-8>\n{}</head\n>",
        "<html><head><link rel=icon href='</head>'><meta content=\"</head>\">{}</head><body>",
    ])
    .await;
}

#[tokio::test]
async fn what_only_looks_like_the_end_of_the_head_is_none() {
    check(&[
        "<html><head><!-- </head> -->{}</head>",
        "<html><head><script>document.write('</head>')</script>{}</head>",
        "<html><head><script><!-- <script> </script> </head> --></script>{}</head>",
        "<html><head><title></head></title>{}</head>",
        "<html><head><style>/* </head> */</style>{}</head>",
        "<html><head><noscript><img src=x></head></noscript>{}</head>",
        "<html><head><template><div></div></template>{}</head>",
        "<html><head><template><template></template><body></template>{}</head>",
        "<!doctype html><!-- <head></head> --><html><head>{}</head>",
    ])
    .await;
}

#[tokio::test]
async fn it_goes_in_once() {
    check(&[
        "<html><head>{}</head><body></head><head></head></body></html>",
        "<html><head>{}</head><head></head>",
        "<html><head>{}</head><body><iframe srcdoc='<html><head></head>'></iframe><textarea></head></textarea>",
    ])
    .await;
}

#[tokio::test]
async fn tags_that_may_be_left_out_may_be_left_out() {
    check(&[
        "<html><head><title>x</title>{}<body>Hi</body></html>",
        "<html>{}<body>Hi",
        "<title>x</title>{}<body>Hi",
        "<title>x</title></head>{}<body>Hi",
        "<!doctype html><title>x</title><meta charset=utf-8>\n{}<p>Hi <b>there</b>",
        "<!DOCTYPE html>Hi {}<b>there</b>",
        "<html><head><title>x</title>{}<main>Hi</main>",
        "<html><head><title>x</title>{}<svg><title>y</title></svg>",
        "<html>{}<frameset><frame></frameset></html>",
        "<html lang=de>{}<my-app></my-app>",
    ])
    .await;
}

#[tokio::test]
async fn malformed_pages_are_no_worse_with_it() {
    check(&[
        "<html><head><title>x</title></hea>{}<body>",
        "<html><head><meta content=\"x>\">{}</head>",
        "<html <head>{}<body><p></head>",
        "<html><head foo=\"<bar\" foo=x / / =>{}</head garbage=1>",
        "</head></head><html><head>{}</head>",
        "<html><head><//head>< head></ head>{}</head>",
        "\u{feff}<html><head>\0{}</head>",
        "<><html><head><?php </head> ?>{}</head>",
        "<html><head><![CDATA[</head>]]>{}</head>",
    ])
    .await;
}

#[tokio::test]
async fn it_is_the_page_s_nested_layers_put_it_in_once() {
    use axum::{Router, body::Body, http::Request, response::Html, routing::get};
    use axum_partnero::SnippetLayer;
    use tower::ServiceExt as _;

    let layer = || SnippetLayer::new(snippet());
    let inner = Router::new().route("/", get(async || Html(PAGE))).layer(layer()).layer(layer());
    let app = Router::new().nest("/shop", inner).layer(layer());
    let response = app.oneshot(Request::get("/shop").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(crate::read(response).await.1, tagged().into_bytes());
}
