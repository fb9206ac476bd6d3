//! What all pages share. Whatever a user typed goes through [`Escaped`].

use std::fmt::{self, Write as _};

use axum::{
    http::header::CACHE_CONTROL,
    response::{Html, IntoResponse},
};
use axum_partnero::Snippet;

use crate::store::User;

/// As the sandbox has it.
pub const PROGRAM_ID: &str = "SHOP0001";

/// Text, as text or as a quoted attribute's value.
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            other => f.write_char(other),
        })
    }
}

/// What stands in each page's head. A real shop has the tag and nothing else of this. This one loads nothing from outside
/// your machine: it has the tag in a comment, and the script below it does the part that matters here, the cookie.
fn partnero_js() -> String {
    let tag = Snippet::new(PROGRAM_ID).expect("8 letters and digits");
    format!(
        "<!-- In production, this is PartneroJS, which sets the cookie partnero_partner:
{tag}
Here, without any connection to the outside, this does its part: -->
<script>
    const key = new URLSearchParams(location.search).get('aff');
    if (key) document.cookie = 'partnero_partner=' + encodeURIComponent(key) + '; path=/; max-age=2592000; samesite=lax';
</script>"
    )
}

const STYLE: &str = "\
body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:auto;padding:1rem;color:#222;background:#fff}\
nav,nav form,li form{display:flex;flex-wrap:wrap;gap:1rem;align-items:center}nav{border-bottom:1px solid #ccc;\
padding-bottom:.5rem}nav .who{margin-left:auto}ul{list-style:none;padding:0}li{border:1px solid #ccc;border-radius:\
.4rem;padding:.75rem 1rem;margin:.75rem 0}li form{margin-top:.5rem;gap:.5rem}label{display:block;margin:.75rem 0}\
label input{display:block;width:100%;max-width:20rem;box-sizing:border-box}li label{display:flex;gap:.5rem;margin:0}\
li label input{width:7rem}input,button{font:inherit;padding:.3rem .6rem}s,small{color:#555}";

pub fn page(title: &str, user: Option<&User>, body: &str) -> impl IntoResponse + use<> {
    let who = user.map_or_else(
        || r#"<a class="who" href="/signup">Sign up</a>"#.to_owned(),
        |user| {
            let name = Escaped(&user.name);
            format!(r#"<form class="who" method="post" action="/logout">{name} <button>Log out</button></form>"#)
        },
    );
    document(title, &who, body)
}

/// Never cached: a form that comes back by the back button is a new one, with a new token.
pub fn document(title: &str, who: &str, body: &str) -> impl IntoResponse + use<> {
    let snippet = partnero_js();
    let page = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Bean &amp; Burr</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
{snippet}
</head>
<body>
<header><nav aria-label="Shop"><a href="/">Bean &amp; Burr</a> <a href="/orders">Your orders</a> {who}</nav></header>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"#
    );
    ([(CACHE_CONTROL, "no-store")], Html(page))
}
