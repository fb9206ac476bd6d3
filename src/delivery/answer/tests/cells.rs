//! Call, status and body: what it means.

use Request::{Delete, Sale, SignUp};

use super::*;

/// The verdict without its texts.
fn short(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Done(end, None) => end.as_str().to_owned(),
        Verdict::Done(end, Some(_)) => format!("{} with data", end.as_str()),
        Verdict::AskOwed(_) => "ask owed".to_owned(),
        Verdict::AskCreated(_) => "ask created".to_owned(),
        Verdict::AskCustomer(_) => "ask customer".to_owned(),
        Verdict::AskTransaction(_) => "ask transaction".to_owned(),
        Verdict::NothingThere(_) => "nothing there".to_owned(),
        Verdict::Uncertain(_) => "uncertain".to_owned(),
        Verdict::Again(_) => "again".to_owned(),
        Verdict::Pause(_) => "pause".to_owned(),
        Verdict::Hold(Hold::NotAllowed(status) | Hold::Redirected(status)) => format!("hold {status}"),
        Verdict::Rejected(_) => "rejected".to_owned(),
    }
}

/// `statuses; body; sign-up, sale, deletion`.
fn check(rows: &[(&[u16], Option<Value>, [&str; 3])]) {
    for (statuses, body, expected) in rows {
        for status in *statuses {
            for (request, expected) in [SignUp, Sale, Delete].into_iter().zip(expected) {
                let verdict = short(&judge(request, answered(*status, body.clone())));
                assert_eq!(verdict, *expected, "{request:?} {status} {body:?}");
            }
        }
    }
}

#[test]
fn what_an_answer_of_partnero_s_means() {
    let data = |data: Value| Some(json!({ "data": data, "status": 1 }));
    let refusal = || Some(refusing());
    let with_errors = || Some(json!({"message": "Invalid.", "errors": {"amount": ["required"]}}));
    check(&[
        // Status, body, and what it means for a sign-up, a sale, a deletion.
        (&[200, 201, 202], data(json!({"key": "7"})), ["recorded with data", "recorded with data", "refunded"]),
        (&[200, 201], Some(json!({"data": {"key": "7"}})), ["recorded with data", "recorded with data", "refunded"]),
        // Unreadable: nothing of what was asked for is in it.
        (&[200, 201], data(json!(null)), ["ask customer", "ask owed", "refunded"]),
        (&[200, 201], data(json!([])), ["ask customer", "ask owed", "refunded"]),
        (&[200, 201], data(json!("ok")), ["ask customer", "ask owed", "refunded"]),
        (&[200, 204], Some(json!({"status": 1})), ["ask customer", "ask owed", "refunded"]),
        (&[200, 201], Some(json!({"message": "Done."})), ["ask customer", "ask owed", "refunded"]),
        // A success that says it failed: as 422.
        (&[200, 201], Some(json!({"status": 0})), ["ask customer", "ask customer", "rejected"]),
        (&[200, 201], Some(json!({"status": false})), ["ask customer", "ask customer", "rejected"]),
        (&[200, 201], Some(json!({"status": "0"})), ["ask customer", "ask customer", "rejected"]),
        (&[200], Some(json!({"status": false, "data": {"key": "7"}})), ["ask customer", "ask customer", "rejected"]),
        (&[409], refusal(), ["existed", "ask transaction", "refunded"]),
        (&[404], refusal(), ["rejected", "ask customer", "nothing there"]),
        (&[422], refusal(), ["ask customer", "ask customer", "rejected"]),
        (&[422], with_errors(), ["ask customer", "ask customer", "rejected"]),
        (&[400], refusal(), ["ask customer", "rejected", "rejected"]),
        (&[402, 405, 406, 410, 413, 415, 418, 451, 499], refusal(), ["ask customer", "rejected", "rejected"]),
        (&[408, 425], refusal(), ["again", "uncertain", "uncertain"]),
        (&[500, 501, 502, 503, 504, 520, 599], refusal(), ["again", "uncertain", "uncertain"]),
        // A failure stays one, whatever the body says.
        (&[500, 503], data(json!({"key": "7"})), ["again", "uncertain", "uncertain"]),
        (&[422], data(json!({"key": "7"})), ["ask customer", "ask customer", "rejected"]),
    ]);
}

#[test]
fn what_someone_else_s_answer_means() {
    let page = || None;
    let strange = || Some(json!({"error": "Bad Gateway"}));
    let list = || Some(json!([{"data": 1}]));
    for body in [page(), strange(), list(), Some(json!("no")), Some(json!({}))] {
        check(&[
            (&[200, 201], body.clone(), ["ask created", "uncertain", "uncertain"]),
            (&[204], body.clone(), ["ask created", "uncertain", "refunded"]),
            (&[400, 402, 404, 405, 409, 410, 422], body.clone(), ["again", "uncertain", "uncertain"]),
            (&[408, 425, 500, 502, 503], body, ["again", "uncertain", "uncertain"]),
        ]);
    }
}

#[test]
fn what_means_the_same_for_all() {
    for body in [None, Some(refusing()), Some(json!({"data": {"key": "7"}, "status": 1}))] {
        check(&[
            (&[401], body.clone(), ["hold 401"; 3]),
            (&[403], body.clone(), ["hold 403"; 3]),
            (&[307], body.clone(), ["hold 307"; 3]),
            (&[429], body, ["pause"; 3]),
        ]);
    }
    for request in [SignUp, Sale, Delete] {
        for status in [300, 301, 302, 303, 304, 307, 308] {
            let verdict = judge(request, answered(status, None));
            assert_eq!(verdict, Verdict::Hold(Hold::Redirected(status)), "{request:?}");
        }
        assert_eq!(judge(request, answered(429, None)), Verdict::Pause(None));
        assert_eq!(judge(request, after(429, 7, Some(refusing()))), Verdict::Pause(Some(Duration::from_secs(7))));
    }
}

#[test]
fn what_no_answer_means() {
    for (request, lost) in [(SignUp, "again"), (Sale, "uncertain"), (Delete, "uncertain")] {
        assert_eq!(short(&judge(request, Attempt::NotSent("no route".into()))), "again");
        assert_eq!(short(&judge(request, Attempt::Uncertain("timed out".into()))), lost);
    }
}

#[test]
fn retry_after_is_handed_on() {
    let expected = Some(Duration::from_secs(90));
    for body in [None, Some(refusing())] {
        let trouble = |request| match judge(request, after(503, 90, body.clone())) {
            Verdict::Again(trouble) | Verdict::Uncertain(trouble) => trouble.retry_after,
            other => panic!("{other:?}"),
        };
        assert_eq!([SignUp, Sale, Delete].map(trouble), [expected; 3]);
    }
}

#[test]
fn a_refusal_names_fields_and_never_values() {
    let body = json!({
        "message": "mia@x.test is taken",
        "errors": {"customer.email": ["mia@x.test is taken"], "amount": ["must be more than 12.34"]},
    });
    let Verdict::AskCustomer(refusal) = judge(Sale, answered(422, Some(body))) else { panic!() };
    assert_eq!(refusal.message, "422 [masked] is taken (fields: amount, customer.email)");
    assert_eq!((refusal.status, refusal.referrer_only), (422, false));
    let Verdict::Rejected(refusal) = judge(Sale, answered(400, Some(json!({"status": 0})))) else { panic!() };
    assert_eq!(refusal.message, "400");
}
