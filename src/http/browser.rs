//! What is known of a browser before anybody signs in with it: its address, what it runs on, the session it had.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::{HeaderMap, header, request::Parts};

use crate::app::AppState;
use crate::http::signed;
use crate::workflow::session::Origin;

/// Where a request comes from. Never fails.
#[derive(Clone, Debug)]
pub struct Browser(pub Origin);

impl FromRequestParts<AppState> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self(Origin {
            address: peer.map(|peer| address(peer, &parts.headers, &app.config.trusted_proxies)),
            device: device(agent.unwrap_or("")),
            before: signed::token(&parts.headers, app).map(|token| token.hash()),
        }))
    }
}

/// The address of the browser: the peer's own, or, when that is a proxy of ours, the last address in
/// `X-Forwarded-For` that is not one. What comes before that one anybody may have written.
fn address(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> IpAddr {
    let ours = |address: &IpAddr| proxies.contains(&address.to_canonical());
    if !ours(&peer) {
        return peer;
    }
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    let mut told =
        lines.iter().flat_map(|line| line.split(',')).map(|one| one.trim().parse::<IpAddr>()).rev();
    told.find(|one| one.as_ref().map_or(true, |address| !ours(address))).and_then(Result::ok).unwrap_or(peer)
}

/// What a browser says it is, in plain words, for the list of one's own sessions: never its whole description, which
/// would tell devices apart.
fn device(agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    // the order matters: nearly every browser also claims to be Safari, and most to be Chrome
    let program = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "an iPhone"),
        ("iPad", "an iPad"),
        ("Android", "Android"),
        ("CrOS", "a Chromebook"),
        ("Windows", "Windows"),
        ("Mac OS X", "a Mac"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(program), None) => program.to_owned(),
        (None, Some(system)) => format!("A browser on {system}"),
        (None, None) => "An unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::straight("192.0.2.7", &[], "192.0.2.7")]
    #[case::a_stranger_says_so("192.0.2.7", &["203.0.113.1"], "192.0.2.7")]
    #[case::our_proxy_says_so("10.0.0.2", &["203.0.113.1"], "203.0.113.1")]
    #[case::what_the_browser_added_is_not_believed("10.0.0.2", &["1.2.3.4, 203.0.113.1"], "203.0.113.1")]
    #[case::two_proxies("10.0.0.2", &["1.2.3.4, 203.0.113.1, 10.0.0.3"], "203.0.113.1")]
    #[case::in_two_headers("10.0.0.2", &["1.2.3.4", "203.0.113.1"], "203.0.113.1")]
    #[case::no_address("10.0.0.2", &["203.0.113.1, unknown"], "10.0.0.2")]
    #[case::nothing_said("10.0.0.2", &[], "10.0.0.2")]
    #[case::only_proxies("10.0.0.2", &["10.0.0.3"], "10.0.0.2")]
    #[case::mapped("::ffff:10.0.0.2", &["203.0.113.1"], "203.0.113.1")]
    fn only_our_own_proxy_is_believed(#[case] peer: &str, #[case] said: &[&str], #[case] wanted: &str) {
        let proxies = ["10.0.0.2".parse().unwrap(), "10.0.0.3".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for line in said {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        assert_eq!(address(peer.parse().unwrap(), &headers, &proxies).to_string(), wanted);
    }

    #[test]
    fn a_device_is_named_in_plain_words() {
        for (agent, wanted) in [
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on an iPhone",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0",
                "Edge on Windows",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"),
            ("curl/8.5.0", "An unknown browser"),
            ("", "An unknown browser"),
        ] {
            assert_eq!(device(agent), wanted);
        }
    }
}
