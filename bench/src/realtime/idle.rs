//! Sockets that connect and then do nothing: what a connect costs, and what a connection holds.

use std::time::Duration;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::{task::JoinSet, time::sleep};

use super::{
    clock,
    figures::{Figures, float, float_len},
    processes::Target,
    socket::{Socket, address},
};

/// Handshakes that run at the same time.
const AT_ONCE: usize = 32;
/// Until what the connects left to be done is done.
const SETTLE: Duration = Duration::from_secs(1);

/// So many sockets, held for so long.
#[derive(Clone, Copy, Debug)]
pub struct Idle {
    /// How many.
    pub sockets: usize,
    /// For how long; a heartbeat comes every ten seconds.
    pub hold: Duration,
}

/// So many sockets of these people in turn.
pub async fn connect(target: &Target, tokens: &[String], count: usize) -> Result<Vec<Socket>> {
    let server = address(&target.realtime)?;
    let sockets = tokens.iter().cycle().take(count).map(|token| Socket::connect(server, token));
    stream::iter(sockets).buffer_unordered(AT_ONCE).try_collect().await
}

/// Connects, waits, and looks what that has cost.
pub async fn measure(target: &Target, tokens: &[String], plan: Idle, figures: &mut Figures) -> Result<()> {
    let memory_before = target.memory()?;
    let (before, began) = (target.spent()?, clock::micros());
    let sockets = connect(target, tokens, plan.sockets).await?;
    let took = f64::from(clock::since(began)) / 1e6;
    sleep(SETTLE).await;
    let connected = target.spent()?;
    let count = u64::try_from(sockets.len())?;
    connected.tell(&before, count, "connect", figures);
    figures.set("connect.per_s", float(count) / took);

    let mut listening = JoinSet::new();
    for mut socket in sockets {
        listening.spawn_local(async move { while socket.hear().await.is_ok() {} });
    }
    let began = clock::micros();
    sleep(plan.hold).await;
    let held = float(u64::from(clock::since(began))) / 1e6;
    target.spent()?.tell(&connected, count, "idle", figures);
    figures.set("idle.seconds", held);
    let ended = std::iter::from_fn(|| listening.try_join_next()).count();
    figures.set("idle.lost", float_len(ended));
    figures.set("idle.sockets", float(count));
    let memory = target.memory()?;
    let whole = memory.values().sum::<f64>();
    figures.set("idle.rss_mib", whole);
    let grown = whole - memory_before.values().sum::<f64>();
    figures.set("idle.kib_each", grown * 1024.0 / float(count.max(1)));
    for (name, mib) in memory {
        figures.set(format!("idle.rss_mib.{name}"), mib);
        let before = memory_before.get(&name).copied().unwrap_or_default();
        figures.set(format!("idle.rss_before_mib.{name}"), before);
    }
    Ok(())
}
