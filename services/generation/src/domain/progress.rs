//! How far a generation is, as a number from 0 to 100 that never falls within an attempt. Nobody knows how long an answer
//! will be, so the number nears its bound without ever reaching it before the end.

/// When a worker has it.
pub const RUNNING: u8 = 2;
/// When the artifact is being checked.
pub const VALIDATING: u8 = 95;
/// When it has ended well.
pub const DONE: u8 = 100;

/// A usual artifact's length in bytes: there, the number stands half-way between its bounds.
const USUAL_BYTES: usize = 6000;
const FIRST: usize = 5;
const LAST: usize = 94;

/// While text is coming.
pub fn streaming(bytes: usize) -> u8 {
    let value = FIRST + (LAST - FIRST) * bytes / (bytes + USUAL_BYTES).max(1);
    u8::try_from(value).unwrap_or(VALIDATING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_and_stays_below_the_check() {
        let mut last = RUNNING;
        for bytes in (0..2_000_000).step_by(997) {
            let now = streaming(bytes);
            assert!(now >= last && now < VALIDATING);
            last = now;
        }
    }
}
