//! The listener of every server: connections whose other side stops reading are closed.
//!
//! A peer that keeps its connection open and reads nothing holds what waits for it in memory, and no layer above notices:
//! hyper waits for room to write, and the heartbeat of a Socket.IO session ends the session but not the write that is
//! blocked. Here a write that gets on by no byte for [`STALLED`] fails, and the connection with it.

use std::{io, net::SocketAddr, pin::Pin, time::Duration};

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;

/// How long one write may wait for its peer to make room. Less than what a resumed reader may rely on (30 s), more than a
/// train needs for a tunnel.
pub const STALLED: Duration = Duration::from_secs(25);

/// A TCP listener whose connections end when a write stalls.
#[derive(Debug)]
pub struct ReadersOnly {
    listener: TcpListener,
    stalled: Duration,
}

impl ReadersOnly {
    /// Over this listener; a write may stall for so long.
    pub fn new(listener: TcpListener, stalled: Duration) -> Self {
        Self { listener, stalled }
    }
}

impl Listener for ReadersOnly {
    type Io = Pin<Box<TimeoutStream<TcpStream>>>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        // Each event of a stream is a small write: with Nagle's algorithm one would wait for the answer to the other.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY on a connection");
        }
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.stalled));
        (Box::pin(stream), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
