//! One-time codes: six figures from a telephone that change every thirty seconds (RFC 6238), and what the telephone is told.

use chrono::{DateTime, TimeDelta, Utc};
use totp_rs::{Builder, Totp};

/// How long somebody whose password was right may take over their code.
pub const HALFWAY: TimeDelta = TimeDelta::minutes(10);
/// How many recovery codes somebody gets.
pub const RECOVERY_CODES: usize = 10;
/// The seconds of one step.
const STEP: i64 = 30;

/// What the telephone and this program both know. Never logged; shown once, while it is set up.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 20]);

impl Secret {
    /// A new one, 160 random bits.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// As it is stored; `None` when it cannot be one.
    #[must_use]
    pub fn stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// What the database keeps.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn totp(&self) -> Option<Totp> {
        // one step before and after: telephones and servers are rarely a minute apart, and people type slowly
        Builder::new().with_secret(self.0.to_vec()).with_skew(1).build().ok()
    }

    /// The key to type in where a camera does not help: in groups of four.
    #[must_use]
    pub fn key(&self) -> String {
        let letters: Vec<char> =
            self.totp().map(|totp| totp.secret().to_base32().chars().collect()).unwrap_or_default();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        groups.join(" ")
    }

    /// What the picture says to the telephone, for somebody who signs in with `account`.
    #[must_use]
    pub fn address(&self, account: &str) -> String {
        let key = self.key().replace(' ', "");
        let part = |text: &str| {
            let pair = serde_html_form::to_string([("", text)]).unwrap_or_default();
            pair.trim_start_matches('=').to_owned()
        };
        format!("otpauth://totp/Throughline:{}?secret={key}&issuer=Throughline", part(account))
    }

    /// The step whose code this is, when it is one of now, of the step before or of the one after. Which steps were used
    /// already is for the caller to know.
    #[must_use]
    pub fn step_of(&self, typed: &str, now: DateTime<Utc>) -> Option<i64> {
        let code: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let step = self.totp()?.check(&code, u64::try_from(now.timestamp()).ok()?)?;
        i64::try_from(step).ok()
    }

    /// The code of an instant, as the telephone shows it.
    #[must_use]
    pub fn code(&self, now: DateTime<Utc>) -> Option<String> {
        Some(self.totp()?.generate(u64::try_from(now.timestamp()).ok()?).to_string())
    }
}

/// The step an instant is in.
#[must_use]
pub const fn step(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(STEP)
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// The published test values of RFC 6238, appendix B, SHA-1, shortened to six figures.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret::stored(b"12345678901234567890").unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(secret.code(at(seconds)).as_deref(), Some(code));
            assert_eq!(secret.step_of(code, at(seconds)), Some(seconds / 30));
            assert_eq!(step(at(seconds)), seconds / 30);
        }
        assert_eq!(secret.key(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            secret.address("amara+1@rowan.example"),
            "otpauth://totp/Throughline:amara%2B1%40rowan.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Throughline"
        );
    }

    #[test]
    fn a_step_earlier_or_later_is_taken_and_no_more() {
        let (secret, now) = (Secret::random(), at(1_795_000_005));
        let code = |steps: i64| secret.code(now + TimeDelta::seconds(30 * steps)).unwrap();
        let here = step(now);
        for (steps, wanted) in [(-1, Some(here - 1)), (0, Some(here)), (1, Some(here + 1))] {
            assert_eq!(secret.step_of(&code(steps), now), wanted);
        }
        for steps in [-3, -2, 2, 3] {
            let code = code(steps);
            // one in a million codes is also that of another step
            let also = (-1..=1).any(|near| self::tests_code(&secret, now, near) == code);
            assert!(also || secret.step_of(&code, now).is_none(), "{steps}");
        }
    }

    fn tests_code(secret: &Secret, now: DateTime<Utc>, steps: i64) -> String {
        secret.code(now + TimeDelta::seconds(30 * steps)).unwrap()
    }

    #[test]
    fn a_code_is_typed_as_it_is_read() {
        let (secret, now) = (Secret::random(), at(1_795_000_005));
        let code = secret.code(now).unwrap();
        let spaced = format!(" {} {} ", &code[..3], &code[3..]);
        assert_eq!(secret.step_of(&spaced, now), Some(step(now)));
        for wrong in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "-12345", "+12345"] {
            assert_eq!(secret.step_of(wrong, now), None, "{wrong}");
        }
        assert_eq!(format!("{secret:?}"), "Secret(hidden)");
        assert_ne!(Secret::random(), Secret::random());
        assert_eq!(Secret::stored(&[1; 19]), None);
    }
}
