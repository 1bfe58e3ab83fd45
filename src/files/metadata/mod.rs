//! Photos without what they tell in passing: place, time, phone, owner, hidden thumbnails and clips (R9a).
//!
//! The stored original keeps its picture bit for bit: the file is copied part by part, and only parts that are on a
//! short list of those a picture is made of come along. Whatever follows the picture's end is left behind too, be it a
//! live photo's clip or a second file hidden there. Which way up a photo is shown is kept, as a metadata block of
//! our own that holds that one number. Baking the turn into the pixels would mean compressing evidence anew.

mod heic;
mod jpeg;
mod png;
mod webp;

use std::io::{Read, Seek, Write};

use image::metadata::Orientation;

use super::{FileRefusal, Kind, Trouble};

/// The most pixels: about what today's phones take at their best, and what decoding has memory for.
pub const MOST_PIXELS: u64 = 50_000_000;

/// Copies a photo without its metadata, and anything else as it is. The input is read from its beginning.
/// Returns how many pixels the photo has, where that is known (not for HEIC), else none.
///
/// # Errors
/// The photo is damaged, too large in pixels, moves, or cannot be freed of its metadata; or the disk failed.
pub fn strip<R: Read + Seek, W: Write>(kind: Kind, from: &mut R, to: &mut W) -> Result<u64, Trouble> {
    from.rewind()?;
    match kind {
        Kind::Jpeg => jpeg::strip(from, to),
        Kind::Png => png::strip(from, to),
        Kind::WebP => webp::strip(from, to),
        Kind::Heic => heic::strip(from, to).map(|()| 0),
        _ => {
            std::io::copy(from, to)?;
            Ok(0)
        }
    }
}

fn check_pixels(width: u32, height: u32) -> Result<u64, FileRefusal> {
    if width == 0 || height == 0 {
        return Err(FileRefusal::Damaged);
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS { Err(FileRefusal::TooManyPixels { width, height }) } else { Ok(pixels) }
}

/// The smallest Exif block there is: one directory with one entry, which way up the photo is. Nothing when the photo is
/// upright already or the block that came with it cannot be read.
fn orientation_only(exif: &[u8]) -> Option<[u8; 26]> {
    let orientation = Orientation::from_exif_chunk(exif).filter(|turn| *turn != Orientation::NoTransforms)?;
    let mut block = *b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    if let Some(value) = block.get_mut(19) {
        *value = orientation.to_exif();
    }
    Some(block)
}

/// Copies exactly `length` bytes; fewer is damage.
fn copy_exactly<R: Read, W: Write>(from: &mut R, to: &mut W, length: u64) -> Result<(), Trouble> {
    if std::io::copy(&mut from.take(length), to)? == length {
        Ok(())
    } else {
        Err(FileRefusal::Damaged.into())
    }
}

fn read_array<const N: usize>(from: &mut impl Read) -> Result<[u8; N], Trouble> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_vec(from: &mut impl Read, length: u64) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(FileRefusal::Damaged.into()) }
}
