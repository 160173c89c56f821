//! When a failed call is made again, and after how long.

use std::time::Duration;

/// Calls in all for one generation.
pub const MAX_CALLS: u32 = 3;
/// A provider that asks for a longer wait has, for us, failed.
pub const MAX_WAIT: Duration = Duration::from_secs(20);

/// How long to wait before call number `next` (2 is the first retry). The provider's word counts; without it, the wait
/// doubles from 250 ms, with `jitter` (0 to 1) of half of it. `None`: do not call again.
pub fn wait_before(next: u32, retry_after: Option<Duration>, jitter: f64) -> Option<Duration> {
    if next > MAX_CALLS {
        return None;
    }
    let own = Duration::from_millis(250).saturating_mul(1 << (next - 2).min(8));
    let wait = own / 2 + (own / 2).mul_f64(jitter.clamp(0.0, 1.0));
    let wait = retry_after.map_or(wait, |asked| asked.max(wait));
    (wait <= MAX_WAIT).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_as_told_and_not_for_ever() {
        assert_eq!(wait_before(2, None, 1.0), Some(Duration::from_millis(250)));
        assert_eq!(wait_before(3, None, 0.0), Some(Duration::from_millis(250)));
        assert_eq!(wait_before(2, Some(Duration::from_secs(2)), 0.5), Some(Duration::from_secs(2)));
        assert_eq!(wait_before(2, Some(Duration::from_hours(1)), 0.5), None);
        assert_eq!(wait_before(MAX_CALLS + 1, None, 0.5), None);
    }
}
