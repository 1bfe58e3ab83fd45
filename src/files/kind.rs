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
