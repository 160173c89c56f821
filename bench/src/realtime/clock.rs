//! One clock for all processes of this machine, so that what one stamps another can subtract from.

use rustix::time::{ClockId, clock_gettime};

/// Microseconds of the monotonic clock.
pub fn micros() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or_default() * 1_000_000
        + u64::try_from(now.tv_nsec).unwrap_or_default() / 1_000
}

/// What passed since a stamp, in microseconds.
pub fn since(stamp: u64) -> u32 {
    u32::try_from(micros().saturating_sub(stamp)).unwrap_or(u32::MAX)
}
