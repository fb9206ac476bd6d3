//! Whether a customer is there.

use super::*;

fn look(status: u16, json: Value, key: &str) -> &'static str {
    short(&customer(answered(status, Some(json)), key))
}

fn short(presence: &Presence) -> &'static str {
    match presence {
        Presence::There(_) => "there",
        Presence::Differs(_) => "differs",
        Presence::Absent => "absent",
        Presence::Unknown(_) => "no telling",
        Presence::Pause(_) => "pause",
        Presence::Hold(_) => "hold",
    }
}

#[test]
fn a_customer_is_there_under_its_own_key_alone() {
    let rows = [
        (json!({"key": "7"}), "7", "there"),
        (json!({"key": 7}), "7", "there"),
        // A refer-a-friend program shows no key, but our id.
        (json!({"id": "7"}), "7", "there"),
        (json!({"id": 7, "referral_link": "https://x.test?ref=7"}), "7", "there"),
        (json!({"key": null, "id": 7}), "7", "there"),
        // Or an id of its own, be it one that we gave: then it isn't the path's.
        (json!({"id": "cus_1"}), "7", "there"),
        (json!({"id": "cus_1", "email": "m@x.test"}), "7", "there"),
        (json!({"id": 9, "email": null}), "7", "there"),
        (json!({"id": "cus_1", "email": "M@X.test "}), "m@x.test", "absent"),
        (json!({"id": "m@x.test", "email": "m@x.test"}), "m@x.test", "there"),
        (
            json!({"id": "c", "email": "m@x.test", "referral_link": "https://x.test?ref=m%40x.test"}),
            "m@x.test",
            "there",
        ),
        (json!({"id": "c", "email": "m@x.test", "referral_link": "https://x.test?ref=c"}), "m@x.test", "absent"),
        // The path finds customers by other things as well: other people.
        (json!({"key": "8", "email": "7"}), "7", "absent"),
        (json!({"key": "8", "id": 7}), "7", "absent"),
        (json!({"key": "8", "id": "7"}), "7", "absent"),
        (json!({"key": "8", "email": "m@x.test"}), "m@x.test", "absent"),
        (json!({"key": "m@x.test", "email": "m@x.test"}), "m@x.test", "there"),
        (json!({"key": "07"}), "7", "absent"),
        (json!({"key": "Mia"}), "mia", "absent"),
        (json!({"key": null, "id": null}), "null", "absent"),
        (json!({"key": true}), "true", "absent"),
        (json!({}), "7", "absent"),
    ];
    for (data, key, expected) in rows {
        let body = json!({"data": data, "status": 1});
        assert_eq!(look(200, body.clone(), key), expected, "{key}: {body}");
    }
}

#[test]
fn what_says_nothing_of_a_customer() {
    let rows = [
        (404, refusing(), "absent"),
        (200, json!({"status": 0}), "no telling"),
        (200, json!({"status": false, "data": {"key": "7"}}), "no telling"),
        (200, json!({"status": 1}), "no telling"),
        (200, json!({"status": 1, "data": null}), "no telling"),
        (200, json!({"key": "7"}), "no telling"),
        (404, json!({"error": "no such page"}), "no telling"),
        (400, refusing(), "no telling"),
        (409, refusing(), "no telling"),
        (410, refusing(), "no telling"),
        (422, refusing(), "no telling"),
        (408, refusing(), "no telling"),
        (500, refusing(), "no telling"),
        (503, json!({"data": {"key": "7"}}), "no telling"),
        (401, refusing(), "hold"),
        (403, refusing(), "hold"),
        (302, refusing(), "hold"),
        (429, refusing(), "pause"),
    ];
    for (status, body, expected) in rows {
        assert_eq!(look(status, body.clone(), "7"), expected, "{status} {body}");
    }
    for status in [200, 404, 500] {
        assert_eq!(short(&customer(answered(status, None), "7")), "no telling", "{status} with a page");
    }
    for attempt in [Attempt::NotSent("no route".into()), Attempt::Uncertain("timed out".into())] {
        assert_eq!(short(&customer(attempt, "7")), "no telling");
    }
    let Presence::Unknown(trouble) = customer(after(503, 9, None), "7") else { panic!() };
    assert_eq!(trouble.retry_after, Some(Duration::from_secs(9)));
}
