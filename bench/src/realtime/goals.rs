//! The figures beside the goals: each ours, the peer's, their ratio, what a competent server should reach ("floor") and
//! what is near the machine's limits ("moonshot").

use std::fmt::Write as _;

use super::figures::Figures;

/// How far a figure goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// What the machine's limits allow.
    Moonshot,
    /// What a competent server should reach.
    Floor,
    /// Neither.
    No,
}

/// A bound on a figure, or on its ratio to the peer's.
#[derive(Clone, Copy, Debug)]
enum Bound {
    RatioAtMost(f64),
    RatioAtLeast(f64),
    AtMost(f64),
}

/// One goal and what was measured.
#[derive(Clone, Debug)]
pub struct Row {
    /// The goal's number.
    pub goal: &'static str,
    /// What is measured.
    pub what: String,
    /// Its unit.
    pub unit: &'static str,
    /// Ours.
    pub ours: f64,
    /// The peer's.
    pub theirs: f64,
    floor: Bound,
    moonshot: Bound,
}

impl Row {
    /// Ours to theirs.
    pub fn ratio(&self) -> f64 {
        self.ours / self.theirs
    }

    /// How far it goes.
    pub fn reached(&self) -> Reached {
        let holds = |bound: Bound| match bound {
            Bound::RatioAtMost(most) => self.ratio() <= most,
            Bound::RatioAtLeast(least) => self.ratio() >= least,
            Bound::AtMost(most) => self.ours <= most,
        };
        if holds(self.moonshot) {
            Reached::Moonshot
        } else if holds(self.floor) {
            Reached::Floor
        } else {
            Reached::No
        }
    }

    /// Whether more is better.
    pub fn more_is_better(&self) -> bool {
        matches!(self.floor, Bound::RatioAtLeast(_))
    }

    /// The floor as a ratio to the peer.
    pub fn floor_ratio(&self) -> f64 {
        self.floor.ratio(self.theirs)
    }

    /// The moonshot as a ratio to the peer.
    pub fn moonshot_ratio(&self) -> f64 {
        self.moonshot.ratio(self.theirs)
    }
}

impl Bound {
    fn ratio(self, theirs: f64) -> f64 {
        match self {
            Self::RatioAtMost(ratio) | Self::RatioAtLeast(ratio) => ratio,
            Self::AtMost(most) => most / theirs,
        }
    }

    fn shown(self, unit: &str) -> String {
        match self {
            Self::RatioAtMost(ratio) => format!("≤ 1/{}", trimmed(1.0 / ratio)),
            Self::RatioAtLeast(ratio) => format!("≥ {}x", trimmed(ratio)),
            Self::AtMost(most) => format!("≤ {} {unit}", trimmed(most)),
        }
    }
}

/// The goals that were measured.
pub fn rows(ours: &Figures, theirs: &Figures) -> Vec<Row> {
    use Bound::{AtMost, RatioAtLeast, RatioAtMost};
    let count = |name: &str| ours.get(name).unwrap_or_default();
    let streams = format!("{} streams at 50 tokens/s", count("streams.count"));
    let room = format!("room of {} sockets, saturated", count("room.sockets"));
    let idle = format!("{} idle sockets", count("idle.sockets"));
    let wanted = [
        (
            "1",
            format!("CPU per token, whole path; {streams}"),
            "µs",
            "streams.cpu_us",
            "streams.cpu_us",
            RatioAtMost(1.0 / 5.0),
            RatioAtMost(1.0 / 12.0),
        ),
        (
            "3",
            format!("added to a token, p50; {streams}"),
            "ms",
            "streams.p50_ms",
            "streams.p50_ms",
            RatioAtMost(1.0 / 5.0),
            AtMost(0.5),
        ),
        (
            "3",
            format!("added to a token, p99; {streams}"),
            "ms",
            "streams.p99_ms",
            "streams.p99_ms",
            RatioAtMost(1.0 / 5.0),
            AtMost(3.0),
        ),
        (
            "4",
            format!("memory of all services, beside the peer's realtime process alone; {idle}"),
            "MiB",
            "idle.rss_mib",
            "idle.rss_mib.realtime",
            RatioAtMost(1.0 / 2.0),
            AtMost(64.0),
        ),
        (
            "4",
            format!("memory of one connection; {idle}"),
            "KiB",
            "idle.kib_each",
            "idle.kib_each",
            RatioAtMost(1.0 / 2.0),
            AtMost(4.0),
        ),
        (
            "5",
            "memory of the services, fresh (the peer has no auth process)".into(),
            "MiB",
            "fresh.rss_mib",
            "fresh.rss_mib",
            RatioAtMost(1.0 / 4.0),
            AtMost(48.0),
        ),
        (
            "6",
            format!("CPU per delivered message; {room}"),
            "µs",
            "room.cpu_us",
            "room.cpu_us",
            RatioAtMost(1.0 / 2.0),
            AtMost(3.0),
        ),
        (
            "7",
            format!("delivered a second; {room}"),
            "/s",
            "room.delivered_per_s",
            "room.delivered_per_s",
            RatioAtLeast(1.5),
            RatioAtLeast(1.75),
        ),
        (
            "8",
            format!("CPU per connect, realtime process; {idle}"),
            "µs",
            "connect.cpu_us.realtime",
            "connect.cpu_us.realtime",
            RatioAtMost(1.0 / 3.0),
            AtMost(57.0),
        ),
    ];
    let measured =
        wanted.into_iter().filter_map(|(goal, what, unit, our_name, their_name, floor, moonshot)| {
            let (ours, theirs) = (ours.get(our_name)?, theirs.get(their_name)?);
            Some(Row { goal, what, unit, ours, theirs, floor, moonshot })
        });
    measured.collect()
}

/// The goals, the processes behind them and what to be careful with, as Markdown.
pub fn tables(ours: &Figures, theirs: &Figures) -> String {
    let mut text = String::from(
        "| goal | what | AetherOS | Node peer | ratio | floor | moonshot | reached |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows(ours, theirs) {
        let reached = match row.reached() {
            Reached::Moonshot => "moonshot",
            Reached::Floor => "floor",
            Reached::No => "**no**",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} {unit} | {} {unit} | {} | {} | {} | {reached} |",
            row.goal,
            row.what,
            number(row.ours),
            number(row.theirs),
            as_ratio(row.ratio()),
            row.floor.shown(row.unit),
            row.moonshot.shown(row.unit),
            unit = row.unit,
        );
    }
    text.push_str("\n| what stands behind it | AetherOS | Node peer |\n|---|---|---|\n");
    for (what, name) in BEHIND {
        let shown = |figures: &Figures| split(figures, name);
        let _ = writeln!(text, "| {what} | {} | {} |", shown(ours), shown(theirs));
    }
    for (server, figures) in [("AetherOS", ours), ("the Node peer", theirs)] {
        for warning in warnings(figures) {
            let _ = writeln!(text, "\n{server}: {warning}");
        }
    }
    text
}

/// What is told beside the goals. A name that ends in a dot stands for all processes.
const BEHIND: [(&str, &str); 17] = [
    ("CPU per token, µs", "streams.cpu_us."),
    ("tokens lost", "streams.lost"),
    ("tokens that came twice", "streams.double"),
    ("tokens out of order", "streams.disorder"),
    ("slowest stream / nominal", "streams.slowest"),
    ("the simulator's slowest / nominal", "streams.simulator_slowest"),
    ("first token, p50, ms (20 of it the simulator's)", "streams.first_token.p50_ms"),
    ("cores that the load filled: streams", "streams.load_cores"),
    ("CPU per delivered message, µs", "room.cpu_us."),
    ("room: p50, ms", "room.p50_ms"),
    ("room: p99, ms", "room.p99_ms"),
    ("cores that the load filled: room", "room.load_cores"),
    ("connects a second", "connect.per_s"),
    ("CPU per connect, µs", "connect.cpu_us."),
    ("memory with the idle sockets, MiB", "idle.rss_mib."),
    ("memory before them, MiB", "idle.rss_before_mib."),
    ("memory fresh, MiB", "fresh.rss_mib."),
];

fn split(figures: &Figures, name: &str) -> String {
    let Some(prefix) = name.strip_suffix('.') else {
        return figures.get(name).map_or_else(|| "-".to_owned(), number);
    };
    let parts = figures.numbers.iter().filter_map(|(key, value)| {
        let process = key.strip_prefix(prefix)?.strip_prefix('.')?;
        // A process that has no part in it would only be in the way.
        (*value >= 0.005).then(|| format!("{process} {}", number(*value)))
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

/// What makes a figure worth less than it looks.
fn warnings(figures: &Figures) -> Vec<String> {
    let at = |name: &str| figures.get(name).unwrap_or_default();
    let mut found = Vec::new();
    for name in [
        "streams.lost",
        "streams.double",
        "streams.disorder",
        "streams.seq_gaps",
        "streams.restarted",
        "room.lost",
        "room.resyncs",
        "idle.lost",
    ] {
        if at(name) > 0.0 {
            found.push(format!(
                "{name} = {}: the figures above are of work that was not done right.",
                number(at(name))
            ));
        }
    }
    if at("streams.slowest") > 1.05 {
        found.push(
            "a stream took 5 % longer than its tokens: the server, or the machine, is too slow for so many."
                .into(),
        );
    }
    if at("streams.simulator_slowest") > 1.05 {
        found.push("the simulator was late: latencies are counted from when a token really left.".into());
    }
    for name in ["streams.load_cores", "room.load_cores"] {
        if at(name) > 0.9 {
            found.push(format!(
                "{name} = {}: the load generator is the wall, not the server.",
                number(at(name))
            ));
        }
    }
    found
}

/// `1/5.2` below one, `1.8x` above.
pub fn as_ratio(ratio: f64) -> String {
    if ratio < 1.0 && ratio > 0.0 { format!("1/{:.1}", 1.0 / ratio) } else { format!("{ratio:.2}x") }
}

/// With as many digits as mean something.
pub fn number(value: f64) -> String {
    if value >= 1_000.0 {
        let mut digits = format!("{value:.0}");
        let mut at = digits.len();
        while at > 3 {
            at -= 3;
            digits.insert(at, ',');
        }
        digits
    } else if value >= 100.0 || value.fract().abs() < f64::EPSILON {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(numbers: &[(&str, f64)]) -> Figures {
        let mut figures = Figures::default();
        for (name, value) in numbers {
            figures.set(*name, *value);
        }
        figures
    }

    #[test]
    fn a_goal_is_reached_by_ratio_or_by_figure() {
        let peer = figures(&[("room.cpu_us", 9.0), ("room.delivered_per_s", 100_000.0)]);
        for (cpu, per_s, wanted) in [
            (2.9, 180_000.0, [Reached::Moonshot, Reached::Moonshot]),
            (4.4, 150_000.0, [Reached::Floor, Reached::Floor]),
            (4.6, 149_000.0, [Reached::No, Reached::No]),
        ] {
            let ours = figures(&[("room.cpu_us", cpu), ("room.delivered_per_s", per_s)]);
            let found: Vec<_> = rows(&ours, &peer).iter().map(Row::reached).collect();
            assert_eq!(found, wanted, "{cpu} {per_s}");
        }
    }

    #[test]
    fn the_table_tells_what_was_measured_and_warns() {
        let ours = figures(&[("room.cpu_us", 3.0), ("room.cpu_us.redis", 0.5), ("streams.lost", 2.0)]);
        let text = tables(&ours, &figures(&[("room.cpu_us", 9.0)]));
        assert!(text.contains("| 3 µs | 9 µs | 1/3.0 | ≤ 1/2 | ≤ 3 µs | moonshot |"), "{text}");
        assert!(text.contains("redis 0.50") && text.contains("AetherOS: streams.lost = 2"), "{text}");
        assert_eq!((number(1_234_567.0), number(12.34)), ("1,234,567".into(), "12.3".into()));
    }
}
