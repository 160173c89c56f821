//! What clients rely on over sockets, told by the official JavaScript client: each story is a script in `tests/js`, run
//! against real nodes on both backends, over polling, polling that upgrades, and WebSocket alone.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must fail")]

mod fake;
mod stand;

use stand::Stand;

const EVERY_WAY: [&str; 3] = ["polling", "polling,websocket", "websocket"];

macro_rules! stories {
    ($transports:expr; $($name:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            for transports in $transports {
                for stand in Stand::both().await {
                    stand.tell(stringify!($name), transports).await;
                }
            }
        }
    )*};
}

stories!(EVERY_WAY; handshake, sessions, keys, requests, generations, flood, rooms, resume, nodes, farewell);
// These are about people, not about transports.
stories!(["websocket"]; presence, rest);
