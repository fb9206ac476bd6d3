use std::time::{Duration, Instant};

use cookie::Cookie;
use proptest::prelude::*;

use super::*;

/// The affiliate and the refer-a-friend key.
type Found = (Option<String>, Option<String>);

fn all(lines: &[&[u8]]) -> Found {
    let keys = scan(lines.iter().copied());
    let of = |program| keys.get(program).map(|key| key.as_str().to_owned());
    if let Some(key) = keys.first() {
        assert!(key.program_type().is_some(), "a cookie's kind is known");
    }
    (of(ProgramType::Affiliate), of(ProgramType::ReferAFriend))
}

fn partner(line: impl AsRef<[u8]>) -> Option<String> {
    all(&[line.as_ref()]).0
}

/// As one would write it without a thought for speed.
fn naive(lines: &[Vec<u8>]) -> Found {
    let (mut affiliate, mut friend) = (None, None);
    let mut read = 0;
    for line in lines {
        let mut line = line.clone();
        let was = line.len();
        line.truncate(16_384 - read);
        read += line.len();
        let mut cookies: Vec<&[u8]> = line.split(|byte| *byte == b';').collect();
        if line.len() < was {
            cookies.pop();
        }
        for cookie in cookies {
            let blank = |byte: &u8| *byte == 32 || *byte == 9;
            let Some(equals) = cookie.iter().position(|byte| *byte == b'=') else { continue };
            let name: Vec<u8> = cookie[..equals].iter().copied().skip_while(blank).collect();
            let mut value: Vec<u8> = cookie[equals + 1..].iter().copied().skip_while(blank).collect();
            while value.last().is_some_and(blank) {
                value.pop();
            }
            if value.len() > 1 && value[0] == b'"' && value[value.len() - 1] == b'"' {
                value = value[1..value.len() - 1].to_vec();
            }
            let place = match name.as_slice() {
                b"partnero_partner" => &mut affiliate,
                b"partnero_referral" => &mut friend,
                _ => continue,
            };
            let Ok(text) = String::from_utf8(naive_decode(&value)) else { continue };
            let valid = (1..=255).contains(&text.chars().count()) && !text.chars().any(char::is_control);
            let valid = valid && text.chars().any(|c| c != ' ');
            if place.is_none() && valid {
                *place = Some(text);
            }
        }
    }
    (affiliate, friend)
}

fn naive_decode(value: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < value.len() {
        let digits = value.get(at + 1..at + 3).filter(|two| two.iter().all(u8::is_ascii_hexdigit));
        match digits {
            Some(two) if value[at] == b'%' => {
                decoded.push(u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap());
                at += 3;
            }
            _ => {
                decoded.push(value[at]);
                at += 1;
            }
        }
    }
    decoded
}

fn line_of_fragments() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        4 => Just(b"partnero_partner=".to_vec()),
        2 => Just(b"partnero_referral=".to_vec()),
        1 => Just(b"partnero_".to_vec()),
        1 => Just(b"partner".to_vec()),
        1 => Just(b"Partnero_partner".to_vec()),
        5 => Just(b"; ".to_vec()),
        2 => Just(b";".to_vec()),
        1 => Just(b"=".to_vec()),
        1 => prop_oneof![Just(b" ".to_vec()), Just(b"\t".to_vec()), Just(b"\r\n".to_vec()), Just(b"\0".to_vec())],
        2 => Just(b"\"".to_vec()),
        2 => "%[0-9a-fA-Fz]{0,2}".prop_map(String::into_bytes),
        2 => Just(b"%C3%BC".to_vec()),
        3 => "[a-z0-9]{1,8}".prop_map(String::into_bytes),
        1 => "\\PC{1,3}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..3),
        1 => (250_usize..260).prop_map(|length| "ü".repeat(length).into_bytes()),
        1 => (3_000_usize..9_000).prop_map(|length| vec![b'x'; length]),
    ];
    prop::collection::vec(fragment, 0..24).prop_map(|fragments| fragments.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn any_lines_read_as_by_naive_splitting(lines in prop::collection::vec(line_of_fragments(), 0..5)) {
        let borrowed: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(all(&borrowed), naive(&lines));
    }

    #[test]
    fn any_bytes_read_as_by_naive_splitting(line in prop::collection::vec(any::<u8>(), 0..64), key in "[ -~]{0,12}") {
        let line = [line.as_slice(), b"; partnero_partner=", key.as_bytes()].concat();
        prop_assert_eq!(all(&[&line]), naive(std::slice::from_ref(&line)));
    }

    /// Where both must agree: no quotes, which that crate keeps, and one valid value.
    #[test]
    fn ordinary_cookies_read_as_by_the_cookie_crate(
        others in prop::collection::vec(("[a-z_]{1,12}", "[!#-+./-:<-~-]{0,20}"), 0..8),
        key in "[a-zA-Z0-9@+ ü/%;\"]{1,20}",
        place in any::<prop::sample::Index>(),
    ) {
        prop_assume!(key.chars().any(|c| c != ' '), "blanks alone are no key");
        prop_assume!(others.iter().all(|(name, _)| name != "partnero_partner" && name != "partnero_referral"));
        let mut cookies: Vec<String> = others.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let ours = Cookie::new("partnero_partner", key.clone()).encoded().to_string();
        cookies.insert(place.index(cookies.len() + 1), ours);
        let line = cookies.join("; ");
        let theirs = Cookie::split_parse_encoded(line.as_str())
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == "partnero_partner")
            .map(|cookie| cookie.value().to_owned());
        prop_assert_eq!(theirs.as_deref(), Some(key.as_str()));
        prop_assert_eq!(partner(&line), theirs);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_cookie_of_any_name_reads_as_ours(lines in prop::collection::vec(line_of_fragments(), 0..5)) {
        let borrowed: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let first = |name: &str| {
            let name = Finder::new(name);
            named(borrowed.iter().copied(), &name).flatten().next().map(|key| key.to_string())
        };
        prop_assert_eq!((first("partnero_partner"), first("partnero_referral")), naive(&lines));
    }
}

#[test]
fn the_names_are_those_of_the_programs() {
    for program in [ProgramType::Affiliate, ProgramType::ReferAFriend] {
        let line = format!("{}=anna", program.cookie_name());
        let keys = scan([line.as_bytes()]);
        assert_eq!(keys.first().map(|key| (key.as_str(), key.program_type())), Some(("anna", Some(program))));
    }
}

#[test]
fn a_key_is_found_at_every_place_of_a_line() {
    for line in [
        "partnero_partner=anna",
        "a=b; partnero_partner=anna",
        "partnero_partner=anna; a=b",
        "a=b;partnero_partner=anna;c=d",
        "a=b; \t partnero_partner=anna \t ; c=d",
        " partnero_partner= anna",
        ";;; ;partnero_partner=\"anna\";;",
        "a; =b; partnero_partner=%61nna",
        "partnero_session_uuid=5d6e; partnero_partner=anna",
        "partnero_partner_id=x; partnero_partner=anna",
    ] {
        assert_eq!(partner(line).as_deref(), Some("anna"), "{line}");
    }
}

#[test]
fn only_the_exact_name_counts() {
    for line in [
        "",
        "partnero_partner",
        "partnero_partner; =anna",
        "partnero_partner =anna",
        "partnero_partners=anna",
        "xpartnero_partner=anna",
        "x partnero_partner=anna",
        "x=partnero_partner=anna",
        "x=\"partnero_partner=anna\"",
        "\"partnero_partner\"=anna",
        "x=1, partnero_partner=anna",
        "Partnero_Partner=anna",
        "partnero%5Fpartner=anna",
        "partnero_session_uuid=5d6e",
        "__Host-partnero_partner=anna",
        "x=\0partnero_partner=anna",
        "x=1\npartnero_partner=anna",
    ] {
        assert_eq!(all(&[line.as_bytes()]), (None, None), "{line}");
    }
}

#[test]
fn an_invalid_value_is_skipped_and_hides_nothing() {
    let long = "x".repeat(256);
    for bad in [
        "", " ", "\"\"", "%00", "%0A", "%FF", "%C3", "%C2%85", "a\0b", "a\nb", "%7F", "\"%00\"", "%20", "%20%20",
        "\" \"", &long,
    ] {
        assert_eq!(partner(format!("partnero_partner={bad}")), None, "{bad:?}");
        let line = format!("partnero_partner={bad}; partnero_partner=anna; partnero_partner=bert");
        assert_eq!(partner(line).as_deref(), Some("anna"), "{bad:?}");
    }
    assert_eq!(partner(b"partnero_partner=a\xffb"), None);
    assert_eq!(partner(b"partnero_partner=\xff; partnero_partner=b\xc3\xbc").as_deref(), Some("bü"));
}

#[test]
fn values_are_unquoted_then_decoded_once() {
    for (value, key) in [
        ("%2541", "%41"),
        ("%zz", "%zz"),
        ("50%", "50%"),
        ("%4", "%4"),
        ("a%20b+c", "a b+c"),
        ("%C3%BC", "ü"),
        ("\"a b\"", "a b"),
        ("\"\"a\"\"", "\"a\""),
        ("%22a%22", "\"a\""),
        ("\"a", "\"a"),
        ("\"", "\""),
        ("a=b", "a=b"),
        ("partnero_partner=x", "partnero_partner=x"),
        ("%3B", ";"),
    ] {
        assert_eq!(partner(format!("partnero_partner={value}")).as_deref(), Some(key), "{value}");
    }
}

#[test]
fn a_key_has_255_characters_at_most() {
    for letter in ["x", "ü", "€", "🦀"] {
        let (most, more) = (letter.repeat(255), letter.repeat(256));
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        assert_eq!(partner(format!("partnero_partner={most}")), Some(most.clone()));
        assert_eq!(partner(format!("partnero_partner={}", encode(&most))), Some(most));
        assert_eq!(partner(format!("partnero_partner={more}")), None);
        assert_eq!(partner(format!("partnero_partner={}", encode(&more))), None);
    }
}

#[test]
fn several_lines_are_read_in_order_and_both_kinds_are_kept() {
    let lines: [&[u8]; 4] = [b"a=b", b"partnero_referral=mia; partnero_partner=%00", b"", b"partnero_partner=anna"];
    assert_eq!(all(&lines), (Some("anna".into()), Some("mia".into())));
    let split: [&[u8]; 2] = [b"partnero_", b"partner=anna"];
    assert_eq!(all(&split), (None, None), "a cookie never spans two lines");
    let first: [&[u8]; 2] = [b"partnero_partner=anna", b"partnero_partner=bert"];
    assert_eq!(all(&first).0.as_deref(), Some("anna"));
}

#[test]
fn a_key_that_the_limit_cuts_is_no_key() {
    let cookie = "partnero_partner=anna";
    for before in (MAX_BYTES - 2 * cookie.len())..(MAX_BYTES + 2) {
        let filler = format!("{};", "x".repeat(before - 1));
        for (after, whole) in [("", before + cookie.len()), ("; a=b", before + cookie.len() + 1)] {
            let expected = (whole <= MAX_BYTES).then(|| "anna".to_owned());
            // In one line, and over two.
            assert_eq!(partner(format!("{filler}{cookie}{after}")), expected, "{before}{after}");
            let second = format!("{cookie}{after}");
            assert_eq!(all(&[filler.as_bytes(), second.as_bytes()]).0, expected, "{before}{after}");
        }
    }
}

#[test]
fn a_thousand_cookies_are_read_up_to_the_limit() {
    let many = (0..1_000).map(|n| format!("c{n:03}={n:05}; ")).collect::<Vec<_>>().concat();
    assert!(many.len() < MAX_BYTES);
    assert_eq!(partner(format!("{many}partnero_partner=anna")).as_deref(), Some("anna"));
    let huge = "x=y; ".repeat(13_000);
    assert_eq!(partner(format!("partnero_partner=anna; {huge}")).as_deref(), Some("anna"));
    assert_eq!(partner(format!("{huge}partnero_partner=anna")), None);
}

/// Under a tenth of a millisecond each in a release build; the limit leaves room for a busy machine.
#[test]
fn hostile_lines_take_no_time() {
    let lines = [
        "partnero_",
        "partnero_partner",
        "partnero_partner=",
        "partnero_partner=;",
        "partnero_partner=%00;",
        "; partnero_partner=%",
        ";",
        " ",
        "; ",
        "\"",
        "%41",
        " partnero_",
        "partnero",
        "pppppppp_",
    ]
    .map(|pattern| pattern.repeat(MAX_BYTES / pattern.len()));
    let blanks = format!("x{}partnero_partner=", " ".repeat(MAX_BYTES - 100));
    let start = Instant::now();
    for line in lines.iter().chain([&blanks]) {
        for _ in 0..20 {
            assert_eq!(scan([line.as_bytes()]).get(ProgramType::ReferAFriend), None);
        }
    }
    let each = start.elapsed() / 20 / 15;
    assert!(each < Duration::from_millis(20), "{each:?} for 16 KiB");
}

#[test]
fn headers_of_real_sites_are_read() {
    let others = "_ga=GA1.1.1687421337.1751970012; _ga_9XK2C7QW4L=GS2.1.s1752134477$o14$g1$t1752136003$j60$l0$h1139540233; \
        _gcl_au=1.1.1302250846.1751970013; _fbp=fb.1.1751970013412.518263407190312854; \
        hubspotutk=5d2f9b1c7c4be04a1f0a53a6c2f7b9e1; __hssrc=1; \
        __hstc=181257784.5d2f9b1c7c4be04a1f0a53a6c2f7b9e1.1751970015220.1752090214551.1752134480102.9; \
        intercom-id-x8k2p1zq=0b6b6b0e-53c7-4f0e-9d1b-6c9f2f3b8a11; intercom-session-x8k2p1zq=WnZxT0lLdW5TZ0JtYkR5a1Fq; \
        mp_5c1d_mixpanel=%7B%22distinct_id%22%3A%20%22197e%22%2C%22%24initial_referrer%22%3A%20%22partnero_partner%3D1%22%7D; \
        OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jul+10+2025&groups=C0001%3A1%2CC0002%3A1; \
        csrf_token=q3R0bD9cW8yJvYwKXo5n2L7uA1eZf4Tg; session=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NzExIn0.k2v3m4n5; \
        partnero_session_uuid=4f0c1c50-5d6e-4a53-b1de-1d92b0c5a7f3";
    assert_eq!(partner(others), None);
    assert_eq!(partner(format!("{others}; partnero_partner=john-doe")).as_deref(), Some("john-doe"));
    assert_eq!(partner(format!("partnero_partner=john-doe; {others}")).as_deref(), Some("john-doe"));
    let both = format!("partnero_referral=mia%40shop.example; {others}; partnero_partner=john-doe");
    assert_eq!(all(&[both.as_bytes()]), (Some("john-doe".into()), Some("mia@shop.example".into())));
}
