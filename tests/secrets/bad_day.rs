//! A bad day over real sockets, on each outbox: Partnero fails, refuses and repeats what it was told, webhooks are forged
//! and odd, observers and handlers fail and panic, and databases go away.

use axum_partnero::{
    Partnero, PostgresOutbox, ReferralKey, ReferralKeys, SqliteOutbox,
    api::{CustomerSearch, PartnerBy},
    sandbox::{Answer, Fault, Sandbox, sign_webhook},
};
use reqwest::Client;
use serde_json::json;
use sqlx::PgPool;

use crate::{
    application::{Application, Store, customer, sale},
    postgres::Postgres,
    sign::sign,
    told::{ALONE, ANNA, API_KEY, IP, MARK, SECRET, Told},
    wait::{DEADLINE, ms, secs, until, within},
};

struct Day {
    told: Told,
    sandbox: Sandbox,
    app: Application,
    store: Store,
    client: Client,
    url: String,
}

impl Day {
    async fn begin(told: &Told, store: Store) -> Self {
        let sandbox = Sandbox::affiliate().api_key(API_KEY).partner(ANNA).seed(7).spawn().await.unwrap();
        let (app, url) = Application::start(&sandbox, &store, told).await;
        Self { told: told.clone(), sandbox, app, store, client: Client::new(), url }
    }

    fn visit(&self, path: &str) -> reqwest::RequestBuilder {
        let cookies =
            format!("session=qzmark-session; partnero_partner=%00{MARK}; partnero_partner={ANNA}; a=\u{fc}{MARK}");
        let request = self.client.post(format!("{}{path}", self.url));
        request.header("cookie", cookies.as_bytes()).header("x-forwarded-for", IP).header("x-user", "mia@qzmark.test")
    }

    /// Buys under a name that is an address.
    async fn buy(&self, path: &str, name: &str) {
        let request = self.visit(path).body(format!("{name}@qzmark.test"));
        let answer = within(request.send()).await.unwrap();
        assert!(answer.status().is_success() || path != "/buy", "{}", answer.status());
    }

    async fn all_is_over(&self) {
        within(self.app.partnero.flush(DEADLINE)).await.unwrap();
    }

    async fn get(&self, path: &str) {
        let request = self.visit(path).build().unwrap();
        let mut get = reqwest::Request::new(http::Method::GET, request.url().clone());
        *get.headers_mut() = request.headers().clone();
        // One handler panics: then there is no answer.
        let _ = within(self.client.execute(get)).await;
    }

    async fn webhook(&self, body: String, signature: &str) {
        let request = self.visit("/webhooks/partnero").header("Signature", signature).body(body);
        within(request.send()).await.unwrap();
    }

    /// What Partnero may do to a request, or what stands in between.
    async fn it_rains(&self, most: usize) {
        let faults: [Fault; 8] = [
            Fault::Refuse,
            Fault::Hang,
            Fault::StoreThenDrop,
            Fault::store_then_500(),
            Answer::html(503).into(),
            Answer::garbage(500).into(),
            Answer::redirect(307, "https://mia@qzmark.test/?qzmark").into(),
            Answer::status(200).body(format!("<b>{MARK}")).into(),
        ];
        for (number, fault) in faults.into_iter().take(most).enumerate() {
            self.sandbox.fault(fault).times(2);
            self.buy("/buy", &format!("rain{number}")).await;
            self.buy("/buy-in-one", &format!("rain{number}-in-one")).await;
            self.all_is_over().await;
        }
        self.sandbox.clear_faults();
    }

    /// Refusals that repeat what they refuse, at every length.
    async fn it_refuses(&self, statuses: &[u16]) {
        for &status in statuses {
            let long = "The e-mail address cannot be taken. ".repeat(6);
            let message = format!("{} qzmarkMia: {}", &long[..150], "qzmark+mia@qzmark.test, ".repeat(5));
            let errors = json!({"email": ["mia@qzmark.test is taken"], "mia%40qzmark.test": "odd"});
            let answer = Answer::json(status, &json!({"message": message, "errors": errors}));
            self.sandbox.fault(answer).on("POST", "/customers").times(3);
            let errors = json!({"name": ["\"qzmarkMia\" is short"], "tags": "qzmarktag, qzmarkKochanski's"});
            let answer = Answer::json(status, &json!({"message": "qzmarkMia's name is bad", "errors": errors}));
            self.sandbox.fault(answer).on("POST", "/customers").times(3);
            let answer = Answer::json(status, &json!({"message": "mia@qzmark.test is unknown"}));
            self.sandbox.fault(answer).times(6);
            self.buy("/buy", &format!("refused{status}")).await;
            self.all_is_over().await;
            self.ask().await;
            self.sandbox.clear_faults();
        }
    }

    /// The client's own errors, and what it reads when all goes well.
    async fn ask(&self) {
        let (api, told) = (self.app.partnero.api(), &self.told);
        let key = "mia@qzmark.test";
        let keys = ReferralKeys::from(ReferralKey::new(ANNA).unwrap());
        macro_rules! say {
            ($($call:expr),* $(,)?) => {$(
                match within($call).await {
                    Ok(value) => told.shown(&value),
                    Err(error) => told.error(&error),
                }
            )*};
        }
        say![
            api.customers().get(key),
            api.customers().create(&customer(key, keys)),
            api.customers().search(CustomerSearch::Email(key)),
            api.partners().find(PartnerBy::Email(key)),
            api.partners().get(ANNA),
            api.transactions().get(key),
            api.transactions().create(&sale(key, key)),
            api.transactions().delete(key),
            api.request(http::Method::GET, &format!("leads?email={key}"), None),
            self.app.partnero.check(),
            self.app.partnero.ensure_webhook("https://mia:qzmark@shop.test/?qzmark", ["customer.created"]),
            self.app.partnero.status(),
        ];
        told.shown(&self.app.partnero.dashboard(key).await);
    }

    async fn webhooks_come(&self) {
        for event in ["customer.created", "transaction.created", "mia@qzmark.test", "partner.created"] {
            for number in 0..6 {
                let key = format!("mia+{event}{number}@qzmark.test");
                let data = json!({"key": key, "email": key, "name": "qzmarkMia", "customer": {"key": key},
                    "portal_link": "https://shop.test/qzmark"});
                let event = sign_webhook(SECRET, event, data);
                let body = String::from_utf8(event.body().to_vec()).unwrap();
                self.webhook(body.clone(), &event.signature()).await;
                self.webhook(body.clone(), &sign("another-qzmark", body.as_bytes())).await;
                self.webhook(body, "qzmark").await;
            }
        }
        for odd in ["qzmark", r#"{"event": "qzmark@x", "data": ["mia@qzmark.test"#, "[\"qzmark\"]"] {
            self.webhook(odd.to_owned(), &sign(SECRET, odd.as_bytes())).await;
        }
        self.webhook("qzmark".repeat(60_000), "00").await;
        until("all is handled or dead", async || {
            let status = self.app.inbox.status().await.unwrap();
            (status.pending, status.in_progress) == (0, 0)
        })
        .await;
        for letter in self.app.inbox.dead_letters().page(0, 100).await.unwrap() {
            self.told.shown(&letter);
        }
    }

    /// What is told meanwhile is told of a table that isn't there.
    async fn the_tables_go_away(&self) {
        if matches!(self.store, Store::Memory) {
            return;
        }
        for (away, back) in [
            ("ALTER TABLE partnero_calls RENAME TO qz_calls", "ALTER TABLE qz_calls RENAME TO partnero_calls"),
            ("ALTER TABLE partnero_events RENAME TO qz_events", "ALTER TABLE qz_events RENAME TO partnero_events"),
        ] {
            self.store.run(away).await;
            let mut lost = self.app.partnero.track_sale(sale("away@qzmark.test", "mia@qzmark.test"));
            self.buy("/buy-in-one", "away").await;
            if let Err(error) = self.app.partnero.status().await {
                self.told.error(&error);
            }
            let event = sign_webhook(SECRET, "customer.created", json!({"key": "away@qzmark.test"}));
            self.webhook(String::from_utf8(event.body().to_vec()).unwrap(), &event.signature()).await;
            self.store.run(back).await;
            if let Err(error) = within(lost.stored()).await {
                self.told.error(&error);
            }
        }
    }

    async fn end(self) {
        for letter in self.app.partnero.dead_letters().page(0, 10_000).await.unwrap() {
            self.told.shown(&letter);
            self.told.error(&std::io::Error::other(letter.to_string()));
        }
        self.told.shown(&self.app.partnero.forget("rain0@qzmark.test").await);
        for number in 0..100 {
            self.app.partnero.track_refund(format!("flood{number}@qzmark.test"));
        }
        if let Err(error) = self.app.partnero.flush(ms(1)).await {
            self.told.error(&error);
        }
        let (calls, events) = tokio::join!(self.app.partnero.shutdown(secs(1)), self.app.inbox.shutdown(DEADLINE));
        self.told.shown(&(calls, events, &self.app.partnero, &self.app.inbox));
        let late = self.app.partnero.track_sign_up(customer("late@qzmark.test", ReferralKeys::default()));
        self.told.error(&within(late.delivered()).await.unwrap_err());
    }
}

async fn a_day(told: &Told, store: Store, postgres: Option<&Postgres>) {
    let day = Day::begin(told, store).await;
    for path in ["/", "/?ref=mia@qzmark.test", "/r/mia@qzmark.test/", "/break", "/friends/data", "/friends"] {
        day.get(path).await;
    }
    if matches!(day.store, Store::Memory) {
        day.it_rains(8).await;
        day.it_refuses(&[400, 401, 403, 404, 409, 422, 429, 500]).await;
    } else {
        day.it_rains(2).await;
        day.it_refuses(&[422]).await;
    }
    day.sandbox.set_api_key("another");
    day.buy("/buy", "unknown").await;
    until("it is held", async || day.app.partnero.status().await.unwrap().held.is_some()).await;
    day.sandbox.set_api_key(API_KEY);
    day.buy("/buy", "\n\u{0}control").await;
    day.buy("/buy", &"long".repeat(100)).await;
    day.all_is_over().await;
    day.webhooks_come().await;
    day.the_tables_go_away().await;
    if let (Some(postgres), Store::Postgres(..)) = (postgres, &day.store) {
        postgres.stop().await;
        let mut lost = day.app.partnero.track_sale(sale("gone@qzmark.test", "mia@qzmark.test"));
        told.error(&day.app.partnero.status().await.unwrap_err());
        postgres.begin().await;
        within(lost.stored()).await.unwrap();
    }
    day.sandbox.stop_listening().await;
    day.ask().await;
    day.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_day_at_every_level_tells_no_secret_and_nobody_s_data() {
    let _alone = ALONE.lock().await;
    let told = Told::start();
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}/partnero.db", folder.path().display())).await.unwrap();
    let mut stores = vec![Store::Memory, Store::Sqlite(sqlite, pool)];
    let postgres = Postgres::start();
    if let Some(postgres) = &postgres {
        let url = postgres.database().await;
        let outbox = PostgresOutbox::connect(&url).await.unwrap();
        outbox.create_schema().await.unwrap();
        told.shown(&outbox);
        stores.push(Store::Postgres(outbox, PgPool::connect(&url).await.unwrap()));
        // And what is said of a password that is wrong, and of one in a URL that can't be read.
        for wrong in [url.replace(&postgres.password, "qzmark-password"), "postgres://mia:qzmark@[/".to_owned()] {
            told.error(&PostgresOutbox::connect(&wrong).await.map(drop).err().unwrap());
        }
    }
    told.error(&Partnero::builder(API_KEY).base_url("http://mia:qzmark@shop.test/v1/").build().map(drop).unwrap_err());
    for store in stores {
        a_day(&told, store, postgres.as_ref()).await;
    }
    let text = told.text();
    for expected in [
        "axum_partnero",
        "reqwest",
        "hyper",
        "sqlx",
        "partnero.request",
        "a dead letter",
        "a call isn't taken",
        "shut down",
        "a webhook was refused",
        "a webhook came",
        "NOTED a panic",
        "NOTED an error",
        "out of reach",
        "customer=\"#",
    ] {
        assert!(text.contains(expected), "it isn't what it should be: no {expected}");
    }
    let password = postgres.as_ref().map_or(API_KEY, |postgres| &postgres.password);
    told.is_clean_of(&[API_KEY, SECRET, password]);
}
