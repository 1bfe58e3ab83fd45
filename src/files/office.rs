//! Word, Excel and OpenDocument files: zip archives that must be what they say, hold nothing that runs, and not be bombs.
//!
//! The central directory is read here, strictly, before any library sees the file: its end record must be the last
//! thing in it, the directory must lie right before it, and the first part must begin at the first byte. That leaves no
//! room for a second file in front, behind or between, and none for two readers to see two different archives.
//! Nothing is unpacked but one small part: the list of content types, or the media type.

use std::io::{self, Read, Seek, SeekFrom};

use super::{FileRefusal, Kind, Trouble};

/// The most parts: a long report with hundreds of photos has fewer.
const MOST_PARTS: usize = 4096;
/// The largest central directory: 4096 parts with long names.
const LARGEST_DIRECTORY: u64 = 1024 * 1024;
/// The most bytes all parts together may unpack to.
const MOST_UNPACKED: u64 = 512 * 1024 * 1024;
/// The most a part may grow: XML shrinks to a twentieth or, in empty tables, a hundredth. Bombs reach a thousandth.
const MOST_GROWTH: u64 = 250;
/// Parts that unpack to less than this may grow as they like.
const HARMLESS: u64 = 4 * 1024 * 1024;
/// The most that is unpacked of the part that says what the document is.
const LARGEST_TYPES: u64 = 512 * 1024;

const END_RECORD: &[u8; 4] = b"PK\x05\x06";
const ENTRY: &[u8; 4] = b"PK\x01\x02";

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
const EXCEL: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
const ODT: &[u8] = b"application/vnd.oasis.opendocument.text";

/// One line of the central directory.
struct Part {
    name: String,
    method: u16,
    encrypted: bool,
    packed: u64,
    unpacked: u64,
    offset: u64,
}

/// Which document this is.
///
/// # Errors
/// It is none, is damaged, locked or a bomb, or holds macros or other files that can run; or the disk failed.
pub fn examine<R: Read + Seek>(content: &mut R, size: u64) -> Result<Kind, Trouble> {
    let parts = directory(content, size)?;
    check_sizes(&parts, size)?;
    if parts.iter().any(|part| part.encrypted) {
        return Err(FileRefusal::Locked.into());
    }
    if parts.iter().any(|part| !matches!(part.method, 0 | 8) || strays(&part.name)) {
        return Err(FileRefusal::Damaged.into());
    }
    if parts.iter().any(|part| runs(&part.name)) {
        return Err(FileRefusal::Macros.into());
    }
    let has = |name: &str| parts.iter().any(|part| part.name == name);
    if has("[Content_Types].xml") {
        let types = String::from_utf8_lossy(&unpack(content, "[Content_Types].xml")?).into_owned();
        let lower = types.to_ascii_lowercase();
        if ["macroenabled", "vbaproject", "activex"].iter().any(|word| lower.contains(word)) {
            return Err(FileRefusal::Macros.into());
        }
        if types.contains(WORD) && has("word/document.xml") {
            return Ok(Kind::Docx);
        }
        if types.contains(EXCEL) && has("xl/workbook.xml") {
            return Ok(Kind::Xlsx);
        }
    } else if has("mimetype") && has("content.xml") && unpack(content, "mimetype")?.trim_ascii() == ODT {
        return Ok(Kind::Odt);
    }
    let other = FileRefusal::Mismatch {
        ending: "docx, .xlsx or .odt".to_owned(),
        content: "another kind of archive or document",
    };
    Err(other.into())
}

/// The most bytes all parts of a spreadsheet together may unpack to: twenty thousand long rows are a tenth of it.
const MOST_OF_A_TABLE: u64 = 160 * 1024 * 1024;

/// What kind of spreadsheet an archive is: `Some(true)` an Excel workbook, with or without macros (which nothing here ever
/// runs), `Some(false)` an OpenDocument spreadsheet. Every part was unpacked once, so that what it declares is true.
///
/// # Errors
/// It is damaged, locked, or unpacks to more than can be read; or the disk failed.
pub(super) fn spreadsheet<R: Read + Seek>(content: &mut R, size: u64) -> Result<Option<bool>, Trouble> {
    let parts = directory(content, size)?;
    check_sizes(&parts, size)?;
    if parts.iter().map(|part| part.unpacked).sum::<u64>() > MOST_OF_A_TABLE {
        return Err(FileRefusal::TooMuchInside.into());
    }
    if parts.iter().any(|part| part.encrypted) {
        return Err(FileRefusal::Locked.into());
    }
    if parts.iter().any(|part| !matches!(part.method, 0 | 8) || strays(&part.name)) {
        return Err(FileRefusal::Damaged.into());
    }
    content.rewind()?;
    let mut disk = Disk { content, failed: None };
    let true_to_size = unpacks_as_declared(&mut disk, &parts);
    if let Some(error) = disk.failed {
        return Err(Trouble::Disk(error));
    }
    true_to_size?;
    let has = |name: &str| parts.iter().any(|part| part.name == name);
    if has("[Content_Types].xml") && has("xl/workbook.xml") {
        return Ok(Some(true));
    }
    let sheet = has("mimetype")
        && has("content.xml")
        && unpack(content, "mimetype")?
            .trim_ascii()
            .starts_with(b"application/vnd.oasis.opendocument.spreadsheet");
    Ok(sheet.then_some(false))
}

/// A part that unpacks to more than its line in the directory says would be a bomb behind a lie.
fn unpacks_as_declared<R: Read + Seek>(content: &mut R, parts: &[Part]) -> Result<(), FileRefusal> {
    let mut archive = zip::ZipArchive::new(content).map_err(|_| FileRefusal::Damaged)?;
    for part in parts {
        let unpacked = archive.by_name(&part.name).map_err(|_| FileRefusal::Damaged)?;
        let mut within = unpacked.take(part.unpacked + 1);
        let size = io::copy(&mut within, &mut io::sink()).map_err(|_| FileRefusal::Damaged)?;
        if size > part.unpacked {
            return Err(FileRefusal::TooMuchInside);
        }
    }
    Ok(())
}

/// Reads the central directory, which must be exactly where the end record, at the very end, says it is.
fn directory<R: Read + Seek>(content: &mut R, size: u64) -> Result<Vec<Part>, Trouble> {
    let from = size.saturating_sub(22 + u64::from(u16::MAX));
    content.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    content.take(size - from).read_to_end(&mut tail)?;
    let at = tail.windows(4).rposition(|window| window == END_RECORD).ok_or(FileRefusal::Damaged)?;
    let mut end = Fields(tail.get(at + 4..).unwrap_or_default());
    let (disk, first_disk, here, count) = (end.u16()?, end.u16()?, end.u16()?, end.u16()?);
    let (length, offset, comment) = (u64::from(end.u32()?), u64::from(end.u32()?), usize::from(end.u16()?));
    // Not zip64 either: 25 MiB have no use for it, and its fields read as 0xFFFF here.
    if disk != 0
        || first_disk != 0
        || here != count
        || end.0.len() != comment
        || offset + length != from + at as u64
    {
        return Err(FileRefusal::Damaged.into());
    }
    if usize::from(count) > MOST_PARTS || length > LARGEST_DIRECTORY {
        return Err(FileRefusal::TooMuchInside.into());
    }
    content.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    content.take(length).read_to_end(&mut bytes)?;
    let mut fields = Fields(&bytes);
    let parts = (0..count).map(|_| fields.part()).collect::<Result<Vec<_>, _>>()?;
    if fields.0.is_empty() { Ok(parts) } else { Err(FileRefusal::Damaged.into()) }
}

/// Declared sizes: too much altogether, too much growth in one part, or parts that overlap, so that the same bytes
/// unpack many times over.
fn check_sizes(parts: &[Part], size: u64) -> Result<(), FileRefusal> {
    let packed: u64 = parts.iter().map(|part| part.packed).sum();
    let unpacked: u64 = parts.iter().map(|part| part.unpacked).sum();
    let grows = |part: &Part| part.unpacked > HARMLESS && part.unpacked / part.packed.max(1) > MOST_GROWTH;
    if unpacked > MOST_UNPACKED || packed > size || parts.iter().any(grows) {
        return Err(FileRefusal::TooMuchInside);
    }
    let mut by_offset: Vec<&Part> = parts.iter().collect();
    by_offset.sort_by_key(|part| part.offset);
    // A local header takes 30 bytes and the name before the packed bytes.
    let ends = |part: &Part| part.offset + 30 + part.name.len() as u64 + part.packed;
    let overlap = by_offset.iter().zip(by_offset.iter().skip(1)).any(|(one, next)| ends(one) > next.offset);
    if overlap { Err(FileRefusal::TooMuchInside) } else { Ok(()) }
}

/// Whether a part's name leads out of the archive.
fn strays(name: &str) -> bool {
    name.is_empty()
        || name.starts_with('/')
        || name.contains(['\\', '\0', ':'])
        || name.split('/').any(|step| step == "..")
}

/// Whether a part can run, or is itself an archive nobody looked into. Documents and workbooks inside are common (the
/// data behind a chart) and stay; whoever opens them is asked by their office program as for any other.
fn runs(name: &str) -> bool {
    const ENDINGS: [&str; 34] = [
        "exe", "dll", "com", "scr", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "hta", "jar",
        "msi", "lnk", "sh", "py", "html", "htm", "svgz", "swf", "zip", "7z", "rar", "gz", "tar", "iso",
        "cab", "docm", "dotm", "xlsm", "xltm", "xlsb",
    ];
    let lower = name.to_ascii_lowercase();
    let file = lower.rsplit('/').next().unwrap_or_default();
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    file.starts_with("vbaproject")
        || file.starts_with("vbadata")
        || file.starts_with("oleobject")
        || lower.contains("activex")
        || lower.contains("/macrosheets/")
        || lower.starts_with("basic/")
        || lower.starts_with("scripts/")
        || ENDINGS.contains(&ending)
}

/// Unpacks one small part. Whatever the archive's reader says, only the disk's own answer counts as the disk's: a broken
/// compressed stream comes back as an error of reading, too.
fn unpack<R: Read + Seek>(content: &mut R, name: &str) -> Result<Vec<u8>, Trouble> {
    content.rewind()?;
    let mut disk = Disk { content, failed: None };
    let unpacked = unpack_part(&mut disk, name);
    match (disk.failed, unpacked) {
        (Some(error), _) => Err(Trouble::Disk(error)),
        (None, Some(bytes)) => Ok(bytes),
        (None, None) => Err(FileRefusal::Damaged.into()),
    }
}

fn unpack_part<R: Read + Seek>(content: &mut R, name: &str) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(content).ok()?;
    let part = archive.by_name(name).ok()?;
    let mut bytes = Vec::new();
    part.take(LARGEST_TYPES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The file as an archive's reader sees it, noting when the disk itself fails.
struct Disk<'a, R> {
    content: &'a mut R,
    failed: Option<io::Error>,
}

impl<R> Disk<'_, R> {
    fn note<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            // an interruption is tried again by every reader, and a place before the beginning is asked for by a
            // damaged archive
            if !matches!(kind, io::ErrorKind::Interrupted | io::ErrorKind::InvalidInput) {
                self.failed = Some(error);
            }
            kind.into()
        })
    }
}

impl<R: Read> Read for Disk<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let done = self.content.read(into);
        self.note(done)
    }
}

impl<R: Seek> Seek for Disk<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let done = self.content.seek(to);
        self.note(done)
    }
}

/// Little-endian fields, one after the other; ending too early is damage.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], FileRefusal> {
        let (now, later) = self.0.split_at_checked(length).ok_or(FileRefusal::Damaged)?;
        self.0 = later;
        Ok(now)
    }

    fn u16(&mut self) -> Result<u16, FileRefusal> {
        let (now, later) = self.0.split_first_chunk::<2>().ok_or(FileRefusal::Damaged)?;
        self.0 = later;
        Ok(u16::from_le_bytes(*now))
    }

    fn u32(&mut self) -> Result<u32, FileRefusal> {
        let (now, later) = self.0.split_first_chunk::<4>().ok_or(FileRefusal::Damaged)?;
        self.0 = later;
        Ok(u32::from_le_bytes(*now))
    }

    fn part(&mut self) -> Result<Part, FileRefusal> {
        if self.take(4)? != ENTRY {
            return Err(FileRefusal::Damaged);
        }
        self.take(4)?;
        let (flags, method) = (self.u16()?, self.u16()?);
        self.take(8)?;
        let (packed, unpacked) = (u64::from(self.u32()?), u64::from(self.u32()?));
        let (name, extra, comment) = (self.u16()?, self.u16()?, self.u16()?);
        self.take(8)?;
        let offset = u64::from(self.u32()?);
        let name = String::from_utf8_lossy(self.take(usize::from(name))?).into_owned();
        self.take(usize::from(extra) + usize::from(comment))?;
        Ok(Part { name, method, encrypted: flags & 1 == 1, packed, unpacked, offset })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use rstest::rstest;
    use std::io::{Cursor, Write as _};
    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    /// An archive of these parts.
    pub fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            let method =
                if *name == "mimetype" { CompressionMethod::Stored } else { CompressionMethod::Deflated };
            writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    /// The content types of a document whose main part has this type.
    fn types(main: &str) -> String {
        format!("<Types><Override PartName=\"/main.xml\" ContentType=\"{main}\"/></Types>")
    }

    pub fn docx(more: &[(&str, &[u8])]) -> Vec<u8> {
        let types = types(WORD);
        let parts =
            [&[("[Content_Types].xml", types.as_bytes()), ("word/document.xml", b"<w/>".as_slice())], more]
                .concat();
        archive(&parts)
    }

    pub fn xlsx() -> Vec<u8> {
        archive(&[("[Content_Types].xml", types(EXCEL).as_bytes()), ("xl/workbook.xml", b"<w/>")])
    }

    pub fn odt(more: &[(&str, &[u8])]) -> Vec<u8> {
        archive(&[&[("mimetype", ODT), ("content.xml", b"<o/>".as_slice())], more].concat())
    }

    fn look(bytes: &[u8]) -> Result<Kind, FileRefusal> {
        match examine(&mut Cursor::new(bytes), bytes.len() as u64) {
            Ok(kind) => Ok(kind),
            Err(Trouble::Refused(refusal)) => Err(refusal),
            Err(Trouble::Disk(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn documents_are_told_apart() {
        assert_eq!(look(&docx(&[])), Ok(Kind::Docx));
        assert_eq!(
            look(&docx(&[("word/media/image1.jpeg", b"x"), ("word/embeddings/Sheet1.xlsx", b"x")])),
            Ok(Kind::Docx)
        );
        assert_eq!(look(&xlsx()), Ok(Kind::Xlsx));
        assert_eq!(look(&odt(&[])), Ok(Kind::Odt));
    }

    #[rstest]
    #[case::vba("word/vbaProject.bin")]
    #[case::vba_case("word/VBAPROJECT.BIN")]
    #[case::vba_elsewhere("custom/vbaProject2.bin")]
    #[case::active_x("word/activeX/activeX1.xml")]
    #[case::ole("word/embeddings/oleObject1.bin")]
    #[case::excel4("xl/macrosheets/sheet1.xml")]
    #[case::program("word/media/run.exe")]
    #[case::script("word/media/a.js")]
    #[case::page("index.html")]
    #[case::nested("word/embeddings/bomb.zip")]
    #[case::nested_macros("word/embeddings/Sheet1.xlsm")]
    fn what_can_run_is_refused(#[case] part: &str) {
        assert_eq!(look(&docx(&[(part, b"x")])), Err(FileRefusal::Macros));
        assert_eq!(look(&odt(&[(part, b"x")])), Err(FileRefusal::Macros));
    }

    #[test]
    fn macros_are_refused_by_type_too() {
        let main = "application/vnd.ms-word.document.macroEnabled.main+xml";
        let parts = [("[Content_Types].xml", types(main)), ("word/document.xml", String::new())];
        let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        assert_eq!(look(&archive(&parts)), Err(FileRefusal::Macros));
        assert_eq!(look(&odt(&[("Basic/Standard/Module1.xml", b"x")])), Err(FileRefusal::Macros));
    }

    #[test]
    fn an_archive_that_is_no_document_is_refused() {
        for parts in [
            vec![("a.txt", b"x".as_slice())],
            vec![("[Content_Types].xml", b"<Types/>")],
            vec![("mimetype", ODT)],
        ] {
            assert!(matches!(look(&archive(&parts)), Err(FileRefusal::Mismatch { .. })));
        }
        let odp = [
            ("mimetype", b"application/vnd.oasis.opendocument.presentation".as_slice()),
            ("content.xml", b"x"),
        ];
        assert!(matches!(look(&archive(&odp)), Err(FileRefusal::Mismatch { .. })));
    }

    #[test]
    fn a_bomb_is_seen_by_its_growth_without_unpacking_it() {
        let zeros = vec![0; 24 * 1024 * 1024];
        assert_eq!(look(&docx(&[("word/big.xml", &zeros)])), Err(FileRefusal::TooMuchInside));
        let many: Vec<String> = (0..5000).map(|n| format!("p{n}.xml")).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
        assert_eq!(look(&docx(&many)), Err(FileRefusal::TooMuchInside));
    }

    #[test]
    fn declared_sizes_add_up_and_parts_do_not_share_bytes() {
        let part = |offset, packed, unpacked| Part {
            name: "a".to_owned(),
            method: 8,
            encrypted: false,
            packed,
            unpacked,
            offset,
        };
        assert_eq!(check_sizes(&[part(0, 100, 200), part(131, 100, 200)], 1000), Ok(()));
        let shared = [part(0, 400, 200), part(10, 400, 200)];
        assert_eq!(check_sizes(&shared, 1000), Err(FileRefusal::TooMuchInside));
        let many: Vec<Part> = (0..200).map(|n| part(n * 100_000, 50_000, 4_000_000)).collect();
        assert_eq!(check_sizes(&many, 25_000_000), Err(FileRefusal::TooMuchInside));
        assert_eq!(check_sizes(&[part(0, 5000, 10)], 1000), Err(FileRefusal::TooMuchInside));
    }

    #[test]
    fn a_second_file_in_front_behind_or_between_is_damage() {
        let good = docx(&[]);
        assert_eq!(look(&[b"%PDF-1.7\n".as_slice(), &good].concat()), Err(FileRefusal::Damaged));
        assert_eq!(look(&[&good, b"<script>".as_slice()].concat()), Err(FileRefusal::Damaged));
        assert_eq!(look(&[good.as_slice(), &good].concat()), Err(FileRefusal::Damaged));
        for cut in [0, 1, 10, good.len() / 2, good.len() - 1] {
            assert!(look(&good[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn paths_that_lead_out_and_locked_parts_are_refused() {
        for name in ["../evil.xml", "/etc/passwd", "a/../../b", "c:\\x"] {
            assert!(strays(name), "{name}");
        }
        let mut locked = docx(&[]);
        let at = locked.windows(4).position(|window| window == ENTRY).unwrap();
        locked[at + 8] |= 1;
        assert_eq!(look(&locked), Err(FileRefusal::Locked));
    }

    /// The first byte of the packed content types, changed: no stream of DEFLATE begins like this.
    fn broken_stream() -> Vec<u8> {
        let mut bytes = docx(&[]);
        bytes[49] = 0;
        bytes
    }

    #[test]
    fn a_broken_compressed_stream_is_damage_not_a_failing_disk() {
        assert_eq!(look(&broken_stream()), Err(FileRefusal::Damaged));
        let mut whole = docx(&[]);
        for at in 30..whole.len().min(400) {
            let kept = std::mem::replace(&mut whole[at], 0xFF);
            let _ = look(&whole);
            whole[at] = kept;
        }
    }

    /// A disk that gives this many reads and then fails.
    struct Failing(Cursor<Vec<u8>>, usize);

    impl Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = self.1.checked_sub(1).ok_or_else(|| io::Error::other("the disk is gone"))?;
            self.0.read(into)
        }
    }

    impl Seek for Failing {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn a_failing_disk_is_never_called_damage() {
        let bytes = docx(&[]);
        let size = bytes.len() as u64;
        let after = |reads| examine(&mut Failing(Cursor::new(bytes.clone()), reads), size);
        let needed = (0..500).find(|reads| after(*reads).is_ok()).unwrap();
        assert!(needed > 4, "the archive is read in more than one piece");
        for reads in 0..needed {
            assert!(matches!(after(reads), Err(Trouble::Disk(_))), "after {reads} reads");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_damaged_archive_never_panics(at in 0_usize..400, byte: u8, cut in 0_usize..400) {
            let mut bytes = docx(&[]);
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.truncate(bytes.len() - cut % bytes.len());
            let _ = look(&bytes);
        }
    }
}
