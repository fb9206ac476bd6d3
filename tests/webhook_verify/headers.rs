//! Every form in which a signature may come, and those in which it doesn't count.

use axum_partnero::webhook::VerifyError::{self, Malformed, Missing, Wrong};

use crate::signed::{OTHER, SECRET, headers, hex, secret};

const BODY: &[u8] = b"{}";
const CURRENT: &str = "Signature";
const OLD: &str = "x-partnero-signature";

type Lines = Vec<(&'static str, Vec<u8>)>;

fn check(name: &str, lines: Lines, expected: Result<(), VerifyError>) {
    let headers = headers(lines);
    assert_eq!(secret().verify(&headers, BODY).map(|_| ()), expected, "{name}: {headers:?}");
}

fn line(value: impl Into<Vec<u8>>) -> Lines {
    vec![(CURRENT, value.into())]
}

#[test]
fn forms_that_count() {
    let right = hex(SECRET, BODY);
    let wrong = hex(OTHER, BODY);
    check("lower case", line(right.clone()), Ok(()));
    check("upper case", line(right.to_uppercase()), Ok(()));
    check("both", line(format!("{}{}", &right[..32], right[32..].to_uppercase())), Ok(()));
    check("blanks around", line(format!(" \t{right}\t ")), Ok(()));
    check("behind a wrong one", line(format!("{wrong},{right}")), Ok(()));
    check("before a wrong one", line(format!("{right} , {wrong}")), Ok(()));
    check("between commas", line(format!(",,{right},,")), Ok(()));
    check("twice", line(format!("{right},{right}")), Ok(()));
    check("in a line of its own", vec![(CURRENT, wrong.clone().into()), (CURRENT, right.clone().into())], Ok(()));
    let of_a_proxy = b"sig1=:dGVzdA==:".to_vec();
    check("beside RFC 9421's", vec![(CURRENT, of_a_proxy), (CURRENT, right.clone().into())], Ok(()));
    check("beside bytes", vec![(CURRENT, vec![0xff, 0x80]), (CURRENT, right.clone().into())], Ok(()));
    check("as the fourth", line([&wrong, &wrong, &wrong, &right].map(String::as_str).join(",")), Ok(()));
    let behind_many = format!("{}{right}", "sha256=00,".repeat(1000));
    check("behind many of other forms", line(behind_many), Ok(()));
}

#[test]
fn forms_that_do_not_count() {
    let right = hex(SECRET, BODY);
    let wrong = hex(OTHER, BODY);
    check("none", vec![], Err(Missing));
    check("another header", vec![("X-Signature", right.clone().into())], Err(Missing));
    check("the old one, unasked", vec![(OLD, right.clone().into())], Err(Missing));
    check("empty", line(""), Err(Malformed));
    check("blank", line("  "), Err(Malformed));
    check("commas", line(",,,"), Err(Malformed));
    check("a prefix", line(format!("sha256={right}")), Err(Malformed));
    check("quotes", line(format!("\"{right}\"")), Err(Malformed));
    check("0x", line(format!("0x{right}")), Err(Malformed));
    check("one digit less", line(&right[1..]), Err(Malformed));
    check("one digit more", line(format!("{right}0")), Err(Malformed));
    check("twice without a comma", line(format!("{right}{right}")), Err(Malformed));
    check("a blank within", line(format!("{} {}", &right[..32], &right[32..])), Err(Malformed));
    check("a comma within", line(format!("{},{}", &right[..32], &right[32..])), Err(Malformed));
    check("semicolons", line(format!("{wrong};{right}")), Err(Malformed));
    check("base64", line("3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8="), Err(Malformed));
    check("no hexadecimal digit", line("g".repeat(64)), Err(Malformed));
    check("digits of Unicode", line("٣".repeat(32)), Err(Malformed));
    check("bytes", line(vec![0xff; 64]), Err(Malformed));
    check("long", line("0".repeat(100_000)), Err(Malformed));
    check("zeros", line("0".repeat(64)), Err(Wrong));
    check("another secret's", line(wrong.clone()), Err(Wrong));
    check("another body's", line(hex(SECRET, b"{ }")), Err(Wrong));
    check("an empty secret's", line(hex("", BODY)), Err(Wrong));
    let as_the_fifth = [&wrong, &wrong, &wrong, &wrong, &right].map(String::as_str).join(",");
    check("as the fifth", line(as_the_fifth), Err(Wrong));
}

#[test]
fn the_old_header_counts_where_it_was_asked_for_and_over_the_raw_bytes_alone() {
    let either = secret().accept_old_header();
    let (right, wrong) = (hex(SECRET, BODY), hex(OTHER, BODY));
    for lines in [
        vec![(OLD, right.as_str())],
        vec![(CURRENT, right.as_str())],
        vec![(CURRENT, wrong.as_str()), (OLD, right.as_str())],
        vec![(CURRENT, "sig1=:dGVzdA==:"), (OLD, right.as_str())],
        vec![(CURRENT, right.as_str()), (OLD, "")],
    ] {
        assert!(either.verify(&headers(lines.clone()), BODY).is_ok(), "{lines:?}");
    }
    let none: [(&str, &str); 0] = [];
    assert_eq!(either.verify(&headers(none), BODY), Err(Missing));
    assert_eq!(either.verify(&headers([(OLD, "")]), BODY), Err(Malformed));
    assert_eq!(either.verify(&headers([(OLD, &wrong)]), BODY), Err(Wrong));
    // The old recipe: over the JSON as it would be written anew.
    assert_eq!(either.verify(&headers([(OLD, hex(SECRET, b"{}"))]), &b"{ }"[..]), Err(Wrong));
}

/// Many candidates cost one look at the body for each secret, and no more.
#[test]
fn many_wrong_signatures_leave_room_for_no_guess() {
    let wrong = vec![hex(OTHER, BODY); 10_000].join(",");
    check("ten thousand", line(wrong), Err(Wrong));
}
