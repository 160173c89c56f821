//! Free ports on loopback. They come from below the range that the system hands out for outgoing
//! connections, so that a port found free here is still free when the server binds it.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::Mutex;

use anyhow::{Result, bail};

const LOWEST: u16 = 17_000;
const COUNT: u16 = 15_000;

static HANDED_OUT: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port that nobody listens on, never the same twice in this process.
pub fn free() -> Result<u16> {
    let Ok(mut handed_out) = HANDED_OUT.lock() else { bail!("the list of ports is poisoned") };
    let start = u16::try_from(crate::temp::random_number()? % u64::from(COUNT))?;
    for step in 0..COUNT {
        let port = LOWEST + (start + step) % COUNT;
        if !handed_out.contains(&port) && is_free(port) {
            handed_out.insert(port);
            return Ok(port);
        }
    }
    bail!("no free port between {LOWEST} and {}", LOWEST + COUNT)
}

/// True when nobody listens on the port, on IPv4 or, where the machine has it, IPv6 loopback.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        && (!has_ipv6() || TcpListener::bind((Ipv6Addr::LOCALHOST, port)).is_ok())
}

/// True when `[::1]` can be bound; containers often have no IPv6.
pub fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_not_free_and_none_is_given_twice() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(taken.local_addr().unwrap().port()));
        assert_ne!(free().unwrap(), free().unwrap());
    }
}
