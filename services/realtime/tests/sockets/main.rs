//! What clients rely on over sockets, told by the official JavaScript client: each story is a script in `tests/js`, run
//! against real nodes on both backends, over polling that upgrades and over WebSocket alone.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must fail")]

mod fake;
mod stand;

use stand::Stand;

macro_rules! stories {
    ($($name:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            for transports in ["polling,websocket", "websocket"] {
                for stand in Stand::both().await {
                    stand.tell(stringify!($name), transports).await;
                }
            }
        }
    )*};
}

stories!(handshake, sessions, requests, generations, flood, rooms, presence, resume, rest, nodes, farewell);
