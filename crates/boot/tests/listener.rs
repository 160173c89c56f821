//! A connection whose other side stops reading ends, and its memory is free; one that reads slowly is served to its end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::{
    io::ErrorKind,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use aether_boot::listener::ReadersOnly;
use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    routing::get,
    serve::{Listener, ListenerExt},
};
use bytes::Bytes;
use futures::stream;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};
use tokio_util::task::TaskTracker;

const STALLED: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(30);
const PIECE: usize = 64 * 1024;

/// Counts the answers that are being written.
#[derive(Clone, Default)]
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn serve(pieces: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let open = Arc::new(AtomicUsize::new(0));
    let count = open.clone();
    let answer = move |ConnectInfo(peer): ConnectInfo<SocketAddr>| {
        assert!(peer.ip().is_loopback());
        count.fetch_add(1, Ordering::SeqCst);
        let held = Open(count.clone());
        let pieces = stream::unfold((0, held), move |(number, held)| async move {
            let piece = Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; PIECE]));
            (number < pieces).then(|| (piece, (number + 1, held)))
        });
        std::future::ready(Body::from_stream(pieces))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = ReadersOnly::new(listener, STALLED).tap_io(|_| {});
    let router = Router::new().route("/", get(answer));
    TaskTracker::new().spawn(async move {
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
    });
    (address, open)
}

async fn ask(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut first = [0; 16];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK\r");
    stream
}

#[tokio::test]
async fn who_stops_reading_is_cut_off() {
    let (address, open) = serve(usize::MAX).await;
    let mut stream = ask(address).await;
    assert_eq!(open.load(Ordering::SeqCst), 1);
    let deadline = Instant::now() + PATIENCE;
    while open.load(Ordering::SeqCst) > 0 {
        assert!(Instant::now() < deadline, "what waits for the reader is still held");
        tokio::task::yield_now().await;
    }
    // What was on its way comes, and then the end.
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the connection is open");
}

#[tokio::test]
async fn who_reads_slowly_is_served_to_the_end() {
    const PIECES: usize = 128;
    let (address, open) = serve(PIECES).await;
    let mut stream = ask(address).await;
    let (mut buffer, mut read, begun) = (vec![0; 2 * 1024 * 1024], 0, Instant::now());
    // Longer than one write may stall, and never so long without reading.
    loop {
        match timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap().unwrap() {
            0 => break,
            more => read += more,
        }
        if begun.elapsed() < 3 * STALLED {
            tokio::time::sleep(STALLED / 4).await;
        }
    }
    assert!(read > PIECES * PIECE, "{read} bytes, and the signs around them");
    assert_eq!(open.load(Ordering::SeqCst), 0);
}

/// Some go on writing after an error: no later write may wait its own time.
#[tokio::test]
async fn a_connection_is_dead_from_the_first_write_that_stalls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut listener = ReadersOnly::new(listener, STALLED);
    let (peer, (mut served, _)) = tokio::join!(TcpStream::connect(address), listener.accept());
    let _peer = peer.unwrap();
    let piece = vec![0; PIECE];
    let error = loop {
        if let Err(error) = timeout(PATIENCE, served.write(&piece)).await.unwrap() {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    for _ in 0..3 {
        let Poll::Ready(Err(error)) = futures::poll!(std::pin::pin!(served.write(&piece))) else {
            panic!("it waits again")
        };
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
    assert_eq!(served.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
}
