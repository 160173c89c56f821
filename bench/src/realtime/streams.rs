//! Live generations: every token that the provider sends must reach the socket of who asked for it, once, in order, soon.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    clock,
    figures::{Figures, float},
    idle::connect,
    processes::Target,
    simulator::{self, Pace},
    socket::{Socket, between, number_after},
};

/// The starts are spread over this: real ones do not come at once.
const SPREAD: Duration = Duration::from_secs(2);
/// What a stream may take beside what its tokens take.
const PATIENCE: Duration = Duration::from_mins(1);
/// Until what the ends left to be done is done.
const SETTLE: Duration = Duration::from_millis(500);

/// What one socket has heard of its generation.
#[derive(Debug, Default)]
struct Heard {
    /// Of each token, how long it took from the provider to here, in microseconds.
    latencies: Vec<u32>,
    /// Of each token number, how often it came.
    counts: Vec<u8>,
    next: u32,
    disorder: u64,
    events: u64,
    last_seq: u64,
    /// Events whose position is not the one after the one before.
    gaps: u64,
    /// Events of a text that was started over.
    restarted: u64,
    first_sent: u64,
    last_sent: u64,
    first_token_ms: f64,
    first_came: u64,
    last_came: u64,
}

impl Heard {
    fn new(tokens: u32) -> Self {
        let tokens = usize::try_from(tokens).unwrap_or_default();
        Self { latencies: Vec::with_capacity(tokens), counts: vec![0; tokens], ..Self::default() }
    }

    /// Takes a `generation_progress`.
    fn take(&mut self, text: &str, now: u64) {
        let seq = number_after(text, "\"seq\":").unwrap_or_default();
        if seq != self.last_seq + 1 {
            self.gaps += 1;
        }
        self.last_seq = seq;
        if number_after(text, "\"attempt\":") != Some(1) {
            self.restarted += 1;
        }
        let Some(delta) = between(text, "\"delta\":\"", '"') else { return };
        self.events += 1;
        for (number, sent) in simulator::read(delta) {
            self.latencies.push(u32::try_from(now.saturating_sub(sent)).unwrap_or(u32::MAX));
            if number != self.next {
                self.disorder += 1;
            }
            self.next = number + 1;
            if let Some(count) = usize::try_from(number).ok().and_then(|at| self.counts.get_mut(at)) {
                *count = count.saturating_add(1);
            }
            if self.first_sent == 0 {
                (self.first_sent, self.first_came) = (sent, now);
            }
            (self.last_sent, self.last_came) = (sent, now);
        }
    }

    fn lost(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count == 0)).sum()
    }

    fn doubled(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(count.saturating_sub(1))).sum()
    }
}

/// One generation for each of these people, each on a socket of its own.
pub async fn measure(
    target: &Target,
    tokens: &[String],
    pace: Pace,
    run: &str,
    figures: &mut Figures,
) -> Result<()> {
    let sockets = connect(target, tokens, tokens.len()).await?;
    sleep(SETTLE).await;
    let (before, began) = (target.spent()?, clock::micros());
    let gap = SPREAD / u32::try_from(sockets.len().max(1))?;
    let mut streams = JoinSet::new();
    for (number, socket) in (0_u32..).zip(sockets) {
        let prompt = pace.prompt(&format!("{run}-{number}"));
        let budget = Duration::from_micros(pace.nominal()) * 2 + SPREAD + PATIENCE;
        streams.spawn_local(async move {
            sleep(gap * number).await;
            timeout(budget, follow(socket, prompt, pace)).await.context("a stream did not end in time")?
        });
    }
    let mut heard = Vec::new();
    while let Some(one) = streams.join_next().await {
        heard.push(one??);
    }
    let wall = clock::micros() - began;
    sleep(SETTLE).await;
    let after = target.spent()?;
    tell(&heard, pace, figures);
    let delivered = heard.iter().map(|one| one.latencies.len() as u64).sum();
    after.tell(&before, delivered, "streams", figures);
    figures.set("streams.load_cores", after.load_cores(&before, wall));
    Ok(())
}

async fn follow(mut socket: Socket, prompt: String, pace: Pace) -> Result<Heard> {
    let mut heard = Heard::new(pace.tokens);
    let asked = clock::micros();
    let answer = socket.ask("start_generation", &json!({"prompt": prompt, "type": "code"})).await?;
    ensure!(answer["generationId"].is_string(), "no generation id in {answer}");
    loop {
        let text = socket.hear().await?;
        let now = clock::micros();
        if text.starts_with("42[\"generation_progress\"") {
            heard.take(&text, now);
        } else if text.starts_with("42[\"generation_complete\"") {
            heard.first_token_ms = float(heard.first_came.saturating_sub(asked)) / 1_000.0;
            return Ok(heard);
        } else if text.starts_with("42[\"generation_failed\"") || text.starts_with("42[\"resync_required\"") {
            bail!("a stream failed: {}", text.get(..300).unwrap_or(&text));
        }
    }
}

fn tell(heard: &[Heard], pace: Pace, figures: &mut Figures) {
    let sum = |count: fn(&Heard) -> u64| float(heard.iter().map(count).sum());
    figures.set("streams.count", float(heard.len() as u64));
    figures.set("streams.tokens", sum(|one| one.latencies.len() as u64));
    figures.set("streams.events", sum(|one| one.events));
    figures.set("streams.lost", sum(Heard::lost));
    figures.set("streams.double", sum(Heard::doubled));
    figures.set("streams.disorder", sum(|one| one.disorder));
    figures.set("streams.seq_gaps", sum(|one| one.gaps));
    figures.set("streams.restarted", sum(|one| one.restarted));
    let longest = |span: fn(&Heard) -> u64| {
        float(heard.iter().map(span).max().unwrap_or_default()) / float(pace.nominal().max(1))
    };
    figures.set("streams.slowest", longest(|one| one.last_came - one.first_came));
    figures.set("streams.simulator_slowest", longest(|one| one.last_sent - one.first_sent));
    let mut first: Vec<f64> = heard.iter().map(|one| one.first_token_ms).collect();
    first.sort_by(f64::total_cmp);
    for (word, share) in [("p50", 50), ("p99", 99)] {
        let at = first.get((first.len() * share / 100).min(first.len().saturating_sub(1)));
        figures.set(format!("streams.first_token.{word}_ms"), at.copied().unwrap_or_default());
    }
    figures.set_latency("streams", heard.iter().flat_map(|one| one.latencies.iter().copied()).collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u64, delta: &str) -> String {
        format!(
            r#"42["generation_progress",{{"generationId":"g","attempt":1,"seq":{seq},"delta":"{delta}"}}]"#
        )
    }

    #[test]
    fn what_is_lost_doubled_and_out_of_order_is_counted() {
        let mut heard = Heard::new(6);
        for (seq, delta) in [(1, "0@10 "), (2, "1@20 2@30 "), (3, "2@30 "), (5, "4@50 ")] {
            heard.take(&event(seq, delta), 100);
        }
        assert_eq!((heard.lost(), heard.doubled(), heard.disorder, heard.gaps), (2, 1, 2, 1));
        assert_eq!((heard.events, heard.latencies.as_slice()), (4, &[90, 80, 70, 70, 50][..]));
        assert_eq!((heard.first_sent, heard.last_sent), (10, 50));
    }
}
