//! Where a request comes from: the peer's address or, when the peer is a proxy that we trust, the nearest address in
//! `X-Forwarded-For` that is not one. What a client writes into the header itself never counts.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::{HeaderMap, HeaderName, request::Parts},
};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address; `0.0.0.0` when the listener did not give the peer's (only in tests without a socket).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientIp(pub IpAddr);

impl ClientIp {
    /// The address behind this request.
    pub(crate) fn of(request: &Request, trusted: &[IpNet]) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Self::from_peer(peer, request.headers(), trusted)
    }

    /// The address behind `peer`, as far as the `trusted` proxies vouch for it.
    pub fn from_peer(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let mut address = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical();
        let entries: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or_default().split(','))
            .collect();
        for entry in entries.into_iter().rev() {
            if !trusted.iter().any(|net| net.contains(&address)) {
                break;
            }
            let Some(next) = parse(entry.trim()) else { break };
            address = next;
        }
        Self(address)
    }

    /// The network that one person is taken to hold: the address itself in IPv4, its /64 in IPv6.
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & (u128::MAX << 64))),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let found = parts.extensions.get::<Self>().copied();
        Ok(found.unwrap_or(Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}

/// An address, with or without a port, IPv6 with or without brackets.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        ClientIp::from_peer(Some(peer.parse().unwrap()), &headers, &trusted).0.to_string()
    }

    #[test]
    fn a_strangers_header_does_not_count() {
        assert_eq!(of("203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
    }

    #[test]
    fn the_nearest_address_that_is_no_proxy_of_ours_counts() {
        assert_eq!(of("10.0.0.1", &["1.2.3.4, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(of("10.0.0.1", &["1.2.3.4, 203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(of("10.0.0.1", &["1.2.3.4", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(of("::ffff:10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(of("::1", &["[2001:db8::1]:443"]), "2001:db8::1");
    }

    #[test]
    fn nonsense_stops_the_search() {
        assert_eq!(of("10.0.0.1", &["1.2.3.4, unknown"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &[""]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
        for odd in [
            "0x7f.1",
            "1.2.3",
            "010.1.1.1",
            "fe80::1%eth0",
            "\"[2001:db8::1]\"",
            "for=1.2.3.4",
            "[::1",
            "1.2.3.4:70000",
        ] {
            assert_eq!(of("10.0.0.1", &[&format!("203.0.113.9, {odd}")]), "10.0.0.1", "{odd}");
        }
    }

    #[test]
    fn however_much_a_client_writes_what_the_proxy_adds_counts() {
        let hundred = vec!["1.2.3.4"; 100].join(", ");
        let of_ours = vec!["10.0.0.7, ::1"; 50].join(",");
        for forged in [hundred.as_str(), &of_ours, "10.0.0.1", "2001:db8:6::6", "garbage", ",,,", ""] {
            assert_eq!(of("10.0.0.1", &[forged, "203.0.113.9"]), "203.0.113.9", "{forged}");
            assert_eq!(
                of("10.0.0.1", &[&format!("{forged}, 203.0.113.9, 10.0.0.2")]),
                "203.0.113.9",
                "{forged}"
            );
            assert_eq!(of("203.0.113.9", &[forged, "10.0.0.1"]), "203.0.113.9", "{forged}");
        }
        assert_eq!(of("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3", "one of ours calls by itself");
    }

    #[test]
    fn one_address_has_one_form() {
        for form in [
            "2001:db8::1",
            "2001:DB8:0:0::1",
            "2001:0db8:0000::0001",
            "[2001:db8::1]",
            "[2001:db8::1]:9",
            " 2001:db8::1 ",
        ] {
            assert_eq!(of("::1", &[form]), "2001:db8::1", "{form}");
        }
        for form in [
            "203.0.113.9",
            "203.0.113.9:80",
            "::ffff:203.0.113.9",
            "::FFFF:cb00:7109",
            "[::ffff:203.0.113.9]:80",
        ] {
            assert_eq!(of("::ffff:10.0.0.1", &[form]), "203.0.113.9", "{form}");
        }
    }

    #[test]
    fn no_other_header_names_the_client() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("forwarded", "for=1.2.3.4;proto=https"),
            ("x-real-ip", "1.2.3.4"),
            ("x-client-ip", "1.2.3.4"),
            ("cf-connecting-ip", "1.2.3.4"),
            ("true-client-ip", "1.2.3.4"),
            ("x-forwarded-for", "203.0.113.9"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let from =
            |peer: &str| ClientIp::from_peer(Some(peer.parse().unwrap()), &headers, &trusted).0.to_string();
        assert_eq!(from("10.0.0.1"), "203.0.113.9");
        assert_eq!(from("198.51.100.7"), "198.51.100.7");
    }

    #[test]
    fn one_person_is_a_64_in_ipv6() {
        let network = |text: &str| ClientIp(text.parse().unwrap()).network().to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("2001:db8:1:2:ffff:ffff:ffff:ffff"), "2001:db8:1:2::");
        assert_ne!(network("2001:db8:1:3::1"), network("2001:db8:1:2::1"));
        assert_eq!(network("203.0.113.9"), "203.0.113.9");
        assert_ne!(network("203.0.113.8"), network("203.0.113.9"));
    }
}
