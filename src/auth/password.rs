//! Passwords: argon2id at the OWASP parameters, away from the async threads, never more than two at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use super::hashing::Hasher;
use super::strength::{self, MOST_CHARACTERS, PasswordRefusal};

/// Memory in KiB, passes and lanes (OWASP Password Storage Cheat Sheet): 19 MiB, 2, 1.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Length of the hash in bytes.
const OUTPUT: usize = 32;

/// Two at a time: as many as have cores here, and a bound on memory (2 × 19 MiB) whatever the load.
const AT_ONCE: usize = 2;

/// A hash that no password has (its output is all zeros), with our own parameters: verifying against it takes as long
/// as against a real one, so that an email nobody has cannot be told from one with a wrong password.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and verifies passwords. Cheap to clone; all clones share the limit of two at a time.
#[derive(Clone, Debug)]
pub struct Passwords {
    permits: Arc<Semaphore>,
}

/// What came of comparing a password with the stored hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Not the password, or nobody has this email: the same answer after the same time.
    Wrong,
    /// The password.
    Right {
        /// The stored hash has other parameters than ours today: store a new one while the password is at hand.
        rehash: bool,
    },
}

/// Why a new password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum NewPasswordError {
    /// The password does not do: a sentence for the person who chose it.
    #[error(transparent)]
    Refused(#[from] PasswordRefusal),
    /// Hashing failed.
    #[error(transparent)]
    Failed(#[from] PasswordFailure),
}

/// Hashing failed: out of memory, or the program is stopping. For the log; never the password's fault.
#[derive(Debug, thiserror::Error)]
#[error("a password could not be hashed: {0}")]
pub struct PasswordFailure(String);

impl Passwords {
    /// A new pair of permits; one per process.
    #[must_use]
    pub fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Checks a new password against the rules ([`strength::check`]) and hashes it, as a PHC string for the database.
    /// `about` is what a guesser would try first: the person's name and email, the provider's name.
    ///
    /// # Errors
    /// Refused by the rules, or hashing failed.
    pub async fn accept(&self, password: &str, about: &[&str]) -> Result<String, NewPasswordError> {
        let password = password.to_owned();
        let about: Vec<String> = about.iter().map(|&text| text.to_owned()).collect();
        self.apart(move || {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            strength::check(&password, &about)?;
            Ok(hash(&password)?)
        })
        .await?
    }

    /// Whether `password` is the one behind `stored`; `None` when nobody has the email, which takes as long.
    ///
    /// # Errors
    /// Hashing failed. A stored text that is no hash is an error too, never a match.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict, PasswordFailure> {
        // Nobody's password is longer, and a megabyte of it should not be copied or hashed: compare a short stand-in.
        let too_long = password.len() > MOST_CHARACTERS * 4;
        let password = if too_long { String::new() } else { password.to_owned() };
        let known = stored.is_some() && !too_long;
        let stored = stored.unwrap_or(NOBODYS_HASH).to_owned();
        self.apart(move || {
            let stored = PasswordHash::new(&stored).map_err(failure)?;
            match hasher()?.verify_password(password.as_bytes(), &stored) {
                Ok(()) if known => Ok(Verdict::Right { rehash: needs_rehash(&stored) }),
                Ok(()) | Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Verdict::Wrong),
                Err(error) => Err(failure(error)),
            }
        })
        .await?
    }

    /// Runs `work` on a blocking thread once one of the permits is free. The permit goes along with the work:
    /// a request that is dropped meanwhile does not make room for a third.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordFailure> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(failure)?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        })
        .await
        .map_err(failure)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// Hashes without checking the rules and on the thread it is called on: for the command line.
///
/// # Errors
/// Hashing failed.
pub fn hash(password: &str) -> Result<String, PasswordFailure> {
    hasher()?.hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(failure)
}

fn hasher() -> Result<Hasher, PasswordFailure> {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT)).map(Hasher::new).map_err(failure)
}

fn needs_rehash(stored: &PasswordHash) -> bool {
    let ours = Params::try_from(stored).is_ok_and(|params| {
        (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES)
    });
    let same_algorithm =
        stored.algorithm.as_str() == "argon2id" && stored.version == Some(Version::V0x13.into());
    let same_length = stored.hash.is_some_and(|output| output.len() == OUTPUT);
    !(ours && same_algorithm && same_length)
}

fn failure(error: impl std::fmt::Display) -> PasswordFailure {
    PasswordFailure(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{Algorithm, Argon2};
    use std::sync::atomic::{AtomicUsize, Ordering};

    const GOOD: &str = "marmalade tractor evening";

    #[tokio::test]
    async fn the_right_password_is_right_and_no_other() {
        let passwords = Passwords::new();
        let stored = passwords.accept(GOOD, &[]).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(passwords.verify(GOOD, Some(&stored)).await.unwrap(), Verdict::Right { rehash: false });
        for wrong in ["", "Marmalade tractor evening", "marmalade tractor evening ", &"x".repeat(100_000)] {
            assert_eq!(passwords.verify(wrong, Some(&stored)).await.unwrap(), Verdict::Wrong);
        }
        assert_ne!(stored, passwords.accept(GOOD, &[]).await.unwrap(), "each hash has its own salt");
    }

    #[tokio::test]
    async fn an_unknown_email_costs_the_same_hash_and_is_always_wrong() {
        let nobody = PasswordHash::new(NOBODYS_HASH).unwrap();
        assert!(!needs_rehash(&nobody), "the stand-in must cost what a real hash costs");
        assert_eq!(Passwords::new().verify(GOOD, None).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn an_old_hash_still_opens_and_asks_to_be_renewed() {
        let params = Params::new(8 * 1024, 1, 1, Some(32)).unwrap();
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let stored = old.hash_password(GOOD.as_bytes()).unwrap().to_string();
        let verdict = Passwords::new().verify(GOOD, Some(&stored)).await.unwrap();
        assert_eq!(verdict, Verdict::Right { rehash: true });
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).unwrap();
        let other =
            Argon2::new(Algorithm::Argon2i, Version::V0x13, params).hash_password(GOOD.as_bytes()).unwrap();
        assert!(needs_rehash(&other));
    }

    #[tokio::test]
    async fn what_is_stored_but_no_hash_is_an_error_and_never_a_match() {
        for stored in
            ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1$", "$scrypt$ln=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA"]
        {
            let verdict = Passwords::new().verify("plain", Some(stored)).await;
            assert!(!matches!(verdict, Ok(Verdict::Right { .. })), "{stored}: {verdict:?}");
        }
    }

    /// Only the memory is ours: what is hashed in it is what the library hashes.
    #[test]
    fn the_library_reads_what_was_hashed() {
        let stored = PasswordHash::new(&hash(GOOD).unwrap()).unwrap();
        Argon2::default().verify_password(GOOD.as_bytes(), &stored).unwrap();
        Argon2::default().verify_password(b"marmalade tractor evenings", &stored).unwrap_err();
    }

    #[tokio::test]
    async fn a_weak_password_is_refused_with_its_sentence() {
        let refused = Passwords::new().accept("short", &[]).await.unwrap_err();
        assert_eq!(refused.to_string(), "Use at least 12 characters");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn never_more_than_two_at_a_time_even_when_requests_are_dropped() {
        let (passwords, running, most) =
            (Passwords::new(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (passwords, running, most) = (passwords.clone(), Arc::clone(&running), Arc::clone(&most));
                tokio::spawn(async move {
                    let work = passwords.apart(move || {
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::sleep(std::time::Duration::from_millis(30));
                        running.fetch_sub(1, Ordering::SeqCst);
                    });
                    // Half of them are given up long before the work is done.
                    let _ = tokio::time::timeout(std::time::Duration::from_millis(5), work).await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let _permits = passwords.permits.acquire_many(2).await.unwrap();
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    }
}
