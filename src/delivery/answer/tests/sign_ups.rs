//! Refused sign-ups, and refused sales of customers who aren't there.

use ProgramType::{Affiliate, ReferAFriend};

use super::*;

#[test]
fn a_refused_sign_up_is_ignored_sent_without_its_referrer_or_rejected() {
    use RefusedSignUp::{Ignored, Rejected, WithoutReferrer};
    let partner = json!({"partner": ["unknown"]});
    let rows = [
        // Status, what is wrong, program, named a referrer: what to make of it.
        (422, json!(null), Affiliate, false, Ignored(false)),
        (422, partner.clone(), Affiliate, false, Ignored(false)),
        (422, json!({"email": ["taken"]}), Affiliate, false, Ignored(false)),
        (400, json!(null), Affiliate, false, Ignored(false)),
        (200, json!(null), Affiliate, false, Ignored(false)),
        (400, json!(null), Affiliate, true, Ignored(true)),
        (400, json!({"email": ["taken"]}), Affiliate, true, Ignored(true)),
        (422, partner.clone(), Affiliate, true, Ignored(true)),
        (422, json!({"partner.key": ["unknown"]}), Affiliate, true, Ignored(true)),
        (422, json!({"partner.key": ["unknown"], "partner": ["required"]}), Affiliate, true, Ignored(true)),
        (200, json!({"partner.key": ["unknown"]}), Affiliate, true, Ignored(true)),
        // Something else is wrong as well, or no one knows what.
        (422, json!({"partner.key": ["unknown"], "email": ["taken"]}), Affiliate, true, Rejected),
        (422, json!({"email": ["taken"]}), Affiliate, true, Rejected),
        (422, json!(null), Affiliate, true, Rejected),
        (422, json!({}), Affiliate, true, Rejected),
        (422, json!(["unknown partner"]), Affiliate, true, Rejected),
        (405, json!(null), Affiliate, true, Rejected),
        (200, json!(null), Affiliate, true, Rejected),
        (422, partner.clone(), ReferAFriend, true, WithoutReferrer),
        (422, json!({"email": ["taken"]}), ReferAFriend, true, WithoutReferrer),
        (400, json!(null), ReferAFriend, true, WithoutReferrer),
        (422, json!({"email": ["taken"]}), ReferAFriend, false, Rejected),
        (400, json!(null), ReferAFriend, false, Rejected),
    ];
    for (status, errors, program, referred, expected) in rows {
        let verdict = refused_sign_up(&refused(status, &errors), program, referred);
        assert_eq!(verdict, expected, "{status} {errors} {program:?} referred: {referred}");
    }
}

#[test]
fn a_refused_sale_of_nobody_is_ignored_unless_it_names_a_referrer_who_is_good() {
    let rows = [
        (json!(null), false, true),
        (json!({"customer.key": ["unknown"]}), false, true),
        (json!({"amount": ["required"]}), true, false),
        (json!(null), true, false),
        (json!({"customer.partner.key": ["unknown"]}), true, true),
        (json!({"partner.key": ["unknown"]}), true, true),
        (json!({"customer.partner.key": ["unknown"], "amount": ["required"]}), true, false),
    ];
    for (errors, referred, nobody) in rows {
        assert_eq!(sale_of_nobody(&refused(422, &errors), referred), nobody, "{errors} referred: {referred}");
    }
}
