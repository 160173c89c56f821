//! What processes cost: their time on the processors and their memory, with all that they started, read from `/proc`.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::figures::{Figures, float};

/// The server that is measured, as `cargo xtask bench` has started it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Target {
    /// `aether` or `node`.
    pub server: String,
    /// Where accounts are made.
    pub auth: String,
    /// Where the sockets are.
    pub realtime: String,
    /// The pids of the server's processes by name.
    pub processes: BTreeMap<String, u32>,
    /// The pid of the stand-in for the model provider: no part of the server.
    pub simulator: u32,
}

/// The name under which this process is counted.
pub const LOAD: &str = "load";
/// The name of the stand-in for the provider.
pub const SIMULATOR: &str = "simulator";
/// Processes that are no part of the server's own code: they count for the work, not for the memory of the services.
pub const STORES: [&str; 2] = ["postgres", "redis"];

/// Processor time by process, up to now.
#[derive(Clone, Debug, Default)]
pub struct Spent(BTreeMap<String, Time>);

/// The processor time of a process and all that it started, in microseconds, as the kernel counts it in two ways.
#[derive(Clone, Copy, Debug, Default)]
struct Time {
    /// With all threads and children that have ended, but in ticks of ten milliseconds.
    ticks: f64,
    /// To the nanosecond, but only of threads that are there now.
    threads: f64,
}

impl Time {
    /// What was spent since `before`. The fine count where both agree; where a thread has ended meanwhile, the whole one.
    fn since(self, before: Self) -> f64 {
        let (ticks, threads) = (self.ticks - before.ticks, self.threads - before.threads);
        if (ticks - threads).abs() <= 3.0 * tick() { threads } else { ticks }
    }
}

impl Target {
    /// Whether it is ours.
    pub fn is_aether(&self) -> bool {
        self.server == "aether"
    }

    /// What every process has spent since it began, the simulator and this process too.
    pub fn spent(&self) -> Result<Spent> {
        let table = Table::read()?;
        let own = [(SIMULATOR, self.simulator), (LOAD, std::process::id())];
        let all = self.processes.iter().map(|(name, pid)| (name.as_str(), *pid)).chain(own);
        let mut spent = BTreeMap::new();
        for (name, pid) in all {
            spent.insert(name.to_owned(), table.time(pid).with_context(|| format!("{name} has ended"))?);
        }
        Ok(Spent(spent))
    }

    /// MiB in memory of each service. PostgreSQL's is left out, since its shared buffers count once for each backend, and Redis'
    /// with it.
    pub fn memory(&self) -> Result<BTreeMap<String, f64>> {
        let services = self.processes.iter().filter(|(name, _)| !STORES.contains(&name.as_str()));
        services.map(|(name, pid)| Ok((name.clone(), resident(*pid)?))).collect()
    }
}

impl Spent {
    /// What was spent between `before` and this, for each of so many things: `<name>.cpu_us.<process>`, and
    /// `<name>.cpu_us` for the whole server.
    pub fn tell(&self, before: &Self, each: u64, name: &str, figures: &mut Figures) {
        let mut whole = 0.0;
        for (process, after) in &self.0 {
            let micros = after.since(before.0.get(process).copied().unwrap_or_default());
            let one = micros / float(each.max(1));
            if process != LOAD && process != SIMULATOR {
                whole += one;
            }
            figures.set(format!("{name}.cpu_us.{process}"), one);
        }
        figures.set(format!("{name}.cpu_us"), whole);
    }

    /// How many cores this process has filled since `before`, which was so many microseconds ago.
    pub fn load_cores(&self, before: &Self, elapsed: u64) -> f64 {
        let at = |spent: &Self| spent.0.get(LOAD).copied().unwrap_or_default();
        at(self).since(at(before)) / float(elapsed.max(1))
    }
}

/// Every process now: its parent, and the ticks that it and its ended children have had.
struct Table(BTreeMap<u32, (u32, u64)>);

impl Table {
    fn read() -> Result<Self> {
        let mut table = BTreeMap::new();
        for entry in fs::read_dir("/proc").context("/proc")?.flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // One that has ended meanwhile is not there.
            if let Some(line) =
                fs::read_to_string(entry.path().join("stat")).ok().as_deref().and_then(read_stat)
            {
                table.insert(pid, line);
            }
        }
        Ok(Self(table))
    }

    fn time(&self, root: u32) -> Option<Time> {
        let family = self.family(root)?;
        let ticks: u64 = family.iter().filter_map(|pid| self.0.get(pid)).map(|(_, ticks)| ticks).sum();
        let threads: u64 = family.iter().map(|pid| threads(*pid)).sum();
        Some(Time { ticks: float(ticks) * tick(), threads: float(threads) / 1_000.0 })
    }

    /// The process and all that it started.
    fn family(&self, root: u32) -> Option<Vec<u32>> {
        self.0.get(&root)?;
        let mut family = vec![root];
        let mut seen = 0;
        while let Some(parent) = family.get(seen).copied() {
            seen += 1;
            family.extend(self.0.iter().filter(|(_, (of, _))| *of == parent).map(|(pid, _)| *pid));
        }
        Some(family)
    }
}

/// A tick in microseconds. The kernel scales ticks to the run time that its scheduler has counted.
fn tick() -> f64 {
    1e6 / float(rustix::param::clock_ticks_per_second().max(1))
}

/// The nanoseconds that the threads of a process have run.
fn threads(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let ran = tasks.filter_map(|task| {
        let line = fs::read_to_string(task.path().join("schedstat")).ok()?;
        line.split(' ').next()?.parse::<u64>().ok()
    });
    ran.sum()
}

fn read_stat(line: &str) -> Option<(u32, u64)> {
    // The name in parentheses may hold spaces. After it: state, parent, ...; utime is the 12th, cstime the 15th.
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Some((fields.get(1)?.parse().ok()?, ticks))
}

fn resident(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("a service has ended")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_read_whatever_the_name_holds() {
        let line = "42 (a (b) c) S 7 42 42 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 1 0 5 6 7";
        assert_eq!(read_stat(line), Some((7, 100)));
        assert_eq!(read_stat("nonsense"), None);
    }

    #[test]
    fn this_process_has_memory_and_children_count() {
        assert!(resident(std::process::id()).unwrap() > 0.5);
        let table = Table(BTreeMap::from([(1, (0, 5)), (2, (1, 7)), (3, (2, 11)), (4, (0, 100))]));
        assert_eq!(table.family(1).unwrap(), [1, 2, 3]);
        assert!(table.family(9).is_none());
    }

    #[test]
    fn the_fine_count_is_taken_where_no_thread_has_ended() {
        let before = Time { ticks: 100_000.0, threads: 90_000.0 };
        let fine = Time { ticks: 130_000.0, threads: 125_000.0 };
        assert!((fine.since(before) - 35_000.0).abs() < 1e-6);
        let ended = Time { ticks: 300_000.0, threads: 95_000.0 };
        assert!((ended.since(before) - 200_000.0).abs() < 1e-6);
    }
}
