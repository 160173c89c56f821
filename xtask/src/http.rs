//! The smallest HTTP client that can ask a server on loopback whether it is ready.
//! Not for anything else: no TLS, no redirects, no keep-alive.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The status of `GET path`, or `None` when nobody answers within two seconds.
pub fn status(port: u16, path: &str) -> Option<u16> {
    let within = Duration::from_secs(2);
    let mut stream =
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), within).ok()?;
    stream.set_read_timeout(Some(within)).ok()?;
    stream.set_write_timeout(Some(within)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut head = Vec::new();
    stream.take(512).read_to_end(&mut head).ok().or(Some(0))?;
    std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()
}

/// Asks until the status is 200. `still_alive` says why there is no point in going on.
pub fn wait_for_200(
    port: u16,
    path: &str,
    patience: Duration,
    mut still_alive: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut last = None;
    while began.elapsed() < patience {
        still_alive()?;
        if crate::signals::stop_asked() {
            anyhow::bail!("stopped");
        }
        last = status(port, path);
        if last == Some(200) {
            return Ok(());
        }
        crate::process::pause(Duration::from_millis(50));
    }
    let got = last.map_or("no answer".to_owned(), |status| format!("status {status}"));
    anyhow::bail!("http://localhost:{port}{path} did not become ready in {} s ({got})", patience.as_secs())
}
