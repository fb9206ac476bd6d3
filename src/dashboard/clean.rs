//! What Partnero says of people and links, fit to be shown to others.

use reqwest::Url;

/// The longest link, in bytes: what every browser takes.
const LONGEST_LINK: usize = 2048;
/// The longest name or word, in characters.
const LONGEST_TEXT: usize = 80;

/// Without what isn't seen or turns other text around, without blanks at its ends, cut. `None` if nothing is left.
pub(super) fn text(text: &str) -> Option<String> {
    let shown = |c: &char| !c.is_control() && !is_format(*c);
    // Bounded before it is looked at, for it may be a megabyte.
    let text: String = text.chars().take(4 * LONGEST_TEXT).map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let text: String = text.trim().chars().filter(shown).collect();
    if text.chars().count() <= LONGEST_TEXT {
        return Some(text).filter(|text| !text.trim().is_empty());
    }
    Some(text.chars().take(LONGEST_TEXT).chain(['…']).collect())
}

/// Characters that turn the direction of text, or that have no width.
fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `Mia`, `Koch`: `Mia K.`. A name with an e-mail address in it is masked like one.
pub(super) fn name(name: Option<&str>, surname: Option<&str>) -> Option<String> {
    let clean = |part: Option<&str>| part.and_then(text);
    let (name, surname) = (clean(name).map(|name| masked(&name)), clean(surname));
    let initial = surname.and_then(|surname| surname.chars().find(|c| c.is_alphanumeric()));
    match (name, initial) {
        (Some(name), Some(initial)) => Some(format!("{name} {initial}.")),
        (Some(name), None) => Some(name),
        (None, Some(initial)) => Some(format!("{initial}.")),
        (None, None) => None,
    }
}

/// `mia@example.test`: `m***@e***.test`.
pub(super) fn email(email: &str) -> Option<String> {
    text(email).map(|email| if email.contains('@') { masked(&email) } else { "***".to_owned() })
}

/// Each word with an `@`.
fn masked(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.rsplit_once('@') {
        Some((local, domain)) => {
            let end = domain.rsplit_once('.').map(|(_, end)| format!(".{end}")).unwrap_or_default();
            format!("{}***@{}***{end}", first(local), first(domain))
        }
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn first(text: &str) -> String {
    text.chars().find(|c| c.is_alphanumeric()).map(String::from).unwrap_or_default()
}

/// The day of a time as Partnero writes it.
pub(super) fn day(time: &str) -> Option<String> {
    let day = time.get(..10)?;
    let is_day = day.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let part = |range| day.get(range).and_then(|part: &str| part.parse::<u8>().ok());
    let is_real = part(5..7).is_some_and(|month| (1..=12).contains(&month))
        && part(8..10).is_some_and(|day| (1..=31).contains(&day));
    (is_day && is_real).then(|| day.to_owned())
}

/// A link that may be followed: http or https, to a host, as it is written.
pub(super) fn link(link: &str) -> Option<String> {
    let link = link.trim();
    if link.len() > LONGEST_LINK
        || link.chars().any(|c| c.is_control() || c.is_whitespace() || is_format(c) || c == '\\')
    {
        return None;
    }
    let url = Url::parse(link).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty();
    (is_web && url.password().is_none()).then(|| link.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_to_the_web_are_followed() {
        for good in ["https://shop.example?ref=k77", "http://127.0.0.1:3000/r/a?b=c#d", "HTTPS://shop.example/ä"] {
            assert_eq!(link(good).as_deref(), Some(good));
        }
        assert_eq!(link(" https://x.test/ ").as_deref(), Some("https://x.test/"));
        let long = format!("https://x.test/{}", "a".repeat(LONGEST_LINK));
        for bad in [
            "",
            "/r/a",
            "//x.test",
            "shop.example",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)//https://x.test",
            "data:text/html,<script>",
            "vbscript:x",
            "file:///etc/passwd",
            "mailto:a@x.test",
            "ftp://x.test",
            "https:",
            "https://",
            "java\nscript:alert(1)",
            "https://x.test/\u{202e}",
            "https://x.test/a b",
            "https:\\\\x.test",
            "https://shop.example@evil.test/",
            "https://a:b@evil.test/",
            "\u{1}javascript:alert(1)",
            &long,
        ] {
            assert_eq!(link(bad), None, "{bad}");
        }
    }

    #[test]
    fn e_mail_addresses_are_masked_wherever_they_stand() {
        for (address, shown) in [
            ("mia@example.test", "m***@e***.test"),
            ("mia.koch@mail.co.example", "m***@m***.example"),
            ("a@b", "a***@b***"),
            ("@", "***@***"),
            ("\"x@y\"@z.test", "x***@z***.test"),
            ("mia at example", "***"),
        ] {
            assert_eq!(email(address).as_deref(), Some(shown));
        }
        assert_eq!(email(" "), None);
        assert_eq!(name(Some("mia@example.test"), None).as_deref(), Some("m***@e***.test"));
        assert_eq!(name(Some("Mia (mia@example.test)"), Some("K")).as_deref(), Some("Mia m***@e***.test) K."));
        assert_eq!(name(Some("Mia"), Some("koch@example.test")).as_deref(), Some("Mia k."));
    }

    #[test]
    fn of_a_surname_the_first_letter_is_shown() {
        assert_eq!(name(Some("Mia"), Some("Koch")).as_deref(), Some("Mia K."));
        assert_eq!(name(Some("Mia"), Some(" 'Ōno")).as_deref(), Some("Mia Ō."));
        assert_eq!(name(None, Some("Koch")).as_deref(), Some("K."));
        assert_eq!(name(Some(" \u{200b}\n"), None), None);
        assert_eq!(name(None, None), None);
    }

    #[test]
    fn texts_lose_what_is_not_seen_and_their_length() {
        assert_eq!(text("a\u{0}\u{202e}b\u{200b}\tc\n").as_deref(), Some("ab c"));
        assert_eq!(text("\u{2066}\u{feff} "), None);
        assert_eq!(text(&"é".repeat(1 << 20)).unwrap().chars().count(), LONGEST_TEXT + 1);
        assert_eq!(text("<b>\"&'").as_deref(), Some("<b>\"&'"), "escaping is the template's");
    }

    #[test]
    fn days_are_read_and_nothing_else() {
        assert_eq!(day("2026-03-04T05:06:07.000000Z").as_deref(), Some("2026-03-04"));
        assert_eq!(day("2026-03-04").as_deref(), Some("2026-03-04"));
        for bad in ["", "2026-3-4", "2026-13-01", "2026-00-10", "2026-01-32", "04.03.2026", "yesterday!", "2026-03-0é"]
        {
            assert_eq!(day(bad), None, "{bad}");
        }
    }
}
