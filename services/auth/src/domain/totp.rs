//! Time-based codes (RFC 6238) in the form that every authenticator app knows: SHA-1, 6 digits, 30 s. The clock is ours.

use aether_common::problem::Problem;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use totp_rs::{Builder, Secret};

/// The length of secrets: the 160 bits that RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;
/// How many digits a code has.
pub const DIGITS: usize = 6;
/// How the product calls itself in the app.
const ISSUER: &str = "AetherOS";

/// The secret that an authenticator app and we share.
pub struct Totp(totp_rs::Totp);

impl Totp {
    /// The codes of this secret, for the app to show under this account's name.
    pub fn new(secret: [u8; SECRET_BYTES], account: &str) -> Result<Self, Problem> {
        let totp = Builder::new().with_secret(Secret::new_stack(secret)).with_account_name(account);
        let totp = totp.with_issuer(Some(ISSUER)).build();
        totp.map(Self).map_err(|error| Problem::internal(format!("TOTP: {error}")))
    }

    /// The secret as it is typed into an app: base32.
    pub fn secret(&self) -> SecretString {
        self.0.secret().to_base32().into()
    }

    /// The secret as an app reads it from a picture.
    pub fn url(&self) -> Result<SecretString, Problem> {
        let url = self.0.to_url();
        url.map(SecretString::from).map_err(|error| Problem::internal(format!("TOTP: {error}")))
    }

    /// The time step whose code this is: the present one, the one before or the one after. Whether it was used before is not
    /// known here.
    pub fn step(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let seconds = u64::try_from(now.timestamp()).ok()?;
        self.0.check(code, seconds).and_then(|step| i64::try_from(step).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use secrecy::ExposeSecret;

    fn totp() -> Totp {
        Totp::new(*b"12345678901234567890", "ana@example.com").unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp().step(code, at(seconds)), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_one_late() {
        let step = 1_111_111_111 / 30;
        let begin = at(step * 30);
        let found = |offset: i64| totp().step("050471", begin + TimeDelta::seconds(offset));
        assert_eq!((found(-31), found(-30), found(59), found(60)), (None, Some(step), Some(step), None));
    }

    #[test]
    fn only_six_plain_digits_are_a_code() {
        for text in [
            "",
            "05047",
            "0050471",
            "+50471",
            "-50471",
            " 50471",
            "0x0471",
            "０５０４７１",
            "٠٥٠٤٧١",
            "0504\u{0}1",
        ] {
            assert_eq!(totp().step(text, at(1_111_111_111)), None, "{text:?}");
        }
        assert_eq!(totp().step(&"0".repeat(1_000_000), at(1_111_111_111)), None);
    }

    #[test]
    fn an_app_reads_the_url() {
        assert_eq!(totp().secret().expose_secret(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            totp().url().unwrap().expose_secret(),
            "otpauth://totp/AetherOS:ana%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=AetherOS"
        );
    }
}
