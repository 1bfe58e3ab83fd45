//! Why a file is not taken, as a sentence for the person who sent it.

use std::io;

/// Why a file is not taken. Each reads as a sentence that says what to do instead.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FileRefusal {
    /// No bytes.
    #[error("This file is empty. Choose another")]
    Empty,
    /// Over [`super::MAX_SIZE`].
    #[error("This file is larger than 25 MB. Send a smaller one")]
    TooLarge,
    /// The name has no ending.
    #[error("This file's name has no ending such as .pdf or .jpg, so it cannot be checked. {TAKEN}")]
    NoEnding,
    /// The ending is none of those taken.
    #[error("Files ending in .{0} are not taken. {TAKEN}")]
    Ending(String),
    /// The ending says one thing, the content another.
    #[error(
        "This file's name ends in .{ending}, but inside it is {content}. Send it as what it is, or save it as PDF"
    )]
    Mismatch {
        /// The ending of the name, without the dot.
        ending: String,
        /// What the content looks like, with its article.
        content: &'static str,
    },
    /// HTML, SVG, XML or a script, whatever its name says.
    #[error("This file is a web page or a script inside. Save it as PDF and send that")]
    Markup,
    /// Bytes that are no text.
    #[error("This is not plain text. Save it as “CSV UTF-8” or plain text, or send it as PDF")]
    NotText,
    /// A document with macros, ActiveX controls or a program inside.
    #[error("This document contains macros or other files that can run. Save it as PDF and send that")]
    Macros,
    /// A document that can only be opened with a password.
    #[error("This document is protected by a password. Remove the password and send it again")]
    Locked,
    /// A zip bomb, or something that looks like one.
    #[error("This document unpacks to far more than can be checked. Save it as PDF and send that")]
    TooMuchInside,
    /// Cut short or put together wrongly.
    #[error("This file is damaged or incomplete. Open it to check, then send it again")]
    Damaged,
    /// More pixels than are decoded.
    #[error("This photo is {width} by {height} pixels. Send one of at most 50 million pixels")]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// An animation or a live photo.
    #[error("This photo moves. Save it as a still photo and send that")]
    Moving,
    /// A HEIC photo whose place and time of taking could not be removed (R9a).
    #[error(
        "The place and time could not be removed from this photo. Send it as JPEG: on an iPhone, choose Settings, \
         Camera, Formats, Most Compatible"
    )]
    KeepsPlaceAndTime,
}

const TAKEN: &str = "Send a PDF, a photo (JPEG, PNG, WebP or HEIC), a Word, Excel or OpenDocument text file, \
                     CSV or plain text";

/// What can go wrong while a file is looked at.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The file's own fault.
    #[error(transparent)]
    Refused(#[from] FileRefusal),
    /// The disk's: it could not be read or written.
    #[error(transparent)]
    Disk(io::Error),
}

impl From<io::Error> for Trouble {
    /// A file that ends too early is the file's fault, everything else the disk's.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => Self::Refused(FileRefusal::Damaged),
            _ => Self::Disk(error),
        }
    }
}
