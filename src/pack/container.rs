//! The ZIP file of a pack, of one form only: entries one after the other, not compressed, without times, comments or
//! further fields. So the same content has the same bytes, any program opens it, and whoever reads it can demand every byte:
//! what is hidden between the entries, stands there twice, or has another name at the end than at the beginning, is found.

use std::io::{self, Read, Seek, SeekFrom, Write};

use flate2::Crc;
use sha2::{Digest, Sha256};

/// The longest name of an entry.
pub const LONGEST_NAME: usize = 120;
/// The largest ZIP file: what fits into 32 bits, with room for its end.
pub const MOST_BYTES: u64 = 4_000_000_000;
/// How much is read at a time.
const PIECE: usize = 64 * 1024;
const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
/// Version needed 1.0; no flags; stored; midnight of 1 January 1980, the first day a ZIP file knows.
const FIXED: [u8; 10] = [10, 0, 0, 0, 0, 0, 0, 0, 33, 0];
/// The bytes of a local header before the name.
const HEADER: usize = 30;

/// An entry of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// The hash of its content, in hex.
    pub sha256: String,
    /// Where its content begins.
    pub at: u64,
    crc: u32,
}

impl Entry {
    fn header(&self) -> Vec<u8> {
        let mut bytes = LOCAL.to_vec();
        bytes.extend(FIXED);
        self.numbers(&mut bytes);
        bytes.extend([0, 0]);
        bytes.extend(self.name.as_bytes());
        bytes
    }

    fn central(&self) -> Vec<u8> {
        let mut bytes = CENTRAL.to_vec();
        bytes.extend([20, 0]);
        bytes.extend(FIXED);
        self.numbers(&mut bytes);
        // no further field, no comment, first disk, no attributes
        bytes.extend([0; 12]);
        let header = self.at - HEADER as u64 - self.name.len() as u64;
        bytes.extend(short(header));
        bytes.extend(self.name.as_bytes());
        bytes
    }

    /// Checksum, size twice, and how long the name is.
    fn numbers(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.crc.to_le_bytes());
        bytes.extend(short(self.size));
        bytes.extend(short(self.size));
        bytes.extend(u16::try_from(self.name.len()).unwrap_or(u16::MAX).to_le_bytes());
    }
}

/// A number in 32 bits; [`MOST_BYTES`] keeps it there.
fn short(number: u64) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

/// The end of a file with these entries: their list, and where it begins.
fn tail(entries: &[Entry], from: u64) -> Vec<u8> {
    let mut bytes: Vec<u8> = entries.iter().flat_map(Entry::central).collect();
    let list = bytes.len() as u64;
    let count = u16::try_from(entries.len()).unwrap_or(u16::MAX).to_le_bytes();
    bytes.extend(END);
    bytes.extend([0; 4]);
    bytes.extend(count);
    bytes.extend(count);
    bytes.extend(short(list));
    bytes.extend(short(from));
    bytes.extend([0, 0]);
    bytes
}

/// Whether a name may stand in a pack: plain letters, figures, dots and hyphens in folders, none of them hidden or above.
#[must_use]
pub fn is_plain(name: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    name.len() <= LONGEST_NAME && name.split('/').all(plain)
}

/// Writes a ZIP file; the content of an entry is never in memory as a whole.
#[derive(Debug)]
pub struct Writer<W> {
    to: W,
    at: u64,
    entries: Vec<Entry>,
}

impl<W: Write + Seek> Writer<W> {
    /// Begins a file.
    pub const fn new(to: W) -> Self {
        Self { to, at: 0, entries: Vec::new() }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// The name is not plain or stands there already, the file would be too large, or it could not be written.
    pub fn add(&mut self, name: &str, mut content: impl Read) -> io::Result<Entry> {
        if !is_plain(name) || self.entries.iter().any(|entry| entry.name == name) {
            return Err(io::Error::other(format!("{name:?} cannot be the name of an entry")));
        }
        let header = self.at;
        let at = header + (HEADER + name.len()) as u64;
        let mut entry = Entry { name: name.to_owned(), size: 0, sha256: String::new(), at, crc: 0 };
        self.to.write_all(&entry.header())?;
        let mut sum = Sum::new();
        let mut piece = vec![0; PIECE];
        loop {
            let read = content.read(&mut piece)?;
            let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            sum.add(bytes);
            if at + sum.size > MOST_BYTES {
                return Err(io::Error::other("the pack is too large"));
            }
            self.to.write_all(bytes)?;
        }
        sum.into_entry(&mut entry);
        self.at = at + entry.size;
        self.to.seek(SeekFrom::Start(header))?;
        self.to.write_all(&entry.header())?;
        self.to.seek(SeekFrom::Start(self.at))?;
        self.entries.push(entry.clone());
        Ok(entry)
    }

    /// What was added so far.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Ends the file.
    ///
    /// # Errors
    /// It could not be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.to.write_all(&tail(&self.entries, self.at))?;
        self.to.flush()?;
        Ok(self.to)
    }
}

/// Checksum, hash and size of what goes by.
struct Sum {
    crc: Crc,
    sha256: Sha256,
    size: u64,
}

impl Sum {
    fn new() -> Self {
        Self { crc: Crc::new(), sha256: Sha256::new(), size: 0 }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.crc.update(bytes);
        self.sha256.update(bytes);
        self.size += bytes.len() as u64;
    }

    fn into_entry(self, entry: &mut Entry) {
        entry.crc = self.crc.sum();
        entry.sha256 = hex::encode(self.sha256.finalize());
        entry.size = self.size;
    }
}

/// Why a file is not a pack's ZIP file.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// A byte is not what it has to be: the sentence says where.
    #[error("{0}")]
    Broken(String),
    /// It could not be read.
    #[error("the file could not be read: {0}")]
    Unreadable(#[from] io::Error),
}

fn broken<T>(sentence: impl Into<String>) -> Result<T, Damage> {
    Err(Damage::Broken(sentence.into()))
}

/// The entries of a file in their order, and the content of those that were wanted.
pub type Content = (Vec<Entry>, Vec<(String, Vec<u8>)>);

/// Reads a whole file from its first byte to its last. `keep` says of which entries the content is wanted; it is given in
/// the order of the entries.
///
/// # Errors
/// The first thing that is not as a pack's ZIP file has it.
pub fn read(mut from: impl Read, keep: impl Fn(&str) -> bool) -> Result<Content, Damage> {
    let (mut entries, mut kept): (Vec<Entry>, Vec<(String, Vec<u8>)>) = (Vec::new(), Vec::new());
    let mut at = 0;
    let mark = loop {
        let mut mark = [0; 4];
        if fill(&mut from, &mut mark)? < 4 {
            return broken("The file is cut off: its end is missing.");
        }
        if mark != LOCAL {
            break mark;
        }
        let (entry, content) = entry(&mut from, at, entries.last(), &keep)?;
        if entries.iter().any(|other| other.name == entry.name) {
            return broken(format!("{} is there twice.", entry.name));
        }
        at = entry.at + entry.size;
        kept.extend(content.map(|content| (entry.name.clone(), content)));
        entries.push(entry);
    };
    let wanted = tail(&entries, at);
    let mut found = mark.to_vec();
    from.by_ref().take(wanted.len() as u64 + 1 - 4).read_to_end(&mut found)?;
    if found != wanted {
        let after = entries.last().map_or("the beginning", |entry| &entry.name);
        return broken(format!("What follows {after} in the file was changed, added or taken away."));
    }
    Ok((entries, kept))
}

/// Reads one entry after its mark.
fn entry(
    from: &mut impl Read,
    at: u64,
    before: Option<&Entry>,
    keep: &impl Fn(&str) -> bool,
) -> Result<(Entry, Option<Vec<u8>>), Damage> {
    let after = before.map_or("the beginning", |entry| &entry.name);
    let damaged = || Damage::Broken(format!("The entry after {after} was changed."));
    let mut header = [0; HEADER - 4];
    fill(from, &mut header)?;
    let [size, again, name] = [14, 18, 22].map(|at| header.get(at..at + 4).unwrap_or_default());
    let crc = u32::try_from(number(header.get(10..14).unwrap_or_default())).unwrap_or_default();
    let (size, name) = (number(size), number(name.get(..2).unwrap_or_default()));
    let plain = header.starts_with(&FIXED) && size == number(again) && header.ends_with(&[0, 0]);
    let mut text = vec![0; usize::try_from(name).unwrap_or_default().min(LONGEST_NAME + 1)];
    fill(from, &mut text)?;
    let text = String::from_utf8(text).ok().filter(|text| is_plain(text)).filter(|_| plain);
    let Some(text) = text else { return Err(damaged()) };
    let mut found =
        Entry { at: at + HEADER as u64 + name, name: text, size: 0, sha256: String::new(), crc: 0 };
    let mut content = keep(&found.name).then(Vec::new);
    let mut sum = Sum::new();
    let mut left = from.take(size);
    let mut piece = vec![0; PIECE];
    loop {
        let read = left.read(&mut piece)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        sum.add(bytes);
        if let Some(content) = &mut content {
            content.extend_from_slice(bytes);
        }
    }
    sum.into_entry(&mut found);
    if found.size != size {
        return broken(format!("{} is cut off.", found.name));
    }
    if found.crc != crc {
        return broken(format!("{} was changed: its checksum is another.", found.name));
    }
    Ok((found, content))
}

/// The hash of a file and its bytes.
///
/// # Errors
/// It could not be read.
pub fn hash_of(mut file: impl Read) -> io::Result<([u8; 32], u64)> {
    let mut sum = Sum::new();
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        sum.add(bytes);
    }
    Ok((sum.sha256.finalize().into(), sum.size))
}

/// The bytes of the end of a file.
pub const END_SIZE: u64 = 22;

/// Where the list of entries stands, by the last [`END_SIZE`] bytes of a file that was written here.
#[must_use]
pub fn list_of(end: &[u8]) -> Option<std::ops::Range<u64>> {
    let (size, from) = (number(end.get(12..16)?), number(end.get(16..20)?));
    end.starts_with(&END).then_some(from..from + size)
}

/// Where the content of an entry stands, by the list of a file that was written here.
#[must_use]
pub fn find(mut list: &[u8], name: &str) -> Option<std::ops::Range<u64>> {
    loop {
        let length = usize::try_from(number(list.get(28..30)?)).ok()?;
        if list.get(46..46 + length)? == name.as_bytes() {
            let from = number(list.get(42..46)?) + (HEADER + length) as u64;
            return Some(from..from + number(list.get(24..28)?));
        }
        list = list.get(46 + length..)?;
    }
}

/// A number whose lowest byte stands first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte))
}

/// Reads until the buffer is full or the file ends; answers how much was read.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match from.read(rest)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn file(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.add(name, *content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    const ENTRIES: [(&str, &[u8]); 4] = [
        ("README.txt", b"Read me"),
        ("files/A-0001-01.pdf", b"%PDF"),
        ("empty", b""),
        ("manifest.json", b"{}"),
    ];

    #[test]
    fn the_same_content_has_the_same_bytes_and_every_program_opens_it() {
        let bytes = file(&ENTRIES);
        assert_eq!(bytes, file(&ENTRIES));
        let (entries, kept) = read(&bytes[..], |name| name == "README.txt").unwrap();
        assert_eq!(entries.len(), 4);
        assert_eq!(kept, [("README.txt".to_owned(), b"Read me".to_vec())]);
        // where an entry says its content begins, it does
        let at = usize::try_from(entries[1].at).unwrap();
        assert_eq!(&bytes[at..at + 4], b"%PDF");
        // and it is found by the list at the end alone
        let end = bytes.len() - usize::try_from(END_SIZE).unwrap();
        let list = list_of(&bytes[end..]).unwrap();
        let list = &bytes[usize::try_from(list.start).unwrap()..usize::try_from(list.end).unwrap()];
        assert_eq!(find(list, "files/A-0001-01.pdf"), Some(entries[1].at..entries[1].at + 4));
        assert_eq!((find(list, "nowhere"), list_of(b"short")), (None, None));
        // the same by a reader that is not ours
        let mut theirs = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
        assert_eq!(theirs.len(), 4);
        for (name, content) in ENTRIES {
            let mut found = Vec::new();
            theirs.by_name(name).unwrap().read_to_end(&mut found).unwrap();
            assert_eq!(found, content);
        }
    }

    #[test]
    fn no_byte_can_be_changed_taken_away_or_added() {
        let bytes = file(&ENTRIES);
        let whole = read(&bytes[..], |_| false).unwrap().0;
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            // a changed checksum beside changed content is for the manifest to find; here one byte is changed
            assert!(read(&changed[..], |_| false).is_err(), "byte {at}");
            let mut shorter = bytes.clone();
            shorter.remove(at);
            assert!(read(&shorter[..], |_| false).is_err(), "without byte {at}");
            let mut longer = bytes.clone();
            longer.insert(at, 0);
            assert!(read(&longer[..], |_| false).is_err(), "one more before {at}");
            assert!(read(&bytes[..at], |_| false).is_err(), "cut off at {at}");
        }
        let mut longer = bytes;
        longer.push(0);
        assert!(read(&longer[..], |_| false).is_err());
        assert_eq!(whole.len(), 4);
    }

    #[test]
    fn names_that_lead_elsewhere_are_not_written() {
        let long = "a".repeat(LONGEST_NAME + 1);
        for name in
            ["", "../a", "/a", "a//b", "a\\b", ".a", "a/.b", "a\u{0}", "é", "a b", "a/..", "C:a", &long]
        {
            assert!(!is_plain(name), "{name:?}");
            assert!(Writer::new(Cursor::new(Vec::new())).add(name, &b""[..]).is_err());
        }
        let mut writer = Writer::new(Cursor::new(Vec::new()));
        writer.add("a", &b""[..]).unwrap();
        assert!(writer.add("a", &b""[..]).is_err(), "twice");
    }
}
