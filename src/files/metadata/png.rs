//! PNG: a list of chunks, each with its length, name and checksum.

use std::io::{BufReader, BufWriter, Read, Write};

use super::{check_pixels, copy_exactly, orientation_only, read_array, read_vec};
use crate::files::{FileRefusal, Trouble};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1A\n";
/// What a still picture is made of, and how its colours are meant. No text, no times, no animation, nothing private.
const KEPT: [&[u8; 4]; 15] = [
    b"PLTE", b"IDAT", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"bKGD", b"pHYs", b"hIST",
    b"sPLT", b"cICP", b"mDCV", b"cLLI",
];
/// The longest Exif chunk that is looked at for the orientation.
const LONGEST_EXIF: u64 = 256 * 1024;

/// Copies the chunks of the picture up to its end.
pub(super) fn strip<R: Read, W: Write>(from: &mut R, to: &mut W) -> Result<u64, Trouble> {
    let mut from = BufReader::with_capacity(64 * 1024, from);
    let mut to = BufWriter::with_capacity(64 * 1024, to);
    if read_array(&mut from)? != SIGNATURE {
        return Err(FileRefusal::Damaged.into());
    }
    to.write_all(&SIGNATURE)?;
    let pixels = header(&mut from, &mut to)?;
    let (mut has_picture, mut turned) = (false, false);
    loop {
        let (length, name) = chunk(&mut from)?;
        if &name == b"IEND" {
            if length != 0 || !has_picture {
                return Err(FileRefusal::Damaged.into());
            }
            let _checksum: [u8; 4] = read_array(&mut from)?;
            write_chunk(&mut to, *b"IEND", &[])?;
            to.flush()?;
            return Ok(pixels);
        }
        if KEPT.contains(&&name) {
            has_picture |= &name == b"IDAT";
            to.write_all(&length.to_be_bytes())?;
            to.write_all(&name)?;
            copy_exactly(&mut from, &mut to, u64::from(length) + 4)?;
        } else if &name == b"eXIf" && !turned && u64::from(length) <= LONGEST_EXIF {
            let exif = read_vec(&mut from, u64::from(length) + 4)?;
            if let Some(block) = orientation_only(&exif) {
                write_chunk(&mut to, *b"eXIf", &block)?;
                turned = true;
            }
        } else {
            copy_exactly(&mut from, &mut std::io::sink(), u64::from(length) + 4)?;
        }
    }
}

fn header<R: Read, W: Write>(from: &mut R, to: &mut W) -> Result<u64, Trouble> {
    if chunk(from)? != (13, *b"IHDR") {
        return Err(FileRefusal::Damaged.into());
    }
    let fields: [u8; 13] = read_array(from)?;
    let _checksum: [u8; 4] = read_array(from)?;
    let [w3, w2, w1, w0, h3, h2, h1, h0, ..] = fields;
    let pixels = check_pixels(u32::from_be_bytes([w3, w2, w1, w0]), u32::from_be_bytes([h3, h2, h1, h0]))?;
    write_chunk(to, *b"IHDR", &fields)?;
    Ok(pixels)
}

fn chunk(from: &mut impl Read) -> Result<(u32, [u8; 4]), Trouble> {
    let length = u32::from_be_bytes(read_array(from)?);
    Ok((length, read_array(from)?))
}

fn write_chunk(to: &mut impl Write, name: [u8; 4], data: &[u8]) -> Result<(), Trouble> {
    let length = u32::try_from(data.len()).map_err(|_| FileRefusal::Damaged)?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(&name)?;
    to.write_all(data)?;
    to.write_all(&checksum(&[&name, data].concat()).to_be_bytes())?;
    Ok(())
}

/// The CRC of the PNG specification, bit by bit: only for the few short chunks written here, the rest keep theirs.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(
            crc ^ u32::from(byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}
