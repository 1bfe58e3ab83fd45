//! argon2 in memory that goes back to the system when a hash is done. The library does the hashing and the comparing; it
//! is only handed the memory, which it would otherwise allocate itself.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{CustomizedPasswordHasher, PasswordHasher, Result};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// In blocks of a KiB, 33 MiB: more than the 32 MiB up to which glibc's `malloc` takes a block that was given back as a hint to
/// keep the next one of its size for good. Of what is reserved only the part that is used takes memory.
const RESERVED: usize = 33 * 1024;

/// Hashes with parameters of its own, and verifies with those of what is stored.
#[derive(Debug)]
pub(super) struct Hasher {
    algorithm: Algorithm,
    version: Version,
    params: Params,
}

impl Hasher {
    pub(super) const fn new(params: Params) -> Self {
        Self { algorithm: Algorithm::Argon2id, version: Version::V0x13, params }
    }
}

impl CustomizedPasswordHasher<PasswordHash> for Hasher {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> Result<PasswordHash> {
        let algorithm = algorithm.map_or(Ok(self.algorithm), Algorithm::try_from)?;
        let version = version.map_or(Ok(self.version), Version::try_from)?;
        let salt = Salt::new(salt)?;
        let mut memory: Vec<Block> = Vec::with_capacity(params.block_count().max(RESERVED));
        memory.resize(params.block_count(), Block::default());
        let mut output = vec![0; params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
        let stored = ParamsString::try_from(&params)?;
        let argon = Argon2::new(algorithm, version, params);
        argon.hash_password_into_with_memory(password, &salt, &mut output, &mut memory)?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: stored,
            salt: Some(salt),
            hash: Some(Output::new(&output)?),
        })
    }
}

impl PasswordHasher<PasswordHash> for Hasher {
    fn hash_password_with_salt(&self, password: &[u8], salt: &[u8]) -> Result<PasswordHash> {
        self.hash_password_with_params(password, salt, self.params.clone())
    }
}
