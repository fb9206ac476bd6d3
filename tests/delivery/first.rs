use std::time::Duration;

use axum_partnero::{NewCustomer, NewTransaction, ReferralKey, delivery::Outcome, sandbox::Sandbox};
use rust_decimal::Decimal;

#[tokio::test]
async fn a_referred_customer_s_sale_earns_a_commission_and_a_refund_takes_it_back() {
    let sandbox = Sandbox::affiliate().partner("anna").spawn().await.unwrap();
    let partnero = sandbox.partnero().unwrap();
    let key = ReferralKey::new("anna").unwrap();
    let sign_up = partnero.track_sign_up(NewCustomer::new(7).email("m@x.test").referred_by(key));
    assert!(matches!(sign_up.delivered().await.unwrap(), Outcome::Recorded(_)));
    let sale = partnero.track_sale(NewTransaction::new("o1", Decimal::new(4990, 2)).customer(7));
    let Outcome::Recorded(sale) = sale.delivered().await.unwrap() else { panic!() };
    assert_eq!(sale.rewards.len(), 1);
    assert_eq!(sandbox.ledger().owed_to("anna"), Decimal::new(14970, 3));
    let adjusted = partnero.track_adjustment(NewTransaction::new("o1", Decimal::new(990, 2)).customer(7));
    assert_eq!(adjusted.delivered().await.unwrap(), Outcome::Adjusted);
    assert_eq!(sandbox.ledger().owed_to("anna"), Decimal::new(2970, 3));
    partnero.track_refund("o1");
    let again = partnero.track_sale(NewTransaction::new("o1", Decimal::new(4990, 2)).customer(7));
    assert_eq!(again.delivered().await.unwrap(), Outcome::Refunded);
    assert_eq!(sandbox.ledger().owed_to("anna"), Decimal::ZERO);
    let report = partnero.shutdown(Duration::from_secs(5)).await;
    assert_eq!((report.delivered, report.lost), (5, 0));
    assert_eq!(partnero.shutdown(Duration::from_secs(5)).await, report);
}
