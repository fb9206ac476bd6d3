//! Who may have the page, and press its buttons: a browser on this machine, on behalf of the page itself.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, Method, header, request::Parts, uri::Authority};

/// `Err` says why not.
///
/// Another site may have its name lead here (DNS rebinding), so only names that are always this machine's will do. It
/// may send requests, though it can't read what comes back: so nothing is done for it. A page on another port of this
/// machine is another site, too.
pub(super) fn check(parts: &Parts, peer: SocketAddr) -> Result<(), &'static str> {
    if !peer.ip().to_canonical().is_loopback() {
        return Err("This page is for the machine that the sandbox runs on.");
    }
    let host = host(parts).filter(is_loopback);
    let host = host.ok_or("Ask for this page at 127.0.0.1, [::1] or localhost, and no other name.")?;
    if may_be_told(parts, &host) { Ok(()) } else { Err("Only the sandbox's own page may ask for this.") }
}

/// The one host that is asked for.
fn host(parts: &Parts) -> Option<Authority> {
    let named = Authority::try_from(only(&parts.headers, header::HOST)?).ok()?;
    match parts.uri.authority() {
        Some(other) if *other != named => None,
        _ => Some(named),
    }
}

/// The value of a header that isn't there more than once.
fn only(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

fn is_loopback(host: &Authority) -> bool {
    let name = host.host();
    let v6 = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match v6 {
        Some(inside) => inside.parse::<Ipv6Addr>().ok().map(IpAddr::from),
        None => name.parse().ok(),
    };
    // Whoever has a name before an `@` has made a riddle, not a host.
    !host.as_str().contains('@')
        && address.map_or(name.eq_ignore_ascii_case("localhost"), |address: IpAddr| address.is_loopback())
}

/// Is it the page that asks, or somebody who types or follows its address? What changes something must say where it
/// comes from, as every browser does.
fn may_be_told(parts: &Parts, host: &Authority) -> bool {
    let headers = &parts.headers;
    let looks = matches!(parts.method, Method::GET | Method::HEAD);
    let navigates = parts.uri.path() == "/" && headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
    let from_here = match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin" || site == "none" || (looks && navigates),
        None => true,
    };
    let origin = match only(headers, header::ORIGIN) {
        Some(origin) => origin.strip_prefix("http://").is_some_and(|from| from.eq_ignore_ascii_case(host.as_str())),
        None => looks && !headers.contains_key(header::ORIGIN),
    };
    from_here && origin
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn only_this_machine_may_have_it_whatever_address_the_socket_is_bound_to() {
        let request = Request::get("/").header("host", "127.0.0.1:4010").body(()).map(Request::into_parts);
        let parts = request.map(|(parts, ())| parts).ok();
        for (peer, may) in [
            ("127.0.0.1:1", true),
            ("127.8.9.10:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("192.168.0.7:1", false),
            ("10.0.0.1:1", false),
            ("[::ffff:10.0.0.1]:1", false),
            ("[fe80::1]:1", false),
            ("0.0.0.0:1", false),
        ] {
            let came = parts.as_ref().zip(peer.parse().ok()).map(|(parts, peer)| check(parts, peer).is_ok());
            assert_eq!(came, Some(may), "{peer}");
        }
    }
}
