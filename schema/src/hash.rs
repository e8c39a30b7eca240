//! The links of a conversation's hash chain.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first event of a conversation follows.
    pub const ZERO: Self = Self([0; 32]);

    /// The link from `previous` over an event's stored bytes.
    pub fn link(previous: &Self, bytes: &[u8]) -> Self {
        Self(sha256([&previous.0, bytes]))
    }

    /// The digest's 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(not(target_family = "wasm"))]
fn sha256(parts: [&[u8]; 2]) -> [u8; 32] {
    use ring::digest::{Context, SHA256};

    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

#[cfg(target_family = "wasm")]
fn sha256(parts: [&[u8]; 2]) -> [u8; 32] {
    use sha2::{Digest, Sha256};

    Sha256::new().chain_update(parts[0]).chain_update(parts[1]).finalize().into()
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
        let digits = digits.filter(|digits| digits.len() == 64).ok_or_else(|| {
            serde::de::Error::invalid_value(serde::de::Unexpected::Str(&text), &"64 hexadecimal digits")
        })?;
        Ok(Self(std::array::from_fn(|i| digits[2 * i] << 4 | digits[2 * i + 1])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_the_sha_256_of_the_link_before_and_the_bytes() {
        // `sha256sum` of 32 zero bytes, and of them and a million times the letter a.
        let alone = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        assert_eq!(Hash::link(&Hash::ZERO, b"").to_string(), alone);
        let with_bytes = "3a5f2dd5a5b19f7bfb6611d1b933f5e9f70ed1f28bd6ea9c4dbe45c795453723";
        assert_eq!(Hash::link(&Hash::ZERO, &[b'a'; 1_000_000]).to_string(), with_bytes);
    }
}
