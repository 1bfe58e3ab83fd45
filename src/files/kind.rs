//! What a file is, by its ending and its content: both must agree, and neither the browser nor the name alone is believed.

use std::io::{Read, Seek, SeekFrom};

use super::{FileName, FileRefusal, MAX_SIZE, Trouble, office, text};

/// How much of the beginning and of the end is looked at.
const GLANCE: u64 = 4096;

/// The kinds of file taken as evidence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Portable Document Format.
    Pdf,
    /// JPEG photo.
    Jpeg,
    /// PNG picture.
    Png,
    /// WebP picture.
    WebP,
    /// HEIC photo: what iPhones keep.
    Heic,
    /// Word document without macros.
    Docx,
    /// Excel workbook without macros.
    Xlsx,
    /// OpenDocument text.
    Odt,
    /// Comma-separated values.
    Csv,
    /// Plain text.
    Text,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Pdf,
        Self::Jpeg,
        Self::Png,
        Self::WebP,
        Self::Heic,
        Self::Docx,
        Self::Xlsx,
        Self::Odt,
        Self::Csv,
        Self::Text,
    ];

    /// For a file input's `accept`. JPEG is listed and HEIC is not, on purpose: an iPhone then converts its photos
    /// to JPEG before it sends them, which every browser can show and of which we make a preview.
    pub const ACCEPT: &'static str =
        ".pdf,.jpg,.jpeg,.png,.webp,.docx,.xlsx,.odt,.csv,.txt,image/jpeg,image/png,image/webp";

    /// The kind an ending promises.
    #[must_use]
    pub fn of_ending(ending: &str) -> Option<Self> {
        Some(match ending {
            "pdf" => Self::Pdf,
            "jpg" | "jpeg" | "jfif" => Self::Jpeg,
            "png" => Self::Png,
            "webp" => Self::WebP,
            "heic" | "heif" => Self::Heic,
            "docx" => Self::Docx,
            "xlsx" => Self::Xlsx,
            "odt" => Self::Odt,
            "csv" => Self::Csv,
            "txt" => Self::Text,
            _ => return None,
        })
    }

    /// The media type it is stored and served as.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Heic => "image/heic",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Csv => "text/csv",
            Self::Text => "text/plain",
        }
    }

    /// The kind stored under a media type.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.media_type() == media_type)
    }

    /// What people call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Jpeg | Self::Png | Self::WebP | Self::Heic => "Photo",
            Self::Docx => "Word document",
            Self::Xlsx => "Excel workbook",
            Self::Odt => "OpenDocument text",
            Self::Csv => "CSV table",
            Self::Text => "Plain text",
        }
    }

    /// Whether a preview is made of it. Not of HEIC: its pictures are HEVC video frames, which nothing here decodes.
    #[must_use]
    pub const fn has_preview(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::WebP)
    }

    /// Whether it is a photo, with metadata to be removed.
    #[must_use]
    pub const fn is_photo(self) -> bool {
        self.has_preview() || matches!(self, Self::Heic)
    }
}

/// What the ending of a name promises, before anything of the content is read.
///
/// # Errors
/// No ending, or none that is taken.
pub fn promised(name: &FileName) -> Result<Kind, FileRefusal> {
    let ending = name.ending();
    if ending.is_empty() {
        return Err(FileRefusal::NoEnding);
    }
    Kind::of_ending(&ending).ok_or(FileRefusal::Ending(ending))
}

/// What a file is: the kind its name promises, if the content keeps the promise.
///
/// # Errors
/// Refused, with the sentence for the sender; or the disk failed.
pub fn decide<R: Read + Seek>(name: &FileName, content: &mut R) -> Result<Kind, Trouble> {
    let kind = promised(name)?;
    let size = content.seek(SeekFrom::End(0))?;
    if size == 0 {
        return Err(FileRefusal::Empty.into());
    }
    if size > MAX_SIZE {
        return Err(FileRefusal::TooLarge.into());
    }
    let head = read_at(content, 0)?;
    let found = sniff(&head);
    let mismatch = |content| Trouble::Refused(FileRefusal::Mismatch { ending: name.ending(), content });
    match (kind, found) {
        (_, Found::Markup) => Err(FileRefusal::Markup.into()),
        (Kind::Pdf, Found::Pdf) => {
            check_pdf(&head, &read_at(content, size.saturating_sub(GLANCE))?)?;
            Ok(kind)
        }
        (Kind::Jpeg, Found::Jpeg)
        | (Kind::Png, Found::Png)
        | (Kind::WebP, Found::WebP)
        | (Kind::Heic, Found::Heic) => Ok(kind),
        (Kind::Docx | Kind::Xlsx | Kind::Odt, Found::Zip) => match office::examine(content, size)? {
            found if found == kind => Ok(kind),
            found => Err(mismatch(found.with_article())),
        },
        (Kind::Docx | Kind::Xlsx, Found::OldOffice) => Err(FileRefusal::Locked.into()),
        (Kind::Csv | Kind::Text, Found::Plain) => {
            content.rewind()?;
            text::examine(content).map_err(|trouble| name_bytes(trouble, &head, &mismatch))?;
            Ok(kind)
        }
        (_, found) => Err(mismatch(found.with_article().unwrap_or_else(|| guess(&head)))),
    }
}

/// Bytes that are not text may still have a name: say it rather than "not plain text".
fn name_bytes(trouble: Trouble, head: &[u8], mismatch: &dyn Fn(&'static str) -> Trouble) -> Trouble {
    match (trouble, infer::get(head)) {
        (Trouble::Refused(FileRefusal::NotText), Some(_)) => mismatch(guess(head)),
        (trouble, _) => trouble,
    }
}

/// What the first bytes say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Found {
    Pdf,
    Jpeg,
    Png,
    WebP,
    Heic,
    Zip,
    OldOffice,
    RichText,
    Markup,
    Plain,
}

impl Found {
    const fn with_article(self) -> Option<&'static str> {
        Some(match self {
            Self::Pdf => "a PDF",
            Self::Jpeg => "a JPEG photo",
            Self::Png => "a PNG picture",
            Self::WebP => "a WebP picture",
            Self::Heic => "a HEIC photo",
            Self::Zip => "a zip archive or an office document",
            Self::OldOffice => "an old or protected office document",
            Self::RichText => "a rich text document",
            Self::Markup => "a web page",
            Self::Plain => return None,
        })
    }
}

impl Kind {
    const fn with_article(self) -> &'static str {
        match self {
            Self::Docx => "a Word document",
            Self::Xlsx => "an Excel workbook",
            Self::Odt => "an OpenDocument text",
            _ => "another kind of file",
        }
    }
}

fn sniff(head: &[u8]) -> Found {
    match head {
        [b'%', b'P', b'D', b'F', b'-', ..] => Found::Pdf,
        [0xFF, 0xD8, 0xFF, ..] => Found::Jpeg,
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Found::Png,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Found::WebP,
        [b'P', b'K', 3, 4, ..] => Found::Zip,
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => Found::OldOffice,
        [b'{', b'\\', b'r', b't', b'f', ..] => Found::RichText,
        _ if infer::image::is_heif(head) => Found::Heic,
        _ if text::is_markup(head) => Found::Markup,
        _ => Found::Plain,
    }
}

/// A name for bytes that are nothing we take.
fn guess(head: &[u8]) -> &'static str {
    match infer::get(head).map(|found| found.matcher_type()) {
        Some(infer::MatcherType::App) => "a program",
        Some(infer::MatcherType::Archive) => "an archive",
        Some(infer::MatcherType::Audio) => "a sound recording",
        Some(infer::MatcherType::Video) => "a video",
        Some(infer::MatcherType::Image) => "another kind of picture",
        Some(infer::MatcherType::Doc | infer::MatcherType::Book) => "another kind of document",
        Some(infer::MatcherType::Text) => "a web page or a script",
        _ => "something else",
    }
}

/// A PDF begins and ends as one. Both ends are searched for a second file that other programs would see in it:
/// a web page in the first kilobyte, an archive after the end.
fn check_pdf(head: &[u8], tail: &[u8]) -> Result<(), FileRefusal> {
    let beginning: &[u8] = head.get(..1024).unwrap_or(head);
    if text::mentions_markup(beginning) {
        return Err(FileRefusal::Markup);
    }
    let marker = b"%%EOF";
    let last = tail.windows(marker.len()).rposition(|window| window == marker).ok_or(FileRefusal::Damaged)?;
    let after = tail.get(last..).unwrap_or_default();
    if after.len() > 1024 || after.windows(4).any(|window| window == b"PK\x05\x06") {
        return Err(FileRefusal::Damaged);
    }
    if text::mentions_markup(after) { Err(FileRefusal::Markup) } else { Ok(()) }
}

fn read_at<R: Read + Seek>(content: &mut R, offset: u64) -> Result<Vec<u8>, Trouble> {
    content.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    content.take(GLANCE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::samples::{self, PDF};
    use rstest::rstest;
    use std::io::Cursor;

    fn look(name: &str, bytes: &[u8]) -> Result<Kind, FileRefusal> {
        match decide(&FileName::clean(name), &mut Cursor::new(bytes)) {
            Ok(kind) => Ok(kind),
            Err(Trouble::Refused(refusal)) => Err(refusal),
            Err(Trouble::Disk(error)) => panic!("{error}"),
        }
    }

    fn mismatch(ending: &str, content: &'static str) -> FileRefusal {
        FileRefusal::Mismatch { ending: ending.to_owned(), content }
    }

    #[rstest]
    #[case("audit.pdf", PDF.to_vec(), Kind::Pdf)]
    #[case("PHOTO.JPG", samples::jpeg(8, 8, 6), Kind::Jpeg)]
    #[case("photo.jpeg", samples::plain_jpeg(8, 8), Kind::Jpeg)]
    #[case("plan.png", samples::png(8, 8, 1), Kind::Png)]
    #[case("plan.webp", samples::webp(8, 8, 1), Kind::WebP)]
    #[case("IMG_0042.HEIC", samples::heic(), Kind::Heic)]
    #[case("report.docx", office::tests::docx(&[]), Kind::Docx)]
    #[case("figures.xlsx", office::tests::xlsx(), Kind::Xlsx)]
    #[case("minutes.odt", office::tests::odt(&[]), Kind::Odt)]
    #[case("calls.csv", b"date,call\n2026-11-21,made\n".to_vec(), Kind::Csv)]
    #[case("notes.txt", b"BMI records checked, all < 5 minutes late".to_vec(), Kind::Text)]
    #[case("one.txt", b"x".to_vec(), Kind::Text)]
    fn what_is_taken(#[case] name: &str, #[case] bytes: Vec<u8>, #[case] kind: Kind) {
        assert_eq!(look(name, &bytes), Ok(kind));
    }

    #[rstest]
    #[case::empty("audit.pdf", b"".as_slice(), FileRefusal::Empty)]
    #[case::no_ending("audit", PDF, FileRefusal::NoEnding)]
    #[case::program("setup.exe", b"MZ", FileRefusal::Ending("exe".to_owned()))]
    #[case::double("audit.pdf.html", PDF, FileRefusal::Ending("html".to_owned()))]
    #[case::svg("logo.svg", b"<svg/>", FileRefusal::Ending("svg".to_owned()))]
    #[case::macro_word("report.docm", b"PK\x03\x04", FileRefusal::Ending("docm".to_owned()))]
    #[case::page_as_jpeg("photo.jpg", b"<html><script>alert(1)</script>", FileRefusal::Markup)]
    #[case::svg_as_jpeg(
        "photo.jpg",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        FileRefusal::Markup
    )]
    #[case::svg_as_png("photo.png", b"\xEF\xBB\xBF<?xml version='1.0'?><svg/>", FileRefusal::Markup)]
    #[case::page_as_pdf("audit.pdf", b"\n <!DOCTYPE html>", FileRefusal::Markup)]
    #[case::page_as_text("notes.txt", b"<body onload=alert(1)>", FileRefusal::Markup)]
    #[case::script_as_csv("a.csv", b"#!/bin/sh\nrm -rf /\n", FileRefusal::Markup)]
    #[case::pdf_and_page("a.pdf", b"%PDF-1.7\n<html><script>x</script>\n%%EOF\n", FileRefusal::Markup)]
    #[case::page_behind_pdf("a.pdf", b"%PDF-1.7\n%%EOF\n<script>x</script>", FileRefusal::Markup)]
    #[case::pdf_and_zip("a.pdf", b"%PDF-1.7\n%%EOF\nPK\x05\x06aaaaaaaaaaaaaaaaaa", FileRefusal::Damaged)]
    #[case::pdf_cut_short("a.pdf", b"%PDF-1.7\n1 0 obj", FileRefusal::Damaged)]
    #[case::png_as_jpeg("photo.jpg", b"\x89PNG\r\n\x1a\n", mismatch("jpg", "a PNG picture"))]
    #[case::pdf_as_text("notes.txt", PDF, mismatch("txt", "a PDF"))]
    #[case::program_as_pdf("a.pdf", b"MZ\x90\0\x03\0\0\0\x04", mismatch("pdf", "a program"))]
    #[case::elf_as_text("a.txt", [b"\x7fELF\x02\x01\x01".as_slice(), &[0; 80]].concat().leak(), mismatch("txt", "a program"))]
    #[case::gif_as_png("a.png", b"GIF89a\x01\0\x01\0", mismatch("png", "another kind of picture"))]
    #[case::sound_as_jpeg("a.jpg", b"ID3\x04\0\0\0\0\0\0", mismatch("jpg", "a sound recording"))]
    #[case::rtf_as_text("a.txt", b"{\\rtf1 x}", mismatch("txt", "a rich text document"))]
    #[case::rar_as_docx("a.docx", b"Rar!\x1a\x07\0", mismatch("docx", "an archive"))]
    #[case::zip_as_pdf("a.pdf", b"PK\x03\x04aaaa", mismatch("pdf", "a zip archive or an office document"))]
    #[case::locked("a.docx", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", FileRefusal::Locked)]
    #[case::nothing_known("a.png", b"\x01\x02\x03\x04", mismatch("png", "something else"))]
    #[case::text_as_png("a.png", b"hello", mismatch("png", "something else"))]
    #[case::binary_as_csv("a.csv", b"a,b\n\x01\x02\x03", FileRefusal::NotText)]
    #[case::utf16_as_csv("a.csv", b"\xFF\xFEa\0,\0b\0", FileRefusal::NotText)]
    fn what_is_refused(#[case] name: &str, #[case] bytes: &[u8], #[case] refusal: FileRefusal) {
        assert_eq!(look(name, bytes), Err(refusal));
    }

    #[test]
    fn documents_of_another_kind_are_refused_naming_both() {
        let refusal = look("a.xlsx", &office::tests::docx(&[])).unwrap_err();
        assert_eq!(refusal, mismatch("xlsx", "a Word document"));
        let sentence = refusal.to_string();
        assert!(sentence.contains(".xlsx") && sentence.contains("a Word document"), "{sentence}");
        assert!(look("a.docx", &office::tests::archive(&[("a.txt", b"x")])).is_err());
        assert_eq!(
            look("a.docx", &office::tests::docx(&[("word/vbaProject.bin", b"x")])),
            Err(FileRefusal::Macros)
        );
    }

    #[test]
    fn oversize_is_refused_at_the_byte() {
        let mut most = vec![b'a'; usize::try_from(MAX_SIZE).unwrap()];
        assert_eq!(look("a.txt", &most), Ok(Kind::Text));
        most.push(b'a');
        assert_eq!(look("a.txt", &most), Err(FileRefusal::TooLarge));
    }

    #[test]
    fn every_kind_goes_by_a_media_type_of_its_own() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_media_type(kind.media_type()), Some(kind));
        }
        assert!(Kind::ACCEPT.contains("image/jpeg") && !Kind::ACCEPT.contains("heic"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes: Vec<u8>, magic in 0_usize..6, ending in 0_usize..6) {
            let magic: &[u8] = [b"".as_slice(), b"%PDF-", b"PK\x03\x04", b"\xFF\xD8\xFF", b"RIFF0000WEBP", b"<"][magic];
            let ending = ["pdf", "docx", "jpg", "webp", "txt", "odt"][ending];
            let _ = look(&format!("a.{ending}"), &[magic, &bytes].concat());
        }
    }
}
