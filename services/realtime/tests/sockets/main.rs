//! What clients rely on over sockets, told by the official JavaScript client: each story is a script in `tests/js`, run
//! against real nodes on both backends, over polling, polling that upgrades, and WebSocket alone.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must fail")]

mod fake;
mod stand;

use stand::Stand;

const EVERY_WAY: [&str; 3] = ["polling", "polling,websocket", "websocket"];

macro_rules! stories {
    ($transports:expr, limits $limits:literal, protocol_test $protocol_test:literal; $($name:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            for transports in $transports {
                for stand in Stand::both($limits, $protocol_test).await {
                    stand.tell(stringify!($name), transports).await;
                }
            }
        }
    )*};
}

stories!(EVERY_WAY, limits "off", protocol_test "off"; handshake, sessions, keys, requests, generations, flood, rooms, resume, nodes, farewell);
// These are about people, not about transports.
stories!(["websocket"], limits "off", protocol_test "off"; presence, rest, ledger);
stories!(["polling", "websocket"], limits "on", protocol_test "off"; limits);
// It speaks every transport by itself.
stories!(["websocket"], limits "off", protocol_test "on"; protocol);
