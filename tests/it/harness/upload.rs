//! Forms with files, as a browser sends them, and files that look right, wrong or dangerous.

use std::io::{Cursor, Write as _};

use axum::body::{Body, Bytes};
use image::{ImageFormat, Rgb, RgbImage};

const BOUNDARY: &str = "----throughline-test-boundary";

/// A form with files while it is being put together.
#[derive(Clone, Default)]
pub struct Upload(Vec<u8>);

impl Upload {
    pub fn new() -> Self {
        Self::default()
    }

    /// A text field.
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), value.as_bytes());
        self
    }

    /// Text fields.
    pub fn texts(self, fields: &[(&str, &str)]) -> Self {
        fields.iter().fold(self, |form, (name, value)| form.text(name, value))
    }

    /// The three inputs of a date.
    pub fn date(self, name: &str, iso: &str) -> Self {
        let (year, rest) = iso.split_once('-').unwrap();
        let (month, day) = rest.split_once('-').unwrap();
        self.text(name, day).text(&format!("{name}-month"), month).text(&format!("{name}-year"), year)
    }

    /// A file.
    pub fn file(mut self, name: &str, file_name: &str, content: &[u8]) -> Self {
        self.part(&format!("name=\"{name}\"; filename=\"{file_name}\""), content);
        self
    }

    /// Anything: what stands after `form-data; ` and what is in it.
    pub fn part(&mut self, disposition: &str, content: &[u8]) {
        write!(self.0, "--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n").unwrap();
        self.0.extend_from_slice(content);
        self.0.extend_from_slice(b"\r\n");
    }

    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    pub fn into_body(mut self) -> Body {
        write!(self.0, "--{BOUNDARY}--\r\n").unwrap();
        Body::from(self.0)
    }

    /// The form without its end, then a broken connection.
    pub fn cut(self) -> Body {
        let pieces = [Ok(Bytes::from(self.0)), Err(std::io::Error::other("connection reset"))];
        Body::from_stream(futures_util::stream::iter(pieces))
    }
}

/// What must never be found in a stored photo.
pub const SECRET: &[u8] = b"51.5034N 0.1276W the phone of somebody";

/// A photo as a phone makes it, with place and phone in its Exif block; `shade` makes it another photo.
pub fn photo(shade: u8) -> Vec<u8> {
    let mut plain = Cursor::new(Vec::new());
    RgbImage::from_pixel(64, 48, Rgb([shade, 120, 90])).write_to(&mut plain, ImageFormat::Jpeg).unwrap();
    let plain = plain.into_inner();
    let block = [b"Exif\0\0II\x2A\0\x08\0\0\0\0\0\0\0\0\0".as_slice(), SECRET].concat();
    let length = u16::try_from(block.len() + 2).unwrap().to_be_bytes();
    [&plain[..2], &[0xFF, 0xE1], &length, &block, &plain[2..]].concat()
}

/// A small PDF; `words` makes it another.
pub fn pdf(words: &str) -> Vec<u8> {
    format!("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n% {words}\ntrailer<</Root 1 0 R>>\n%%EOF\n")
        .into_bytes()
}

/// A spreadsheet that unpacks to far more than it is.
pub fn bomb() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let packed =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for name in ["[Content_Types].xml", "xl/workbook.xml"] {
        zip.start_file(name, packed).unwrap();
        zip.write_all(b"<x/>").unwrap();
    }
    zip.start_file("xl/worksheets/sheet1.xml", packed).unwrap();
    let zeros = vec![0_u8; 1 << 20];
    for _ in 0..300 {
        zip.write_all(&zeros).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
