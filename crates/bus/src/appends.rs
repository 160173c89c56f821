//! Appends of many generations share a round trip: while one batch is on its way the next one gathers. Nothing waits for a
//! clock: a lone append leaves at once, and the busier the process is, the more of them share what a trip costs.

use std::io;

use redis::{Cmd, ErrorKind, RedisError, RedisResult, Script, ServerErrorKind, aio::ConnectionManager, pipe};
use tokio::sync::{mpsc, oneshot};

/// Appends in one batch.
const BATCH: usize = 128;

/// How many appends may wait for the next batch.
const WAITING: usize = 1024;

/// What the script answers: how it went, and a number that depends on it.
pub(crate) type Answer = (u8, u64);

/// Hands appends to the task that carries them.
pub(crate) struct Appends {
    queue: mpsc::Sender<Append>,
    hash: String,
}

struct Append {
    call: Cmd,
    answer: oneshot::Sender<RedisResult<Answer>>,
}

struct Carrier {
    connection: ConnectionManager,
    script: Script,
}

impl Appends {
    /// Starts the task; it ends with this value.
    #[expect(
        clippy::disallowed_methods,
        reason = "it is there for those whom shutdown waits for, and ends with the last of them"
    )]
    pub(crate) fn start(connection: ConnectionManager) -> Self {
        let script = Script::new(include_str!("append.lua"));
        let hash = script.get_hash().to_owned();
        let (queue, waiting) = mpsc::channel(WAITING);
        tokio::spawn(Carrier { connection, script }.run(waiting));
        Self { queue, hash }
    }

    /// A call of the script, to which the caller adds keys and arguments.
    pub(crate) fn call(&self) -> Cmd {
        let mut call = redis::cmd("EVALSHA");
        call.arg(&self.hash);
        call
    }

    /// Carries out one call. Dropped while it waits for its batch, it is not made.
    pub(crate) async fn run(&self, call: Cmd) -> RedisResult<Answer> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Append { call, answer }).await.map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Carrier {
    async fn run(mut self, mut waiting: mpsc::Receiver<Append>) {
        let mut batch = Vec::with_capacity(BATCH);
        while waiting.recv_many(&mut batch, BATCH).await > 0 {
            batch.retain(|append| !append.answer.is_closed());
            let unknown = self.carry(std::mem::take(&mut batch)).await;
            // Redis forgets its scripts when it is started again.
            if !unknown.is_empty() {
                let loaded = self.script.load_async(&mut self.connection).await;
                for append in self.carry(unknown).await {
                    let error = loaded.as_ref().err().cloned().unwrap_or_else(gone);
                    let _ = append.answer.send(Err(error));
                }
            }
        }
    }

    /// Makes these calls and hands out the answers. Gives back those whose script Redis does not know: they did nothing.
    async fn carry(&mut self, batch: Vec<Append>) -> Vec<Append> {
        let mut calls = pipe();
        calls.ignore_errors();
        for append in &batch {
            calls.add_command(append.call.clone());
        }
        let mut unknown = Vec::new();
        match calls.query_async::<Vec<RedisResult<Answer>>>(&mut self.connection).await {
            Ok(answers) => {
                for (append, answer) in batch.into_iter().zip(answers) {
                    if answer.as_ref().is_err_and(is_unknown) {
                        unknown.push(append);
                    } else {
                        let _ = append.answer.send(answer);
                    }
                }
            }
            Err(error) => {
                for append in batch {
                    let _ = append.answer.send(Err(error.clone()));
                }
            }
        }
        unknown
    }
}

fn is_unknown(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// A failure of the kind that may pass.
fn gone() -> RedisError {
    io::Error::from(io::ErrorKind::BrokenPipe).into()
}
