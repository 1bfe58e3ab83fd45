//! Secrets handed to a browser: made here, kept by the browser, and stored only as a SHA-256.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// Length of a token's text: 32 bytes in URL-safe base64 without padding.
const TEXT_LENGTH: usize = 43;

/// A secret of 256 random bits. Whoever shows it is taken for its owner, so it is never logged and never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// A new token from the thread's cryptographic generator (ChaCha, seeded by the operating system).
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// Reads a token back from a cookie or a link; `None` when it cannot be one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_LENGTH {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The text for the cookie or link: 43 characters, safe in both without escaping.
    #[must_use]
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the database keeps and looks up.
    ///
    /// A plain hash is enough: the token has 256 bits of its own, so there is nothing to guess and nothing to salt.
    /// The look-up is by this hash in an index, not by comparing secrets byte for byte, so its timing can at most
    /// tell how much of a *hash* matched; from that nobody can work towards a token. Hence no constant-time compare.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// The SHA-256 of a [`Token`]: safe to store, useless to steal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The 32 bytes, for a `bytea` parameter.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_and_no_two_are_alike() {
        let token = Token::random();
        assert_eq!(Token::parse(&token.text()).unwrap(), token);
        assert_eq!(token.text().len(), TEXT_LENGTH);
        assert!(token.text().chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        assert_ne!(token, Token::random());
        assert_ne!(token.hash(), Token::random().hash());
    }

    #[test]
    fn the_hash_is_the_sha256_of_the_bytes_and_not_the_bytes() {
        let token = Token([0; 32]);
        let expected = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        assert_eq!(hex::encode(token.hash().as_bytes()), expected);
    }

    #[test]
    fn what_is_not_a_token_is_none() {
        let good = Token::random().text();
        for text in [
            "",
            "abc",
            &good[1..],
            &format!("{good}A"),
            &good.replace(&good[..1], "="),
            "é".repeat(22).as_str(),
        ] {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_token_does_not_show_itself_in_debug_output() {
        let token = Token::random();
        assert!(!format!("{token:?}").contains(&token.text()));
    }
}
