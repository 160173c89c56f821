//! Money is counted in whole micro-dollars (1 USD = 1,000,000), so that sums are exact. On the wire and in settings it is
//! US dollars with at most six decimals.

/// The largest sum that can be set: a billion dollars, in micro-dollars.
pub const MAX_MICROS: i64 = 1_000_000_000 * MICROS_PER_USD;

const MICROS_PER_USD: i64 = 1_000_000;

/// Micro-dollars as US dollars.
#[expect(
    clippy::cast_precision_loss,
    reason = "exact up to 2^53 micro-dollars, which is nine billion dollars"
)]
pub fn usd(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// US dollars, written as `12` or `0.25`, in micro-dollars. `None`: not such a number, more than six decimals, or more than
/// [`MAX_MICROS`].
pub fn parse_usd(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 6 {
        return None;
    }
    let micros = format!("{decimals:0<6}").parse::<i64>().ok()?;
    let sum = whole.parse::<i64>().ok()?.checked_mul(MICROS_PER_USD)?.checked_add(micros)?;
    (sum <= MAX_MICROS).then_some(sum)
}

/// The same for a number that came as JSON.
pub fn from_usd(dollars: f64) -> Option<i64> {
    let micros = (dollars * 1e6).round();
    if !(0.0..=1e15).contains(&micros) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and within bounds, as just checked")]
    let micros = micros as i64;
    // A seventh decimal does not survive the way back.
    (usd(micros).to_bits() == dollars.abs().to_bits()).then_some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_exactly() {
        for (text, micros) in [
            ("0", 0),
            ("5", 5_000_000),
            ("0.25", 250_000),
            ("0.000001", 1),
            ("19.999999", 19_999_999),
            ("1000000000", MAX_MICROS),
        ] {
            assert_eq!(parse_usd(text), Some(micros), "{text}");
            assert_eq!(from_usd(text.parse().unwrap()), Some(micros), "{text}");
        }
        assert_eq!(from_usd(-0.0), Some(0));
    }

    #[test]
    fn nothing_is_rounded_and_nothing_else_is_read() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "0.0000001",
            "1,5",
            "1000000000.000001",
            "9".repeat(40).as_str(),
        ] {
            assert_eq!(parse_usd(text), None, "{text}");
        }
        for dollars in [-1.0, 0.000_000_1, 1e300, f64::NAN, f64::INFINITY, 1_000_000_001.0] {
            assert_eq!(from_usd(dollars), None, "{dollars}");
        }
    }
}
