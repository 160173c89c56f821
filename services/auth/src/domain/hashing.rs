//! How passwords are hashed. Argon2id costs 19 MiB and some 30 ms on purpose, so hashing runs on few threads, with a short
//! queue and the same memory each time; what comes on top is told to try again. A pepper, where one is set, is Argon2's
//! secret value (RFC 9106 section 3.1): whoever has the database alone cannot even begin to guess.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use aether_common::problem::Problem;
use argon2::{
    Algorithm, Argon2, Block, KeyId, Params, ParamsBuilder, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::domain::password::Password;

/// How many may wait for a thread, for each thread.
const QUEUE_PER_THREAD: usize = 16;
/// The length of salts, in bytes.
const SALT_BYTES: usize = 16;
/// The length of hashes, in bytes.
const HASH_BYTES: usize = 32;

/// A secret that goes into every hash and is not in the database.
#[derive(Clone)]
struct Pepper {
    secret: SecretString,
    /// Kept with each hash (`keyid`), so that a pepper can be replaced by another one.
    id: KeyId,
}

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
    /// The first one goes into new hashes; the others still verify.
    peppers: Arc<[Pepper]>,
    /// One for each thread that hashes.
    threads: Arc<Semaphore>,
    /// Memory that a hash has been computed in, for the next one: never more than there are threads.
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
    /// One for each caller that hashes or waits.
    queue: Arc<Semaphore>,
    /// Checked where there is no account, so that its absence takes the same time.
    decoy: Arc<str>,
    operations: Arc<AtomicU64>,
}

impl Passwords {
    /// Hashing with the parameters that OWASP asks for at least: 19 MiB, 2 passes, 1 lane. The first pepper goes into new
    /// hashes; those made with another one, or with none, are renewed at their owner's next sign-in.
    pub async fn new(peppers: &[SecretString]) -> Result<Self, Problem> {
        Self::with(19_456, 2, peppers).await
    }

    async fn with(kibibytes: u32, passes: u32, peppers: &[SecretString]) -> Result<Self, Problem> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let peppers = peppers.iter().map(Pepper::new).collect::<Result<Arc<[_]>, _>>()?;
        let mut params = ParamsBuilder::new();
        params.m_cost(kibibytes).t_cost(passes).p_cost(1);
        if let Some(pepper) = peppers.first() {
            params.keyid(pepper.id);
        }
        let mut passwords = Self {
            params: params.build().map_err(Problem::internal)?,
            peppers,
            threads: Arc::new(Semaphore::new(threads)),
            memory: Arc::default(),
            queue: Arc::new(Semaphore::new(threads * (1 + QUEUE_PER_THREAD))),
            decoy: "".into(),
            operations: Arc::default(),
        };
        let decoy = Password::read(&"nobody has this one".into()).map_err(Problem::internal)?;
        let decoy = passwords.hash(&decoy).await?;
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

    fn hash_now(&self, password: &Password) -> Result<String, Problem> {
        let salt: [u8; SALT_BYTES] = rand::random();
        let mut hash = [0; HASH_BYTES];
        self.compute(&self.params, password, &salt, &mut hash)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params).map_err(Problem::internal)?,
            salt: Some(Salt::new(&salt).map_err(Problem::internal)?),
            hash: Some(Output::new(&hash).map_err(Problem::internal)?),
        };
        Ok(hash.to_string())
    }

    fn matches(&self, password: &Password, kept: &str) -> Result<bool, Problem> {
        let unreadable = || Problem::internal("a kept password hash cannot be read");
        let kept = PasswordHash::new(kept).map_err(|_| unreadable())?;
        let params = Params::try_from(&kept).map_err(|_| unreadable())?;
        let (Some(salt), Some(expected)) = (&kept.salt, &kept.hash) else { return Err(unreadable()) };
        if kept.algorithm != Algorithm::Argon2id.ident() || kept.version != Some(Version::V0x13.into()) {
            return Err(unreadable());
        }
        if self.secret(&params).is_none() {
            tracing::error!(
                event = "pepper_unknown",
                "a kept password hash needs a pepper that AETHER_PASSWORD_PEPPER does not hold"
            );
            // It takes its time all the same.
            let mut computed = [0; HASH_BYTES];
            self.compute(&self.params, password, salt, &mut computed)?;
            return Ok(false);
        }
        let mut computed = vec![0; expected.len()];
        self.compute(&params, password, salt, &mut computed)?;
        Ok(verify_slices_are_equal(&computed, expected.as_bytes()).is_ok())
    }

    /// Only called on a thread that holds a permit, so that there are as many memories as threads.
    fn compute(
        &self,
        params: &Params,
        password: &Password,
        salt: &[u8],
        hash: &mut [u8],
    ) -> Result<(), Problem> {
        self.operations.fetch_add(1, Ordering::Relaxed);
        let lock = || self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = lock().pop().unwrap_or_default();
        memory.resize(params.block_count(), Block::default());
        let secret = self.secret(params).ok_or_else(|| Problem::internal("a pepper that is not set"))?;
        let argon2 = Argon2::new_with_secret(secret, Algorithm::Argon2id, Version::V0x13, params.clone())
            .map_err(Problem::internal)?;
        let done = argon2.hash_password_into_with_memory(password.as_bytes(), salt, hash, &mut memory);
        lock().push(memory);
        done.map_err(Problem::internal)
    }

    fn is_current(&self, hash: &str) -> bool {
        PasswordHash::new(hash).is_ok_and(|hash| {
            hash.algorithm.as_str() == "argon2id"
                && Params::try_from(&hash).is_ok_and(|params| {
                    (params.m_cost(), params.t_cost(), params.p_cost(), params.keyid())
                        == (
                            self.params.m_cost(),
                            self.params.t_cost(),
                            self.params.p_cost(),
                            self.params.keyid(),
                        )
                })
        })
    }

    /// What these parameters mix in: nothing for hashes without a pepper; `None` when their pepper is not known.
    fn secret(&self, params: &Params) -> Option<&[u8]> {
        if params.keyid().is_empty() {
            return Some(&[]);
        }
        let pepper = self.peppers.iter().find(|pepper| pepper.id.as_bytes() == params.keyid())?;
        Some(pepper.secret.expose_secret().as_bytes())
    }
}

impl Pepper {
    fn new(secret: &SecretString) -> Result<Self, Problem> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        let name = hmac::sign(&key, b"aether pepper id v1");
        let id = KeyId::new(&name.as_ref()[..8]).map_err(Problem::internal)?;
        Ok(Self { secret: secret.clone(), id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::PasswordHasher;

    fn read(text: &str) -> Result<Password, String> {
        Password::read(&SecretString::from(text.to_owned()))
    }

    async fn cheap() -> Passwords {
        Passwords::with(64, 1, &[]).await.unwrap()
    }

    #[tokio::test]
    async fn a_hash_is_in_the_form_that_others_read_and_write() {
        let passwords = cheap().await;
        let password = read("tiger umbrella 9 frost").unwrap();
        let ours = passwords.hash(&password).await.unwrap();
        assert!(ours.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{ours}");
        let theirs: PasswordHash = Argon2::default().hash_password(password.as_bytes()).unwrap();
        for kept in [ours, theirs.to_string()] {
            assert_ne!(passwords.verify(&password, Some(&kept)).await.unwrap(), Verdict::Wrong);
            let other = read("tiger umbrella 8 frost").unwrap();
            assert_eq!(passwords.verify(&other, Some(&kept)).await.unwrap(), Verdict::Wrong);
        }
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
        let now = Passwords::with(128, 1, &[]).await.unwrap();
        let Verdict::Right { rehashed: Some(new) } = now.verify(&password, Some(&old)).await.unwrap() else {
            panic!("not rehashed")
        };
        assert_eq!(now.verify(&password, Some(&new)).await.unwrap(), Verdict::Right { rehashed: None });
    }

    #[tokio::test]
    async fn a_pepper_is_needed_to_check_and_can_be_replaced() {
        let (first, second): (SecretString, SecretString) = ("first pepper".into(), "second pepper".into());
        let password = read("tiger umbrella 9 frost").unwrap();
        let plain = cheap().await.hash(&password).await.unwrap();
        let peppered = Passwords::with(64, 1, std::slice::from_ref(&first)).await.unwrap();
        // Hashes of before the pepper are good, and renewed.
        let Verdict::Right { rehashed: Some(with_first) } =
            peppered.verify(&password, Some(&plain)).await.unwrap()
        else {
            panic!("not rehashed")
        };
        assert!(with_first.contains("keyid=") && !with_first.contains("pepper"), "{with_first}");
        assert_eq!(
            peppered.verify(&password, Some(&with_first)).await.unwrap(),
            Verdict::Right { rehashed: None }
        );
        // Without it the right password is wrong, and takes one hash as any.
        for stranger in [cheap().await, Passwords::with(64, 1, std::slice::from_ref(&second)).await.unwrap()]
        {
            let before = stranger.operations();
            assert_eq!(stranger.verify(&password, Some(&with_first)).await.unwrap(), Verdict::Wrong);
            assert_eq!(stranger.operations() - before, 1);
        }
        let both = Passwords::with(64, 1, &[second, first]).await.unwrap();
        let verdict = both.verify(&password, Some(&with_first)).await.unwrap();
        assert!(matches!(verdict, Verdict::Right { rehashed: Some(new) } if new != with_first));
    }

    #[tokio::test]
    async fn too_many_at_once_are_told_to_come_again() {
        let passwords = Passwords::new(&[]).await.unwrap();
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
