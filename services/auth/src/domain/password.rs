//! Passwords: which are taken, and how they are hashed. Argon2id costs 19 MiB and some 30 ms on purpose, so hashing runs on
//! few threads, with a short queue; what comes on top is told to try again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use aether_common::problem::Problem;
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Score, zxcvbn};

/// The fewest characters.
pub const MIN: usize = 10;
/// The most characters.
pub const MAX: usize = 128;
/// The fewest characters beside one's own e-mail and name.
const MIN_BESIDE_KNOWN: usize = 8;
/// How many may wait for a thread, for each thread.
const QUEUE_PER_THREAD: usize = 16;

/// A password in NFC and of a good length: the same characters typed on two keyboards are the same password.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

/// What checking a password has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is wrong, or there is no such account.
    Wrong,
    /// It is right; `rehashed` is its hash with today's parameters when the kept one has older ones.
    Right {
        /// To be kept in place of the old one.
        rehashed: Option<String>,
    },
}

/// Hashes and checks passwords; cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    params: Params,
    /// One for each thread that hashes.
    threads: Arc<Semaphore>,
    /// One for each caller that hashes or waits.
    queue: Arc<Semaphore>,
    /// Checked where there is no account, so that its absence takes the same time.
    decoy: Arc<str>,
    operations: Arc<AtomicU64>,
}

impl Password {
    /// Reads a password, or says why it cannot be one. Long input is refused before any work is done on it.
    pub fn read(text: &SecretString) -> Result<Self, String> {
        let text = text.expose_secret();
        let too_long = || format!("must have at most {MAX} characters");
        // NFC never joins more than a few scalars into one.
        if text.len() > MAX * 16 {
            return Err(too_long());
        }
        let normal: String = text.nfc().collect();
        match normal.chars().count() {
            _ if normal.contains('\0') => Err("must not hold the character U+0000".into()),
            length if length > MAX => Err(too_long()),
            _ => Ok(Self(normal.into())),
        }
    }

    /// Why the password is not good enough for a new account of this e-mail and name; nothing when it is. Takes some
    /// milliseconds of CPU.
    pub fn weakness(&self, email: &str, name: &str) -> Option<String> {
        let text = self.0.expose_secret();
        if text.chars().count() < MIN {
            return Some(format!("must have at least {MIN} characters"));
        }
        if text.trim().is_empty() {
            return Some("must not be blank".into());
        }
        let local = email.split('@').next().unwrap_or_default();
        let mut known = vec![email, local, name, "aether", "aetheros"];
        known.extend(email.split(['@', '.', '-', '_', '+']).filter(|word| word.len() > 2));
        known.extend(name.split_whitespace().filter(|word| word.len() > 2));
        if is_made_of(text, &known) {
            return Some("must not be made of your e-mail or name".into());
        }
        let estimate = zxcvbn(text, &known);
        if estimate.score() >= Score::Three {
            return None;
        }
        let mut reason = String::from("is too easy to guess.");
        let feedback = estimate.feedback();
        if let Some(warning) = feedback.and_then(zxcvbn::feedback::Feedback::warning) {
            reason = format!("{reason} {warning}");
        }
        if let Some(advice) = feedback.and_then(|feedback| feedback.suggestions().first()) {
            reason = format!("{reason} {advice}");
        }
        Some(reason)
    }
}

impl Passwords {
    /// Hashing with the parameters that OWASP asks for at least: 19 MiB, 2 passes, 1 lane.
    pub async fn new() -> Result<Self, Problem> {
        Self::with(Params::new(19_456, 2, 1, None).map_err(Problem::internal)?).await
    }

    async fn with(params: Params) -> Result<Self, Problem> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut passwords = Self {
            params,
            threads: Arc::new(Semaphore::new(threads)),
            queue: Arc::new(Semaphore::new(threads * (1 + QUEUE_PER_THREAD))),
            decoy: "".into(),
            operations: Arc::default(),
        };
        let decoy =
            passwords.hash(&Password(SecretString::from(String::from("nobody has this one")))).await?;
        passwords.decoy = decoy.into();
        Ok(passwords)
    }

    /// The hash to keep, in PHC form. 503 `overloaded` when too many are waiting.
    pub async fn hash(&self, password: &Password) -> Result<String, Problem> {
        let (this, password) = (self.clone(), password.clone());
        self.run(move || this.hash_now(&password)).await?
    }

    /// Checks a password against the kept hash. One hash is computed in every case, with or without an account.
    pub async fn verify(&self, password: &Password, kept: Option<&str>) -> Result<Verdict, Problem> {
        let (this, password) = (self.clone(), password.clone());
        let known = kept.is_some();
        let hash = kept.unwrap_or(&self.decoy).to_owned();
        self.run(move || {
            let right = this.matches(&password, &hash)?;
            if !known || !right {
                return Ok(Verdict::Wrong);
            }
            let rehashed = if this.is_current(&hash) { None } else { Some(this.hash_now(&password)?) };
            Ok(Verdict::Right { rehashed })
        })
        .await?
    }

    /// Says why the password is not good enough, off the runtime's threads.
    pub async fn weakness(
        &self,
        password: &Password,
        email: &str,
        name: &str,
    ) -> Result<Option<String>, Problem> {
        let (password, email, name) = (password.clone(), email.to_owned(), name.to_owned());
        self.run(move || password.weakness(&email, &name)).await
    }

    /// How many hashes have been computed.
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// How many callers hash or wait now.
    pub fn in_use(&self) -> usize {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        (threads * (1 + QUEUE_PER_THREAD)).saturating_sub(self.queue.available_permits())
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let Ok(place) = self.queue.clone().try_acquire_owned() else {
            return Err(Problem {
                retry_after: Some(Duration::from_secs(1)),
                ..Problem::new(
                    503,
                    "overloaded",
                    "Too many are signing in at this moment. Try again shortly.",
                )
            });
        };
        let thread = self.threads.clone().acquire_owned().await.map_err(Problem::internal)?;
        // The permits go with the work: it runs to its end even when the caller has gone.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((place, thread));
            result
        });
        done.await.map_err(Problem::internal)
    }

    fn argon2(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }

    fn hash_now(&self, password: &Password) -> Result<String, Problem> {
        self.operations.fetch_add(1, Ordering::Relaxed);
        let hash: PasswordHash =
            self.argon2().hash_password(password.0.expose_secret().as_bytes()).map_err(Problem::internal)?;
        Ok(hash.to_string())
    }

    fn matches(&self, password: &Password, hash: &str) -> Result<bool, Problem> {
        self.operations.fetch_add(1, Ordering::Relaxed);
        let hash =
            PasswordHash::new(hash).map_err(|_| Problem::internal("a kept password hash cannot be read"))?;
        Ok(self.argon2().verify_password(password.0.expose_secret().as_bytes(), &hash).is_ok())
    }

    fn is_current(&self, hash: &str) -> bool {
        PasswordHash::new(hash).is_ok_and(|hash| {
            hash.algorithm.as_str() == "argon2id"
                && Params::try_from(&hash).is_ok_and(|params| {
                    (params.m_cost(), params.t_cost(), params.p_cost())
                        == (self.params.m_cost(), self.params.t_cost(), self.params.p_cost())
                })
        })
    }
}

/// Whether little is left without the known words; zxcvbn counts each of them as a choice, and so lets `AnaLopez2024` pass.
fn is_made_of(text: &str, known: &[&str]) -> bool {
    let mut rest = text.to_lowercase();
    let mut words: Vec<String> =
        known.iter().map(|word| word.to_lowercase()).filter(|word| word.len() > 2).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in &words {
        rest = rest.replace(word, "");
    }
    let left = rest.trim().chars().count();
    left < MIN_BESIDE_KNOWN && left < text.trim().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn read(text: &str) -> Result<Password, String> {
        Password::read(&SecretString::from(text.to_owned()))
    }

    async fn cheap() -> Passwords {
        Passwords::with(Params::new(64, 1, 1, None).unwrap()).await.unwrap()
    }

    #[test]
    fn a_password_is_10_to_128_characters_and_hard_to_guess() {
        let weak = |text: &str| read(text).unwrap().weakness("ana.lopez@example.com", "Ana Lopez");
        assert_eq!(weak("tiger umbrella 9 frost"), None);
        assert_eq!(weak("ünïcödé wörds häbén grøße"), None);
        for bad in [
            "short",
            "password1234",
            "aaaaaaaaaaaaaaaa",
            "1234567890",
            "          ",
            "qwertyuiop",
            "ana.lopez@example.com",
            "Ana.Lopez@Example.com",
            "ana lopez 99",
            "AnaLopez2024",
            "aetheraether",
        ] {
            assert!(weak(bad).is_some(), "{bad}");
        }
        assert!(read(&"é".repeat(128)).is_ok());
        assert!(read(&"é".repeat(129)).is_err());
    }

    #[test]
    fn a_giant_password_is_refused_at_once() {
        let giant = SecretString::from("a".repeat(1_000_000));
        let began = Instant::now();
        assert!(Password::read(&giant).is_err());
        assert!(began.elapsed() < Duration::from_millis(5));
    }

    #[tokio::test]
    async fn two_keyboards_give_one_password() {
        let passwords = cheap().await;
        let hash = passwords.hash(&read("cafe\u{301} tiger umbrella").unwrap()).await.unwrap();
        let verdict = passwords.verify(&read("café tiger umbrella").unwrap(), Some(&hash)).await;
        assert_eq!(verdict.unwrap(), Verdict::Right { rehashed: None });
        let verdict = passwords.verify(&read("cafe tiger umbrella").unwrap(), Some(&hash)).await;
        assert_eq!(verdict.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn one_hash_is_computed_with_or_without_an_account() {
        let passwords = cheap().await;
        let password = read("tiger umbrella 9 frost").unwrap();
        let hash = passwords.hash(&read("another one entirely").unwrap()).await.unwrap();
        let count = async |kept: Option<&str>| {
            let before = passwords.operations();
            assert_eq!(passwords.verify(&password, kept).await.unwrap(), Verdict::Wrong);
            passwords.operations() - before
        };
        assert_eq!((count(Some(&hash)).await, count(None).await), (1, 1));
    }

    #[tokio::test]
    async fn a_hash_with_older_parameters_is_renewed() {
        let password = read("tiger umbrella 9 frost").unwrap();
        let old = cheap().await.hash(&password).await.unwrap();
        let now = Passwords::with(Params::new(128, 1, 1, None).unwrap()).await.unwrap();
        let Verdict::Right { rehashed: Some(new) } = now.verify(&password, Some(&old)).await.unwrap() else {
            panic!("not rehashed")
        };
        assert_eq!(now.verify(&password, Some(&new)).await.unwrap(), Verdict::Right { rehashed: None });
    }

    #[tokio::test]
    async fn too_many_at_once_are_told_to_come_again() {
        let passwords = Passwords::new().await.unwrap();
        let password = read("tiger umbrella 9 frost").unwrap();
        let all =
            futures::future::join_all((0..500).map(async |_| passwords.verify(&password, None).await)).await;
        let (done, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
        assert!(!done.is_empty() && !refused.is_empty());
        for problem in refused {
            let problem = problem.unwrap_err();
            assert_eq!((problem.status, &*problem.code), (503, "overloaded"));
            assert!(problem.retry_after.is_some());
        }
    }
}
