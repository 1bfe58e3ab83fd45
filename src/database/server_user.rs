//! Who the private server runs as: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Gid, Uid, User, chown, getegid, geteuid};

use super::DatabaseError;

/// The user the server runs as.
#[derive(Clone, Copy, Debug)]
pub struct ServerUser {
    uid: u32,
    gid: u32,
    /// We are root and become somebody else.
    drops_root: bool,
}

impl ServerUser {
    /// As root: the user named, else `postgres`, else `nobody`. As anyone else: who we are.
    ///
    /// # Errors
    /// Nobody of that name is known here.
    pub fn choose(wanted: Option<&str>) -> Result<Self, DatabaseError> {
        if !geteuid().is_root() {
            return Ok(Self { uid: geteuid().as_raw(), gid: getegid().as_raw(), drops_root: false });
        }
        let names = wanted.map_or_else(|| vec!["postgres", "nobody"], |name| vec![name]);
        for name in &names {
            match User::from_name(name) {
                Ok(Some(user)) if !user.uid.is_root() => {
                    return Ok(Self { uid: user.uid.as_raw(), gid: user.gid.as_raw(), drops_root: true });
                }
                _ => {}
            }
        }
        Err(DatabaseError::Refused(format!(
            "PostgreSQL does not run as root, and this machine has no user called {}. Set PG_RUN_AS to an \
             ordinary user, or start Throughline as one.",
            names.join(" or ")
        )))
    }

    /// The number of the user.
    #[must_use]
    pub const fn uid(&self) -> u32 {
        self.uid
    }

    /// Makes `command` run as this user.
    pub fn take_on(&self, command: &mut Command) {
        if self.drops_root {
            command.uid(self.uid).gid(self.gid);
        }
    }

    /// Makes the folder of everything when it is missing: ours alone, but open to the server's user to pass through.
    ///
    /// # Errors
    /// It cannot be made, or the server's user cannot reach it.
    pub fn prepare_parent(&self, dir: &Path) -> Result<(), DatabaseError> {
        if !dir.exists() {
            fs::create_dir_all(dir).map_err(DatabaseError::at("make the folder", dir))?;
            let mode = if self.drops_root { 0o711 } else { 0o700 };
            let mode = fs::Permissions::from_mode(mode);
            fs::set_permissions(dir, mode).map_err(DatabaseError::at("set the permissions of", dir))?;
        }
        let dir = fs::canonicalize(dir).map_err(DatabaseError::at("find", dir))?;
        for ancestor in dir.ancestors().filter(|_| self.drops_root) {
            let about = fs::metadata(ancestor).map_err(DatabaseError::at("look at", ancestor))?;
            let bit = match () {
                () if about.uid() == self.uid => 0o100,
                () if about.gid() == self.gid => 0o010,
                () => 0o001,
            };
            if about.mode() & bit == 0 {
                return Err(DatabaseError::Refused(format!(
                    "The database's own user cannot reach {}, because {} is closed to it. Set DATA_DIR to \
                     another place, for example /var/lib/throughline.",
                    dir.display(),
                    ancestor.display()
                )));
            }
        }
        Ok(())
    }

    /// Makes a folder that belongs to this user and is closed to others.
    ///
    /// # Errors
    /// It cannot be made, or belongs to somebody else.
    pub fn own_dir(&self, dir: &Path) -> Result<(), DatabaseError> {
        fs::create_dir_all(dir).map_err(DatabaseError::at("make the folder", dir))?;
        if self.drops_root {
            chown(dir, Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.gid)))
                .map_err(|errno| DatabaseError::at("hand over", dir)(errno.into()))?;
        }
        self.must_own(dir)?;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))
            .map_err(DatabaseError::at("set the permissions of", dir))
    }

    /// Refuses a folder that belongs to somebody else, as after a start as another user.
    ///
    /// # Errors
    /// It belongs to somebody else, or cannot be looked at.
    pub fn must_own(&self, dir: &Path) -> Result<(), DatabaseError> {
        let owner = fs::metadata(dir).map_err(DatabaseError::at("look at", dir))?.uid();
        if owner != self.uid {
            return Err(DatabaseError::Refused(format!(
                "{} belongs to user {owner}, but the database would run as user {}. Start Throughline as the \
                 user who did so before, or give the folder to this one.",
                dir.display(),
                self.uid
            )));
        }
        Ok(())
    }
}
