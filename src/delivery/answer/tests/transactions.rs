//! Whether a transaction is there: live, under its own key, with its amount.

use super::*;

fn look(data: &Value, amount: Option<&str>) -> String {
    let body = json!({"data": data, "status": 1});
    short(&transaction(answered(200, Some(body)), "o-1", amount.map(|amount| amount.parse().unwrap())))
}

fn short(presence: &Presence) -> String {
    match presence {
        Presence::There(found) => format!("there {}", found["id"]),
        Presence::Differs(found) => format!("differs {}", found["id"]),
        Presence::Absent => "absent".to_owned(),
        Presence::Unknown(trouble) => trouble.reason.clone(),
        Presence::Pause(_) => "pause".to_owned(),
        Presence::Hold(_) => "hold".to_owned(),
    }
}

fn of(id: u8, amount: &Value, deleted_at: Option<&str>) -> Value {
    json!({"id": id, "key": "o-1", "amount": amount, "deleted_at": deleted_at})
}

#[test]
fn by_path() {
    let ten = json!(10);
    let rows = [
        (of(1, &ten, None), Some("10.00"), "there 1"),
        (of(1, &json!(10.0), None), Some("10"), "there 1"),
        (of(1, &json!("10.00"), None), Some("10"), "there 1"),
        (of(1, &json!(49.9), None), Some("49.90"), "there 1"),
        (json!({"id": 1, "key": "o-1", "amount": 10}), Some("10"), "there 1"),
        (json!({"id": 1, "amount": 10}), Some("10"), "there 1"),
        (of(1, &json!(10.01), None), Some("10"), "differs 1"),
        (of(1, &json!("1000"), None), Some("10"), "differs 1"),
        (of(1, &json!("10 USD"), None), Some("10"), "differs 1"),
        (of(1, &json!(null), None), Some("10"), "differs 1"),
        (json!({"id": 1, "key": "o-1"}), Some("10"), "differs 1"),
        // Ours states its reward: there is no amount to compare.
        (of(1, &ten, None), None, "there 1"),
        (json!({"id": 1, "key": "o-1"}), None, "there 1"),
        (of(1, &ten, Some("2026-03-04T05:06:07.000000Z")), Some("10"), "absent"),
        (of(1, &ten, Some("2026-03-04T05:06:07.000000Z")), None, "absent"),
        (json!({"id": 1, "key": "o-2", "amount": 10}), Some("10"), "the answer is of another transaction"),
        (json!({"id": 1, "key": "O-1", "amount": 10}), Some("10"), "the answer is of another transaction"),
        (json!("o-1"), Some("10"), "the answer is of another transaction"),
        // Nothing in it says that it is one, be the list wrapped twice or the answer an odd "nothing".
        (json!({}), Some("10"), "the answer is of another transaction"),
        (json!({}), None, "the answer is of another transaction"),
        (json!({"data": [of(1, &ten, None)]}), Some("10"), "the answer is of another transaction"),
        (json!(null), Some("10"), "the answer has no data"),
    ];
    for (data, amount, expected) in rows {
        assert_eq!(look(&data, amount), expected, "{data} for {amount:?}");
    }
}

#[test]
fn by_list() {
    let (ten, five) = (json!(10), json!(5));
    let other = |id: u8| json!({"id": id, "key": "o-10", "amount": 10});
    let unfiltered = "the list of transactions isn't filtered by key";
    let gone = Some("2026-03-04T05:06:07.000000Z");
    let rows = [
        (json!([]), "absent"),
        (json!([of(1, &ten, None)]), "there 1"),
        (json!([of(1, &five, None)]), "differs 1"),
        (json!([of(1, &ten, gone)]), "absent"),
        (json!([of(1, &ten, gone), of(2, &ten, None)]), "there 2"),
        (json!([of(1, &ten, gone), of(2, &five, None)]), "differs 2"),
        // Of several live ones, the one with our amount.
        (json!([of(1, &five, None), of(2, &ten, None)]), "there 2"),
        (json!([of(1, &ten, None), of(2, &five, None)]), "there 1"),
        // The filter matched more than the key: the exact one counts.
        (json!([other(1), of(2, &ten, None)]), "there 2"),
        (json!([other(1)]), unfiltered),
        (json!([other(1), other(2)]), unfiltered),
        (json!([{"id": 1, "amount": 10}]), unfiltered),
        (json!(["o-1"]), unfiltered),
        (json!([null]), unfiltered),
    ];
    for (data, expected) in rows {
        assert_eq!(look(&data, Some("10")), expected, "{data}");
    }
    let numbers = json!({"data": [{"id": 1, "key": 42, "amount": 10}]});
    assert_eq!(short(&transaction(answered(200, Some(numbers)), "42", None)), "there 1");
}

#[test]
fn what_says_nothing_of_a_transaction() {
    let look = |status, json| short(&transaction(answered(status, json), "o-1", None));
    let there = || Some(json!({"data": of(1, &json!(10), None), "status": 1}));
    assert_eq!(look(200, there()), "there 1");
    assert_eq!(look(404, Some(refusing())), "absent");
    assert_eq!((look(401, there()), look(403, None), look(301, None)), ("hold".into(), "hold".into(), "hold".into()));
    assert_eq!(look(429, there()), "pause");
    for (status, body) in [
        (404, None),
        (404, Some(json!({"error": "no such page"}))),
        (200, None),
        (200, Some(json!({"status": 1}))),
        (200, Some(json!({"status": 0, "data": []}))),
        (200, Some(json!({"status": false}))),
        (400, Some(refusing())),
        (422, Some(refusing())),
        (408, there()),
        (425, there()),
        (500, there()),
        (503, None),
    ] {
        let presence = transaction(answered(status, body.clone()), "o-1", None);
        assert!(matches!(presence, Presence::Unknown(_)), "{status} {body:?}: {presence:?}");
    }
    for attempt in [Attempt::NotSent("no route".into()), Attempt::Uncertain("timed out".into())] {
        assert!(matches!(transaction(attempt, "o-1", None), Presence::Unknown(_)));
    }
}
