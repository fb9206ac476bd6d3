//! Three visitors over real HTTP, and what Partnero must have on its books after each of their steps, and the shop by
//! what Partnero tells it.

use std::{fmt::Display, time::Duration};

use axum_partnero::{
    Partnero,
    sandbox::{RecordedRequest, Sandbox, WebhookFault},
};
use rust_decimal::Decimal;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    books::{Books, PARTNER},
    child::ShopProcess,
    commissions::Commissions,
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

/// What is to happen at Partnero's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// It isn't even asked.
    None,
    /// It is told everything.
    Some,
    /// This many calls aren't through yet.
    Open(usize),
}

pub struct Walk<'a> {
    pub shop: &'a mut ShopProcess,
    /// Looks into the shop's outbox.
    onlooker: &'a Partnero,
    /// What the shop has by Partnero's webhooks.
    commissions: &'a Commissions,
    pub sandbox: &'a Sandbox,
    pub print: &'a Printer,
    /// What the books must show.
    pub books: Books,
    /// What they showed before.
    before: Books,
    /// What Partnero was told and asked up to the last step.
    pub calls: Vec<RecordedRequest>,
}

impl<'a> Walk<'a> {
    pub fn new(
        shop: &'a mut ShopProcess,
        onlooker: &'a Partnero,
        commissions: &'a Commissions,
        sandbox: &'a Sandbox,
        print: &'a Printer,
    ) -> Self {
        let (books, before, calls) = (Books::default(), Books::default(), Vec::new());
        Self { shop, onlooker, commissions, sandbox, print, books, before, calls }
    }

    /// The whole walk, up to the first thing that is off.
    pub async fn go(mut self) -> Result<(), Off> {
        self.print.heads();
        self.tell_twice();
        let mia = self.referred().await?;
        self.organic().await?;
        self.hostile().await?;
        self.killed(mia).await?;
        self.told_twice().await
    }

    /// Has Partnero send each webhook twice.
    pub fn tell_twice(&self) {
        self.sandbox.webhook_fault(WebhookFault::Duplicate(1));
    }

    /// What came twice stands once in the shop's books, which each step has compared with Partnero's.
    async fn told_twice(&self) -> Result<(), Off> {
        let arrived = timeout(Duration::from_secs(20), self.sandbox.webhooks_settled()).await;
        arrived.map_err(|_| Off::new("all webhooks delivered", "some that aren't"))?;
        let sent = self.sandbox.webhook_deliveries().len();
        let entries = self.commissions.entries().await.map_err(|error| Off::new("the shop's books", error))?;
        if i64::try_from(sent / 2) != Ok(entries) {
            return Err(Off::new(format!("{} entries in the shop's books", sent / 2), entries));
        }
        self.print.remark(format_args!(
            "Partnero told the shop of each sale and refund twice: {sent} webhooks, {entries} entries in the shop's books."
        ));
        Ok(())
    }

    async fn referred(&mut self) -> Result<Visitor, Off> {
        self.print.visitor(&format!("Mia comes by {PARTNER}'s link: PartneroJS has set partnero_partner={PARTNER}"));
        let mut mia = Visitor::new(&self.shop.url, format!("partnero_partner={PARTNER}"))?;
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
        self.step("returns the kettle", Calls::Some).await?;
        Ok(mia)
    }

    async fn organic(&mut self) -> Result<(), Off> {
        self.print.visitor("Otto found the shop by himself");
        let mut otto = Visitor::new(&self.shop.url, "theme=dark")?;
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
            Visitor::new(&self.shop.url, cookie)?.open("/").await?;
            self.step(&format!("looks around: {what}"), Calls::None).await?;
        }
        let mut eve = Visitor::new(&self.shop.url, junk.map(|(_, cookie)| cookie).join(b"; ".as_slice()))?;
        eve.sign_up("<script>alert('Eve')</script>", "eve@example.com").await?;
        eve.must_see("&lt;script&gt;alert(&#39;Eve&#39;)&lt;/script&gt;")?;
        eve.must_not_see("<script>alert")?;
        self.step("signs up as <script>…, with all", Calls::Some).await?;
        eve.buy("beans").await?;
        eve.must_see("order-1004")?;
        self.step("buys beans for 24.90, with all", Calls::Some).await
    }

    /// Waits until everything is as it must be, shows what Partnero made of it, and says what isn't.
    pub async fn step(&mut self, what: &str, calls: Calls) -> Result<(), Off> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let (found, off) = loop {
            let (found, off) = self.look(calls).await?;
            if off.is_none() || Instant::now() > deadline {
                break (found, off);
            }
            sleep(Duration::from_millis(5)).await;
        };
        let news = match (found.since(&self.before), calls) {
            (news, _) if !news.is_empty() => news,
            (_, Calls::None) => "nothing to tell".to_owned(),
            (_, Calls::Some) => "told; ignores it".to_owned(),
            (_, Calls::Open(_)) => "not told yet".to_owned(),
        };
        self.print.step(off.is_none(), what, &news, found.owed);
        self.before = found;
        self.calls = self.calls_so_far();
        off.map_or(Ok(()), Err)
    }

    /// Without what a shop asks when it starts: whether the key is good, and for its webhook.
    fn calls_so_far(&self) -> Vec<RecordedRequest> {
        let requests = self.sandbox.requests().into_iter();
        requests.filter(|it| !it.path.ends_with("/test") && !it.path.starts_with("/v1/webhooks")).collect()
    }

    /// What the books show now, and what isn't as it must be.
    async fn look(&self, calls: Calls) -> Result<(Books, Option<Off>), Off> {
        let status = self.onlooker.status().await.map_err(|error| Off::new("a look into the outbox", error))?;
        let (open, open_must) = (status.pending + status.in_flight + status.uncertain, calls.open());
        let own = self.own_books().await?;
        let told = self.calls_so_far().len() > self.calls.len();
        let found = Books::of(&self.sandbox.ledger());
        let off = if found != self.books {
            Some(Off::new(&self.books, &found))
        } else if own != self.books.owed {
            Some(Off::new(format!("{:.2} by the shop's own books", self.books.owed), own))
        } else if open != open_must {
            Some(Off::new(format!("{open_must} open calls"), open))
        } else if calls == Calls::None && told {
            Some(Off::new("no call to Partnero", "one"))
        } else if calls == Calls::Some && !told {
            Some(Off::new("a call to Partnero", "none"))
        } else {
            None
        };
        Ok((found, off))
    }

    /// What the partner has earned, by the webhooks.
    async fn own_books(&self) -> Result<Decimal, Off> {
        let ledger = self.sandbox.ledger();
        let id = ledger.partner(PARTNER).map_or("", |partner| &partner.id);
        self.commissions.of(id).await.map_err(|error| Off::new("the shop's books", error))
    }
}

impl Calls {
    /// How many are to be open.
    fn open(self) -> usize {
        match self {
            Self::Open(open) => open,
            Self::None | Self::Some => 0,
        }
    }
}
