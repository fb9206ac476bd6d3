//! The shop's own books, kept by webhooks as its example does.

use axum_partnero::Decimal;
use serde_json::{Value, json};

use crate::{
    commissions::{self, Commissions},
    support::{App, body, ms, until, webhooks},
};

struct Shop {
    app: App,
    books: Commissions,
    _folder: tempfile::TempDir,
}

impl Shop {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let books = Commissions::open(&folder.path().join("commissions.db")).await.unwrap();
        let webhooks = webhooks().on_transaction_created(commissions::earned).attempts(1).backoff(ms(1), ms(1));
        let webhooks = webhooks.on_transaction_deleted(commissions::taken_back).with_state(books.clone());
        Self { app: App::new(webhooks.build().unwrap()).await, books, _folder: folder }
    }

    /// Tells it of something that happened in the same second as all else. What the partner has earned then.
    async fn told(&self, event: &str, data: &Value) -> Decimal {
        assert_eq!(self.app.send(body(event, data)).await, 200);
        until("it is over", async || self.app.inbox.status().await.unwrap().oldest.is_none()).await;
        self.books.of("par_1").await.unwrap()
    }
}

fn euros(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_commission_that_is_deleted_within_the_second_of_its_sale_is_taken_back() {
    let shop = Shop::open().await;
    let data = json!({"key": "order-1", "partner": "par_1", "rewards": [{"amount": "4.99"}]});
    assert_eq!(shop.told("transaction.created", &data).await, euros("4.99"));
    assert_eq!(shop.told("transaction.deleted", &data).await, euros("0"));
}

#[tokio::test]
async fn a_sale_that_is_adjusted_within_a_second_counts_with_its_new_amount() {
    let shop = Shop::open().await;
    let sale = |amount: &str| json!({"key": "order-1", "partner": "par_1", "rewards": [{"amount": amount}]});
    assert_eq!(shop.told("transaction.created", &sale("4.99")).await, euros("4.99"));
    // An adjustment deletes and posts the same key at once.
    assert_eq!(shop.told("transaction.deleted", &sale("4.99")).await, euros("0"));
    assert_eq!(shop.told("transaction.created", &sale("2.50")).await, euros("2.50"));
}

#[tokio::test]
async fn sales_in_the_guides_form_are_each_one_of_their_own_and_one_without_any_key_is_a_dead_letter() {
    let shop = Shop::open().await;
    let sale = |id: &str| json!({"id": id, "amount": 99.9, "partner": "par_1", "rewards": [{"amount": 1}]});
    assert_eq!(shop.told("transaction.created", &sale("order-1")).await, euros("1"));
    assert_eq!(shop.told("transaction.created", &sale("order-2")).await, euros("2"));
    let unnamed = json!({"amount": 99.9, "partner": "par_1", "rewards": [{"amount": 1}]});
    assert_eq!(shop.told("transaction.created", &unnamed).await, euros("2"));
    assert_eq!((shop.app.inbox.status().await.unwrap().dead, shop.books.entries().await.unwrap()), (1, 2));
}
