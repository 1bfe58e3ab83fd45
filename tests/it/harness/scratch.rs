//! Folders for tests.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A new folder, removed when dropped; a server that dropped root can reach it.
pub struct Scratch(PathBuf);

impl Scratch {
    /// `purpose` is part of its name.
    pub fn new(purpose: &str) -> Self {
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let folder = std::env::temp_dir().join(format!("throughline-{purpose}-{unique}"));
        std::fs::create_dir_all(&folder).expect("a folder for temporary files");
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o711)).unwrap();
        Self(folder)
    }

    /// Leaves its removal to somebody else.
    pub fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
