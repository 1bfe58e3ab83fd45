//! Finds the PostgreSQL server programs that are installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::DatabaseError;

/// The oldest major version the program works with.
pub const OLDEST: u32 = 15;

/// Server programs of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// Major version.
    pub major: u32,
    /// The folder of `postgres` and `initdb`.
    pub dir: PathBuf,
}

/// The newest installed server programs; those of `major` when the data was made by that version.
///
/// `PG_BIN_DIR` (`bin_dir`) alone counts when given; else `pg_config --bindir`, Debian's folders and `PATH`.
///
/// # Errors
/// None fits: a sentence with the line that installs them.
pub fn find(bin_dir: Option<&Path>, major: Option<u32>) -> Result<Binaries, DatabaseError> {
    let mut found: Vec<Binaries> = candidates(bin_dir).into_iter().filter_map(inspect).collect();
    found.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
    let fits = |binaries: &&Binaries| major.map_or(binaries.major >= OLDEST, |major| binaries.major == major);
    if let Some(binaries) = found.iter().find(fits) {
        return Ok(binaries.clone());
    }
    let place = bin_dir.map_or_else(String::new, |dir| format!(" in PG_BIN_DIR ({})", dir.display()));
    Err(DatabaseError::Refused(match major {
        Some(major) => format!(
            "The data was made by PostgreSQL {major}, whose server programs were not found{place}. \
             Install them: sudo apt-get install postgresql-{major}"
        ),
        None => format!(
            "No PostgreSQL server programs, version {OLDEST} or newer, were found{place}. Install them: \
             sudo apt-get install postgresql – or set PG_BIN_DIR to their folder, or DATABASE_URL to use a \
             server that runs elsewhere."
        ),
    }))
}

fn candidates(bin_dir: Option<&Path>) -> Vec<PathBuf> {
    if let Some(dir) = bin_dir {
        return vec![dir.to_owned()];
    }
    let mut dirs = Vec::new();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        dirs.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    for entry in fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        dirs.push(entry.path().join("bin"));
    }
    dirs.push(PathBuf::from("/usr/local/pgsql/bin"));
    dirs.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    dirs
}

fn inspect(dir: PathBuf) -> Option<Binaries> {
    if !dir.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(dir.join("postgres")).arg("--version").output().ok()?;
    let major = major_of(&String::from_utf8_lossy(&output.stdout))?;
    Some(Binaries { major, dir })
}

/// The major version in an answer like `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_every_spelling() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("something else"), None);
    }

    #[test]
    fn missing_programs_are_a_sentence_with_the_remedy() {
        let nowhere = Path::new("/nonexistent/bin");
        let sentence = find(Some(nowhere), None).unwrap_err().to_string();
        assert!(sentence.contains("sudo apt-get install postgresql"), "{sentence}");
        assert!(sentence.contains("/nonexistent/bin"), "{sentence}");
        let sentence = find(Some(nowhere), Some(13)).unwrap_err().to_string();
        assert!(sentence.contains("postgresql-13"), "{sentence}");
    }
}
