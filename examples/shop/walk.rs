//! Three visitors over real HTTP, and what Partnero must have on its books after each of their steps.

use std::{fmt::Display, time::Duration};

use axum_partnero::{Partnero, sandbox::Sandbox};

use crate::{
    books::{Books, PARTNER},
    print::Printer,
    visitor::Visitor,
};

/// Something isn't as it must be.
#[derive(Debug, thiserror::Error)]
#[error("expected  {expected}\nfound     {found}")]
pub struct Off {
    expected: String,
    found: String,
}

impl Off {
    pub fn new(expected: impl Display, found: impl Display) -> Self {
        Self { expected: expected.to_string(), found: found.to_string() }
    }
}

impl From<reqwest::Error> for Off {
    fn from(error: reqwest::Error) -> Self {
        Self::new("an answer from the shop", format!("{error:?}"))
    }
}

/// Whether Partnero is to be told at all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Calls {
    None,
    Some,
}

pub struct Walk<'a> {
    shop: &'a str,
    partnero: &'a Partnero,
    sandbox: &'a Sandbox,
    print: &'a Printer,
    /// What the books must show.
    books: Books,
    /// What they showed before.
    before: Books,
}

impl<'a> Walk<'a> {
    pub fn new(shop: &'a str, partnero: &'a Partnero, sandbox: &'a Sandbox, print: &'a Printer) -> Self {
        Self { shop, partnero, sandbox, print, books: Books::default(), before: Books::default() }
    }

    /// The whole walk, up to the first thing that is off.
    pub async fn go(mut self) -> Result<(), Off> {
        self.sandbox.clear_requests();
        self.print.heads();
        self.referred().await?;
        self.organic().await?;
        self.hostile().await
    }

    async fn referred(&mut self) -> Result<(), Off> {
        self.print.visitor(&format!("Mia comes by {PARTNER}'s link: PartneroJS has set partnero_partner={PARTNER}"));
        let mut mia = Visitor::new(self.shop, format!("partnero_partner={PARTNER}"))?;
        mia.open(&format!("/?aff={PARTNER}")).await?;
        self.step("looks around", Calls::None).await?;

        mia.sign_up("Mia", "mia@example.com").await?;
        self.books.add_customer("user-1", PARTNER);
        self.step("signs up", Calls::Some).await?;

        let form = mia.buy("grinder").await?;
        self.books.set_sale("order-1001", 89_00);
        self.books.owe(26_70);
        self.step("buys the grinder for 89.00", Calls::Some).await?;

        mia.send("/checkout", &form).await?;
        mia.must_not_see("order-1002")?;
        self.step("sends that form again", Calls::None).await?;

        mia.buy("kettle").await?;
        self.books.set_sale("order-1002", 49_90);
        self.books.owe(41_67);
        self.step("buys the kettle for 49.90", Calls::Some).await?;

        mia.refund_part("order-1001", "20.00").await?;
        self.books.set_sale("order-1001", 69_00);
        self.books.owe(35_67);
        self.step("gets 20.00 of the grinder back", Calls::Some).await?;

        mia.refund("order-1002").await?;
        self.books.delete_sale("order-1002");
        self.books.owe(20_70);
        self.step("returns the kettle", Calls::Some).await
    }

    async fn organic(&mut self) -> Result<(), Off> {
        self.print.visitor("Otto found the shop by himself");
        let mut otto = Visitor::new(self.shop, "theme=dark")?;
        otto.sign_up("Otto", "otto@example.com").await?;
        self.step("signs up", Calls::Some).await?;
        otto.buy("beans").await?;
        self.step("buys beans for 24.90", Calls::Some).await
    }

    async fn hostile(&mut self) -> Result<(), Off> {
        self.print.visitor("Eve sends whatever she likes for a cookie");
        let long = [b"partnero_partner=".as_slice(), &b"x".repeat(64 * 1024)].concat();
        let junk: [(&str, &[u8]); 4] = [
            ("junk", br#"partnero_partner; partnero_partner=; =;;,{"\"};partnero_partner="" "#),
            ("control characters", b"partnero_partner=%00%0d%0aSet-Cookie:%20x=y%1b[31m"),
            ("invalid UTF-8", b"partnero_partner=\xff\xfe\xc3; theme=\x80"),
            ("64 KiB", &long),
        ];
        for (what, cookie) in junk {
            Visitor::new(self.shop, cookie)?.open("/").await?;
            self.step(&format!("looks around: {what}"), Calls::None).await?;
        }
        let mut eve = Visitor::new(self.shop, junk.map(|(_, cookie)| cookie).join(b"; ".as_slice()))?;
        eve.sign_up("<script>alert('Eve')</script>", "eve@example.com").await?;
        eve.must_see("&lt;script&gt;alert(&#39;Eve&#39;)&lt;/script&gt;")?;
        eve.must_not_see("<script>alert")?;
        self.step("signs up as <script>…, with all", Calls::Some).await?;
        eve.buy("beans").await?;
        eve.must_see("order-1004")?;
        self.step("buys beans for 24.90, with all", Calls::Some).await
    }

    /// Waits until Partnero has been told everything, shows what it made of it, and compares.
    async fn step(&mut self, what: &str, calls: Calls) -> Result<(), Off> {
        let flushed = self.partnero.flush(Duration::from_secs(10)).await;
        let told = if self.sandbox.requests().is_empty() { Calls::None } else { Calls::Some };
        self.sandbox.clear_requests();
        let found = Books::of(&self.sandbox.ledger());
        let news = match found.since(&self.before) {
            news if !news.is_empty() => news,
            _ if told == Calls::None => "nothing to tell".to_owned(),
            _ => "told; ignores it".to_owned(),
        };
        let is_right = flushed.is_ok() && told == calls && found == self.books;
        self.print.step(is_right, what, &news, found.owed);
        flushed.map_err(|error| Off::new("everything told within 10 seconds", error))?;
        if found != self.books {
            return Err(Off::new(&self.books, found));
        }
        match (calls, told) {
            (Calls::None, Calls::Some) => Err(Off::new("no call to Partnero", "one")),
            (Calls::Some, Calls::None) => Err(Off::new("a call to Partnero", "none")),
            _ => {
                self.before = found;
                Ok(())
            }
        }
    }
}
