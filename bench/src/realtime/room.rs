//! A room full of sockets, kept saturated: two messages are always on their way, and the next one leaves when the last
//! socket has one.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::{sync::Notify, task::JoinSet, time::sleep};

use super::{
    clock,
    figures::{Figures, float, float_len},
    idle::connect,
    processes::Target,
    socket::{Socket, between, number_after},
};

/// Messages on their way.
const OUTSTANDING: usize = 2;
/// Joins that run at the same time.
const AT_ONCE: usize = 16;
/// Until the notices of who has come are over, and the server is warm.
const SETTLE: Duration = Duration::from_secs(2);
/// A message that has not reached everybody by then has not reached somebody.
const PATIENCE: Duration = Duration::from_secs(10);
/// So that a packet has about the size of a chat message.
const PADDING: &str = "The quick brown fox jumps over the lazy dog";

/// A room of so many sockets, saturated for so long.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Sockets in it.
    pub sockets: usize,
    /// How long it is measured, after it was warm.
    pub time: Duration,
}

/// What all sockets have heard.
struct Board {
    sockets: u32,
    /// Of each message, how many sockets have it.
    heard: RefCell<Vec<u32>>,
    latencies: RefCell<Vec<u32>>,
    delivered: Cell<u64>,
    resyncs: Cell<u64>,
    /// Some message has reached everybody.
    whole: Notify,
}

impl Board {
    fn take(&self, text: &str) {
        if !text.starts_with("42[\"message_received\"") {
            if text.starts_with("42[\"resync_required\"") {
                self.resyncs.set(self.resyncs.get() + 1);
            }
            return;
        }
        let Some(said) = between(text, "\"message\":\"", ' ') else { return };
        let (Some(number), Some(sent)) = (number_after(said, "m"), number_after(said, "@")) else { return };
        self.latencies.borrow_mut().push(clock::since(sent));
        self.delivered.set(self.delivered.get() + 1);
        let mut heard = self.heard.borrow_mut();
        if let Some(count) = usize::try_from(number).ok().and_then(|at| heard.get_mut(at)) {
            *count += 1;
            if *count == self.sockets {
                self.whole.notify_waiters();
            }
        }
    }

    fn has_all(&self, number: usize) -> bool {
        self.heard.borrow().get(number).is_some_and(|count| *count >= self.sockets)
    }
}

/// Fills the room, saturates it, and looks what a delivery costs.
pub async fn measure(
    target: &Target,
    tokens: &[String],
    room: &str,
    plan: Room,
    figures: &mut Figures,
) -> Result<()> {
    let sockets = connect(target, tokens, plan.sockets).await?;
    let joined = sockets.into_iter().map(|mut socket| async move {
        socket.ask("join_room", &json!({"roomId": room})).await?;
        Ok::<_, anyhow::Error>(socket)
    });
    let mut sockets: Vec<Socket> = stream::iter(joined).buffer_unordered(AT_ONCE).try_collect().await?;
    let board = Rc::new(Board {
        sockets: u32::try_from(sockets.len())?,
        heard: RefCell::default(),
        latencies: RefCell::default(),
        delivered: Cell::new(0),
        resyncs: Cell::new(0),
        whole: Notify::new(),
    });
    ensure!(sockets.len() > OUTSTANDING, "a room needs more sockets");
    let senders = sockets.split_off(sockets.len() - OUTSTANDING);
    let mut listening = JoinSet::new();
    for mut socket in sockets {
        let board = board.clone();
        listening.spawn_local(async move {
            while let Ok(text) = socket.hear().await {
                board.take(&text);
            }
        });
    }
    sleep(SETTLE).await;
    let stop = Rc::new(Cell::new(false));
    let mut sending = JoinSet::new();
    for socket in senders {
        sending.spawn_local(keep_saying(socket, room.to_owned(), board.clone(), stop.clone()));
    }
    // Warm first: what is counted begins here.
    sleep(SETTLE).await;
    board.latencies.borrow_mut().clear();
    let (before, delivered_before, began) = (target.spent()?, board.delivered.get(), clock::micros());
    sleep(plan.time).await;
    let (after, delivered) = (target.spent()?, board.delivered.get() - delivered_before);
    let wall = clock::micros() - began;
    let latencies = board.latencies.take();
    stop.set(true);
    let mut unheard = 0;
    while let Some(done) = sending.join_next().await {
        unheard += done??;
    }
    figures.set("room.sockets", float(u64::from(board.sockets)));
    figures.set("room.users", float_len(tokens.len().min(plan.sockets)));
    figures.set("room.delivered_per_s", float(delivered) * 1e6 / float(wall.max(1)));
    figures.set("room.lost", float(unheard));
    figures.set("room.resyncs", float(board.resyncs.get()));
    figures.set("room.load_cores", after.load_cores(&before, wall));
    after.tell(&before, delivered, "room", figures);
    figures.set_latency("room", latencies);
    Ok(())
}

/// Says one message after the other, each when everybody has the one before. Gives how often somebody did not get one.
async fn keep_saying(
    mut socket: Socket,
    room: String,
    board: Rc<Board>,
    stop: Rc<Cell<bool>>,
) -> Result<u64> {
    let mut unheard = 0;
    while !stop.get() {
        let number = {
            let mut heard = board.heard.borrow_mut();
            heard.push(0);
            heard.len() - 1
        };
        let message = format!("m{number}@{} {PADDING}", clock::micros());
        socket.send("send_message", &json!({"roomId": room, "message": message})).await?;
        let late = sleep(PATIENCE);
        tokio::pin!(late);
        while !board.has_all(number) {
            tokio::select! {
                text = socket.hear() => {
                    let text = text?;
                    if text.starts_with("43") && text.contains("\"ok\":false") {
                        return Err(anyhow::anyhow!("a message is refused: {text}"));
                    }
                    board.take(&text);
                }
                () = board.whole.notified() => {}
                () = &mut late => {
                    let count = board.heard.borrow().get(number).copied().context("a message")?;
                    unheard += u64::from(board.sockets - count);
                    break;
                }
            }
        }
    }
    // It stays in the room while others wait for theirs.
    let rest = async {
        while let Ok(text) = socket.hear().await {
            board.take(&text);
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(500), rest).await;
    Ok(unheard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_whole_when_every_socket_has_it() {
        let board = Board {
            sockets: 2,
            heard: RefCell::new(vec![0]),
            latencies: RefCell::default(),
            delivered: Cell::new(0),
            resyncs: Cell::new(0),
            whole: Notify::new(),
        };
        let packet = r#"42["message_received",{"id":"x","message":"m0@1 hello","clientId":null}]"#;
        board.take(packet);
        assert!(!board.has_all(0));
        board.take(packet);
        assert!(board.has_all(0));
        board.take(r#"42["presence",{}]"#);
        assert_eq!((board.delivered.get(), board.latencies.borrow().len()), (2, 2));
    }
}
