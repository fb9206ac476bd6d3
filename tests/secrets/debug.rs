//! The `Debug` of each public type, filled with all that it can hold.

use std::{
    any::type_name,
    collections::BTreeSet,
    fmt::Debug,
    fs,
    path::{Path, PathBuf},
};

use axum::{
    body::Body,
    http::{HeaderMap, Request},
};
use axum_partnero::{
    Amount, BoxError, Clock, CustomerKey, Decimal, EventId, MemoryOutbox, NewCustomer, Observer, Partnero, ProgramType,
    ReferralCookie, ReferralKey, ReferralKeys, ReferralLayer, RefusedCall, Snippet, SqliteOutbox, VerifiedWebhook,
    WebhookEvent, WebhookSecret, Webhooks,
    api::{
        ApiClient, Credit, CustomerFilter, CustomerSearch, CustomerUpdate, Invitation, NewPartner, NewWebhook,
        PartnerBy, TransactionFilter, WebhookUpdate,
    },
    dashboard::Texts,
    delivery::{DeliveryError, TrackError},
    sandbox::{Answer, Sandbox},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use crate::{
    application::{customer, sale},
    sign::sign,
    told::{ALONE, API_KEY, MARK, SECRET},
    wait::{secs, until, within},
};

/// What holds nothing that could be somebody's: settings, numbers, names of things, and what nobody can name or make.
const HOLDS_NOTHING: &[&str] = &[
    "api::builder::ApiBuildError",
    "api::filter::ReferStatus",
    "api::response::balance::BalanceAmount",
    "api::response::partner::Commissions",
    "api::response::partner::Money",
    "api::response::partner::PartnerReferrals",
    "dashboard::data::Money",
    "api::filter::Sort",
    "dashboard::router::DashboardRouter",
    "dashboard::share::Network",
    "delivery::call::CallKind",
    "delivery::check::CheckError",
    "delivery::dead::DeadReason",
    "delivery::flush::FlushError",
    "delivery::gate::HoldReason",
    "delivery::in_transaction::InTransactionError",
    "delivery::outbox::Handle",
    "delivery::outbox::Opening",
    "delivery::outbox::OutboxError",
    "delivery::probe::Claimed",
    "delivery::probe::Probe",
    "delivery::sql::insert::Connection",
    "delivery::in_transaction::InTransaction",
    "delivery::sql::postgres::PostgresOutbox",
    "model::key::KeyError",
    "model::program::ProgramType",
    "model::amount::AmountError",
    "referral::attribution::Attribution",
    "referral::capture::future::ResponseFuture",
    "referral::mode::Capturing",
    "referral::mode::Reading",
    "referral::clear::ClearCookies",
    "referral::rejection::ReferralKeyRejection",
    "referral::service::ReferralService",
    "referral::sources::Sources",
    "snippet::error::SnippetError",
    "snippet::inject::body::SnippetBody",
    "snippet::inject::future::SnippetFuture",
    "snippet::inject::layer::SnippetLayer",
    "snippet::inject::service::SnippetService",
    "webhook::extract::WebhookRejection",
    "webhook::inbox::open::Stored",
    "webhook::secret::WebhookSecretError",
    "webhook::verified::EventIdError",
    "webhook::verify::VerifyError",
    "webhook::webhooks::WebhooksError",
];

#[derive(Default)]
struct Shown {
    types: BTreeSet<String>,
    texts: Vec<String>,
}

impl Shown {
    fn add<T: Debug>(&mut self, value: &T) {
        let name = type_name::<T>().split('<').next().unwrap_or_default();
        self.types.insert(name.trim_start_matches("axum_partnero::").to_owned());
        self.texts.push(format!("{}: {value:?} {value:#?}", type_name::<T>()));
    }
}

/// `api::customers::Customers` and the like: of all but the sandbox, which plays Partnero and shows what that has.
fn public_types() -> BTreeSet<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut types = BTreeSet::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && !path.starts_with(src.join("sandbox")) {
                let module = module(path.strip_prefix(&src).unwrap());
                let text = fs::read_to_string(&path).unwrap();
                let found = text.lines().filter_map(|line| {
                    let line = line.trim_start().strip_prefix("pub ")?;
                    let rest = line.strip_prefix("struct ").or_else(|| line.strip_prefix("enum "))?;
                    rest.split(|c: char| !c.is_alphanumeric()).next().filter(|name| !name.is_empty())
                });
                types.extend(found.map(|name| format!("{module}{name}")));
            }
        }
    }
    types
}

fn module(file: &Path) -> String {
    let file: PathBuf = if file.ends_with("mod.rs") { file.parent().unwrap().into() } else { file.with_extension("") };
    file.iter().map(|part| format!("{}::", part.to_str().unwrap())).collect()
}

const MIA: &str = "mia@qzmark.test";

/// Everything that Partnero could tell of anybody, wherever it is looked for.
fn somebody() -> Value {
    let link = "https://shop.test/qzmark?aff=qzmark";
    json!({
        "key": MIA, "id": MIA, "email": MIA, "name": "qzmarkMia", "surname": "qzmarkKochanski", "tags": ["qzmarktag"],
        "referral_link": link, "portal_link": link, "share_link": link, "link": link, "url": link, "sign_in_url": link,
        "signature": SECRET, "secret": SECRET, "events": ["transaction.created"], "is_active": true,
        "customer": {"key": MIA, "email": MIA, "name": "qzmarkMia"}, "partner": {"key": MIA, "email": MIA},
        "referring_customer": {"key": MIA}, "amount": 1.5, "amount_units": "usd", "created_at": "2026-01-01",
        "rewards": [{"key": MIA, "customer": {"key": MIA}, "partner": {"key": MIA}, "amount": 1}],
        "metadata": {"date_of_birth": "qzmark"}, "action": "qzmark", "product_id": "qzmark", "product_type": "qzmark",
        "custom": {"qzmark": "qzmark"}, "balance": {"amount": 1, "units": "usd"}, "stats": {"clicks": 1},
    })
}

fn of_the_model(shown: &mut Shown) {
    let key = ReferralKey::new(MIA).unwrap();
    shown.add(&key);
    shown.add(&ReferralKeys::from(key.clone()));
    shown.add(&CustomerKey::new(MIA).unwrap());
    shown.add(&Amount::from(Decimal::ONE));
    shown.add(&customer(MIA, key.clone().into()).partner_email(MIA).id(MIA).date_of_birth(MARK).referral_url(MARK));
    shown.add(&sale(MIA, MIA).create_customer(NewCustomer::new(MIA).name(MARK)).referral_url(MARK));
    shown.add(&ReferralCookie::new());
    shown.add(&ReferralLayer::new().header("x-key").set_cookie(ReferralCookie::new()));
    shown.add(&Snippet::new("ABCD1234").unwrap().nonce(format!("{MARK}nonce")).unwrap());
    shown.add(&Texts::english());
    shown.add(&Clock::system());
    shown.add(&MemoryOutbox::new());
}

async fn of_the_client(shown: &mut Shown) {
    let sandbox = Sandbox::affiliate().api_key(API_KEY).partner(MIA).spawn().await.unwrap();
    let builder = ApiClient::builder(API_KEY).base_url(format!("{}qzmark/", sandbox.url()));
    shown.add(&builder);
    let wrong = within(builder.build().unwrap().customers().get(MIA)).await.unwrap_err();
    shown.add(&wrong);
    let partnero = sandbox.partnero().unwrap();
    let api = partnero.api();
    shown.add(&api.clone());
    shown.add(&api.customers());
    shown.add(&api.partners());
    shown.add(&api.transactions());
    shown.add(&api.webhooks());
    shown.add(&CustomerUpdate::new().email(MIA).name(MARK).surname(MARK).key(MIA).tags([MARK]));
    shown.add(&Invitation::new(MIA).name(MARK).surname(MARK).personalization("greeting", MARK));
    shown.add(&NewPartner::new(MIA).name(MARK).surname(MARK).password(SECRET).id(MIA).key(MIA).tag(MARK));
    shown.add(&NewWebhook::new("a name", format!("https://shop.test/?{MARK}"), ["transaction.created"]).key("k"));
    shown.add(&WebhookUpdate::new().url(format!("https://shop.test/?{MARK}")));
    shown.add(&Credit::of_units(Decimal::ONE, "usd"));
    shown.add(&CustomerFilter::new().partner_key(MIA).partner_email(MIA));
    shown.add(&TransactionFilter::new().key(MIA).customer_key(MIA).partner_email(MIA));
    shown.add(&CustomerSearch::Email(MIA));
    shown.add(&PartnerBy::Email(MIA));

    // The program's name is the shop's own.
    shown.add(&within(api.program()).await.unwrap());
    let one = Answer::json(200, &json!({"status": 1, "data": somebody()}));
    sandbox.fault(one);
    shown.add(&within(api.customers().get(MIA)).await.unwrap());
    shown.add(&within(api.customers().stats(MIA)).await.unwrap());
    shown.add(&within(api.customers().balance(MIA)).await.unwrap());
    let partner = within(api.partners().get(MIA)).await.unwrap();
    shown.add(&partner);
    shown.add(&within(api.webhooks().get("k")).await.unwrap());
    let partners = api.partners();
    let signed_in = partners.sign_in_url(PartnerBy::Email(MIA), secs(60));
    shown.add(&within(signed_in).await.unwrap());
    sandbox.clear_faults();
    sandbox
        .fault(Answer::json(200, &json!({"status": 1, "data": [somebody()], "links": {"next": format!("/?{MARK}")}})));
    let sold = within(api.transactions().get(MIA)).await.unwrap();
    shown.add(&sold);
    sold.rewards.iter().for_each(|reward| shown.add(reward));
    let mut list = api.customers().referral_links(MIA);
    shown.add(&within(list.next()).await.unwrap().unwrap());
    shown.add(&list);
}

async fn of_dashboards(shown: &mut Shown) {
    let sandbox = Sandbox::refer_a_friend().customer(MIA).spawn().await.unwrap();
    let partnero = sandbox.partnero_builder().program_type(ProgramType::ReferAFriend).build().unwrap();
    let friend = NewCustomer::new("al@qzmark.test").email("al@qzmark.test").name("qzmarkAl");
    let friend = partnero.api().customers().create(&friend.referred_by(ReferralKey::new(MIA).unwrap())).await.unwrap();
    shown.add(&friend);
    let dashboard = within(partnero.dashboard(MIA)).await;
    shown.add(&dashboard.friends);
    let friends = dashboard.friends.loaded().unwrap();
    shown.add(friends);
    shown.add(&friends.list[0]);
    shown.add(&dashboard.share[0]);
    shown.add(&dashboard);
    shown.add(&dashboard.fragment("/friends", &Texts::english()));
}

/// Hands on what it is told.
struct Refusals(mpsc::UnboundedSender<RefusedCall>);

impl Observer for Refusals {
    async fn refused(&self, call: &RefusedCall) -> Result<(), BoxError> {
        Ok(self.0.send(call.clone())?)
    }
}

async fn of_delivery(shown: &mut Shown) {
    let sandbox = Sandbox::affiliate().api_key(API_KEY).partner(MIA).spawn().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    shown.add(&outbox);
    let (refusals, mut refused) = mpsc::unbounded_channel();
    let builder = sandbox.partnero_builder().outbox(outbox).observer(Refusals(refusals));
    shown.add(&builder);
    let partnero = builder.build().unwrap();
    shown.add(&partnero);
    shown.add(&partnero.dead_letters());
    shown.add(&Partnero::builder(API_KEY).base_url("http://mia:qzmark@shop.test").build().unwrap_err());
    let rows = partnero.outbox_row();
    shown.add(&rows);
    shown.add(&rows.track_sign_up(customer(MIA, ReferralKeys::default())).unwrap().unwrap());

    let not_taken: TrackError = within(partnero.track_sale(sale("", MIA)).stored()).await.unwrap_err();
    shown.add(&not_taken);
    shown.add(&within(refused.recv()).await.unwrap());
    let call = partnero.track_sign_up(customer(MIA, ReferralKey::new(MIA).unwrap().into()));
    shown.add(&call);
    shown.add(&within(call.delivered()).await.unwrap());
    sandbox.fault(Answer::json(400, &json!({"message": format!("no {MIA} here")})));
    let died: DeliveryError = within(partnero.track_sale(sale(MIA, MIA)).delivered()).await.unwrap_err();
    shown.add(&died);
    shown.add(&partnero.dead_letters().page(0, 1).await.unwrap()[0]);
    shown.add(&partnero.status().await.unwrap());
    shown.add(&within(partnero.shutdown(secs(60))).await);
}

async fn of_webhooks(shown: &mut Shown) {
    let secret = WebhookSecret::new(SECRET).unwrap();
    shown.add(&secret);
    for name in WebhookEvent::NAMES.iter().chain(&["other", MIA]) {
        let body =
            json!({"event": name, "url": format!("https://shop.test/?{MARK}"), "webhook_key": "k", "data": somebody()});
        let body = body.to_string();
        let headers =
            HeaderMap::from_iter([("signature".parse().unwrap(), sign(SECRET, body.as_bytes()).parse().unwrap())]);
        let verified = secret.verify(&headers, body).unwrap();
        shown.add(&verified);
        shown.add::<EventId>(&verified.id());
        let event = verified.event();
        shown.add(event.envelope());
        match &event {
            WebhookEvent::PartnerCreated(event) => (shown.add(event), shown.add(&event.data)).0,
            WebhookEvent::CustomerCreated(event) => shown.add(&event.data),
            WebhookEvent::LeadSubmitted(event) => shown.add(&event.data),
            WebhookEvent::SubscriberCreated(event) => shown.add(&event.data),
            WebhookEvent::TransactionCreated(event) => {
                shown.add(&event.data);
                event.data.rewards.iter().for_each(|reward| shown.add(reward));
            }
            _ => {}
        }
        shown.add(&event);
        shown.add(&VerifiedWebhook(verified));
    }
    let failing = async |_: EventId, _: WebhookEvent| Err::<(), _>(format!("no {MIA}"));
    let webhooks = Webhooks::new(secret).on_event(failing).attempts(1);
    shown.add(&webhooks);
    let inbox = webhooks.build().unwrap();
    shown.add(&inbox);
    shown.add(&inbox.dead_letters());
    let body = json!({"event": "customer.created", "data": somebody()}).to_string();
    let request = Request::post("/").header("signature", sign(SECRET, body.as_bytes())).body(Body::from(body)).unwrap();
    assert_eq!(inbox.router::<()>().oneshot(request).await.unwrap().status(), 200);
    until("it is dead", async || inbox.status().await.unwrap().dead == 1).await;
    shown.add(&inbox.dead_letters().page(0, 1).await.unwrap()[0]);
    shown.add(&inbox.status().await.unwrap());
    shown.add(&within(inbox.shutdown(secs(60))).await);
    let url = format!("ftp://{MIA}");
    let sandbox = Sandbox::affiliate().spawn().await.unwrap();
    shown.add(&sandbox.partnero().unwrap().ensure_webhook(url, ["customer.created"]).await.unwrap_err());
}

#[tokio::test]
async fn the_debug_of_every_public_type_shows_nobody_and_no_secret() {
    let _alone = ALONE.lock().await;
    let mut shown = Shown::default();
    of_the_model(&mut shown);
    of_the_client(&mut shown).await;
    of_dashboards(&mut shown).await;
    of_delivery(&mut shown).await;
    of_webhooks(&mut shown).await;
    let is_bad = |text: &str| [MARK, API_KEY, SECRET].iter().any(|it| text.to_lowercase().contains(&it.to_lowercase()));
    let bad: Vec<_> = shown.texts.iter().filter(|text| is_bad(text)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    // A new type has to be shown here, or to be one that holds nothing.
    let types = public_types();
    let nothing: BTreeSet<_> = HOLDS_NOTHING.iter().map(ToString::to_string).collect();
    let known: BTreeSet<_> = shown.types.union(&nothing).cloned().collect();
    let missing: Vec<_> = types.difference(&known).collect();
    assert!(missing.is_empty(), "not shown: {missing:#?}");
    let gone: Vec<_> = nothing.iter().filter(|name| !types.contains(*name) || shown.types.contains(*name)).collect();
    assert!(gone.is_empty(), "neither there nor needed: {gone:?}");
}
