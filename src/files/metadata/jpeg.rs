//! JPEG: a list of segments, then the compressed picture, perhaps several times over.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};

use super::{check_pixels, orientation_only, read_array, read_vec};
use crate::files::{FileRefusal, Trouble};

const EXIF: &[u8] = b"Exif\0\0";

/// Copies the picture with its tables, colour profile and Adobe's note on how colours are stored; nothing else.
pub(super) fn strip<R: Read, W: Write>(from: &mut R, to: &mut W) -> Result<u64, Trouble> {
    let mut from = BufReader::with_capacity(64 * 1024, from);
    let mut to = BufWriter::with_capacity(64 * 1024, to);
    if read_array(&mut from)? != [0xFF, 0xD8] {
        return Err(FileRefusal::Damaged.into());
    }
    to.write_all(&[0xFF, 0xD8])?;
    let (mut scans, mut turned, mut pixels) = (0_u32, false, 0);
    let mut marker = next_marker(&mut from)?;
    loop {
        if marker == 0xD9 {
            if scans == 0 || pixels == 0 {
                return Err(FileRefusal::Damaged.into());
            }
            to.write_all(&[0xFF, 0xD9])?;
            to.flush()?;
            return Ok(pixels);
        }
        let payload = segment(&mut from, marker)?;
        match marker {
            0xE1 if !turned => turned = keep_orientation(&payload, &mut to)?,
            0xE0 => keep_jfif(&payload, &mut to)?,
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                pixels = check_frame(&payload)?;
                write_segment(&mut to, marker, &payload)?;
            }
            0xC4 | 0xCC | 0xDB | 0xDD => write_segment(&mut to, marker, &payload)?,
            0xE2 if payload.starts_with(b"ICC_PROFILE\0") => write_segment(&mut to, marker, &payload)?,
            0xEE if payload.starts_with(b"Adobe") => {
                write_segment(&mut to, marker, payload.get(..12).unwrap_or(&payload))?
            }
            0xDA => {
                scans += 1;
                write_segment(&mut to, marker, &payload)?;
                marker = copy_scan(&mut from, &mut to)?;
                continue;
            }
            0xE0..=0xEF | 0xFE => {}
            _ => return Err(FileRefusal::Damaged.into()),
        }
        marker = next_marker(&mut from)?;
    }
}

fn next_marker(from: &mut impl Read) -> Result<u8, Trouble> {
    let [mut byte] = read_array(from)?;
    if byte != 0xFF {
        return Err(FileRefusal::Damaged.into());
    }
    while byte == 0xFF {
        [byte] = read_array(from)?;
    }
    Ok(byte)
}

fn segment(from: &mut impl Read, marker: u8) -> Result<Vec<u8>, Trouble> {
    // Restart markers and the like stand alone; outside the compressed picture they have no business.
    if matches!(marker, 0x00 | 0x01 | 0xD0..=0xD8) {
        return Err(FileRefusal::Damaged.into());
    }
    let length = u16::from_be_bytes(read_array(from)?).checked_sub(2).ok_or(FileRefusal::Damaged)?;
    read_vec(from, u64::from(length))
}

fn write_segment(to: &mut impl Write, marker: u8, payload: &[u8]) -> Result<(), Trouble> {
    let length = u16::try_from(payload.len() + 2).map_err(|_| FileRefusal::Damaged)?;
    to.write_all(&[0xFF, marker])?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(payload)?;
    Ok(())
}

fn keep_orientation(payload: &[u8], to: &mut impl Write) -> Result<bool, Trouble> {
    let Some(block) = payload.strip_prefix(EXIF).and_then(orientation_only) else { return Ok(false) };
    write_segment(to, 0xE1, &[EXIF, &block].concat())?;
    Ok(true)
}

/// Version and density, without the thumbnail that may follow them.
fn keep_jfif(payload: &[u8], to: &mut impl Write) -> Result<(), Trouble> {
    match payload.first_chunk::<12>() {
        Some(start) if start.starts_with(b"JFIF\0") => {
            write_segment(to, 0xE0, &[start.as_slice(), &[0, 0]].concat())
        }
        _ => Ok(()),
    }
}

fn check_frame(payload: &[u8]) -> Result<u64, Trouble> {
    let Some(&[_, h1, h0, w1, w0]) = payload.first_chunk::<5>() else {
        return Err(FileRefusal::Damaged.into());
    };
    let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
    Ok(check_pixels(u32::from(width), u32::from(height))?)
}

/// Copies the compressed picture up to the marker that ends it, and returns that marker.
fn copy_scan(from: &mut impl BufRead, to: &mut impl Write) -> Result<u8, Trouble> {
    loop {
        let buffer = from.fill_buf()?;
        if buffer.is_empty() {
            return Err(FileRefusal::Damaged.into());
        }
        let plain = buffer.iter().position(|&byte| byte == 0xFF).unwrap_or(buffer.len());
        to.write_all(buffer.get(..plain).unwrap_or_default())?;
        let at_marker = plain < buffer.len();
        from.consume(plain);
        if at_marker {
            match next_marker(from)? {
                next @ (0x00 | 0xD0..=0xD7) => to.write_all(&[0xFF, next])?,
                marker => return Ok(marker),
            }
        }
    }
}
