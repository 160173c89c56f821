//! The listener of every server: connections whose other side stops reading are closed.
//!
//! A peer that keeps its connection open and reads nothing holds what waits for it in memory, and no layer above notices:
//! hyper waits for room to write, and the heartbeat of a Socket.IO session ends the session but not the write that is
//! blocked. Here a write that gets on by no byte for [`STALLED`] fails, and the connection with it.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_io_timeout::TimeoutStream;

/// How long one write may wait for its peer to make room.
pub const STALLED: Duration = Duration::from_secs(20);

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

/// A connection that is dead from the first write that failed. Some who write go on after an error (the WebSocket of
/// engineioxide with all that waits): each write would wait its own time.
#[derive(Debug)]
pub struct Connection {
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    dead: bool,
}

impl Connection {
    fn written<T>(
        &mut self,
        write: impl FnOnce(Pin<&mut TimeoutStream<TcpStream>>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.dead {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let done = ready!(write(self.stream.as_mut()));
        self.dead = done.is_err();
        Poll::Ready(done)
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let connection = self.get_mut();
        if connection.dead {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        connection.stream.as_mut().poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().written(|stream| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().written(|stream| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().written(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream.as_mut().poll_shutdown(cx)
    }
}

impl Listener for ReadersOnly {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        // Each event of a stream is a small write: with Nagle's algorithm one would wait for the answer to the other.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY on a connection");
        }
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.stalled));
        (Connection { stream: Box::pin(stream), dead: false }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
