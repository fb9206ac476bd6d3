//! A visitor of the shop: an HTTP client that does what a browser does, and checks what it is answered.

use std::sync::Arc;

use reqwest::{
    Client, StatusCode, Url,
    cookie::{CookieStore, Jar},
    header::{HeaderValue, LOCATION},
    redirect::Policy,
};

use crate::walk::Off;

pub struct Visitor {
    http: Client,
    shop: String,
    /// The page that is shown.
    page: String,
}

impl Visitor {
    /// `cookies` are those that scripts in the page have set, Partnero's or others: one `Cookie` line together with the
    /// shop's own, as browsers send it.
    pub fn new(shop: &str, cookies: impl Into<Vec<u8>>) -> Result<Self, Off> {
        let cookies = Arc::new(Cookies { scripts: cookies.into(), shop: Jar::default() });
        // The redirects are followed by hand, to check them. No proxy is to stand between us and ourselves.
        let http = Client::builder().cookie_provider(cookies).redirect(Policy::none()).no_proxy().build()?;
        Ok(Self { http, shop: shop.to_owned(), page: String::new() })
    }

    pub async fn open(&mut self, path: &str) -> Result<(), Off> {
        let response = self.http.get(format!("{}{path}", self.shop)).send().await?;
        expect(&format!("GET {path}"), StatusCode::OK, response.status())?;
        self.page = response.text().await?;
        Ok(())
    }

    pub async fn sign_up(&mut self, name: &str, email: &str) -> Result<(), Off> {
        self.open("/signup").await?;
        self.send("/signup", &[("name", name), ("email", email)]).await
    }

    /// Buys a product, and gives back the form, to send it once more.
    pub async fn buy(&mut self, product: &str) -> Result<[(&'static str, String); 2], Off> {
        self.open("/").await?;
        let order = self.hidden("order", &format!(r#"name="product" value="{product}""#))?;
        let form = [("order", order), ("product", product.to_owned())];
        self.send("/checkout", &form).await?;
        Ok(form)
    }

    pub async fn refund(&mut self, order: &str) -> Result<(), Off> {
        self.send(&format!("/refund/{order}"), &[("", "")]).await
    }

    pub async fn refund_part(&mut self, order: &str, amount: &str) -> Result<(), Off> {
        self.open("/orders").await?;
        let action = format!("/refund/{order}/part");
        let form = self.page.split_once(&action).map_or("", |(_, form)| form);
        let refund = hidden(form, "refund").ok_or_else(|| Off::new("a form to refund a part", self.main()))?.to_owned();
        self.send(&action, &[("refund", refund.as_str()), ("amount", amount)]).await
    }

    /// Posts a form, and opens the page that the shop sends on to.
    pub async fn send(&mut self, path: &str, form: &(impl serde::Serialize + ?Sized)) -> Result<(), Off> {
        let response = self.http.post(format!("{}{path}", self.shop)).form(form).send().await?;
        expect(&format!("POST {path}"), StatusCode::SEE_OTHER, response.status())?;
        let next = response.headers().get(LOCATION).and_then(|next| next.to_str().ok()).unwrap_or("/").to_owned();
        self.open(&next).await
    }

    pub fn must_see(&self, text: &str) -> Result<(), Off> {
        if self.page.contains(text) { Ok(()) } else { Err(Off::new(format!("a page with {text}"), self.main())) }
    }

    pub fn must_not_see(&self, text: &str) -> Result<(), Off> {
        if self.page.contains(text) { Err(Off::new(format!("no {text}"), self.main())) } else { Ok(()) }
    }

    fn main(&self) -> &str {
        self.page.split_once("<main>").map_or(&*self.page, |(_, main)| main)
    }

    /// The last hidden field of that name before a mark in the page.
    fn hidden(&self, name: &str, mark: &str) -> Result<String, Off> {
        let before = self.page.split_once(mark).map_or("", |(before, _)| before);
        let field = before.rfind(&format!(r#"name="{name}""#)).and_then(|at| hidden(&before[at..], name));
        field.map(str::to_owned).ok_or_else(|| Off::new(format!("a form with {mark}"), self.main()))
    }
}

/// The first hidden field of that name.
fn hidden<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = page.split_once(&format!(r#"name="{name}" value=""#))?;
    value.split_once('"').map(|(value, _)| value)
}

fn expect(what: &str, expected: StatusCode, found: StatusCode) -> Result<(), Off> {
    if expected == found { Ok(()) } else { Err(Off::new(format!("{what}: {expected}"), found)) }
}

struct Cookies {
    scripts: Vec<u8>,
    shop: Jar,
}

impl CookieStore for Cookies {
    fn set_cookies(&self, headers: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        self.shop.set_cookies(headers, url);
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        let mut line = self.scripts.clone();
        if let Some(shop) = self.shop.cookies(url) {
            if !line.is_empty() {
                line.extend_from_slice(b"; ");
            }
            line.extend_from_slice(shop.as_bytes());
        }
        HeaderValue::from_bytes(&line).ok().filter(|line| !line.is_empty())
    }
}
