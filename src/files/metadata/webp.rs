//! WebP: a RIFF file of chunks, the first of which says what the others are.

use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use super::{check_pixels, copy_exactly, orientation_only, read_array, read_vec};
use crate::files::{FileRefusal, Trouble};

/// What a still picture is made of: the frame, its transparency and its colour profile.
const PICTURE: [&[u8; 4]; 2] = [b"VP8 ", b"VP8L"];
const FLAG_EXIF: u8 = 0x08;
const FLAG_XMP: u8 = 0x04;
const FLAG_MOVES: u8 = 0x02;
/// The longest Exif chunk that is looked at for the orientation.
const LONGEST_EXIF: u64 = 256 * 1024;
/// More chunks than any picture has.
const MOST_CHUNKS: usize = 1000;

struct Chunk {
    name: [u8; 4],
    start: u64,
    length: u64,
}

/// Copies the chunks of the picture; the header's flags are set to what is still there.
pub(super) fn strip<R: Read + Seek, W: Write>(from: &mut R, to: &mut W) -> Result<u64, Trouble> {
    let mut from = BufReader::with_capacity(64 * 1024, from);
    let mut to = BufWriter::with_capacity(64 * 1024, to);
    let mut kept: Vec<Chunk> = Vec::new();
    let (mut extended, mut turn, mut pixels) = (None, None, 0);
    for chunk in chunks(&mut from)? {
        from.seek(SeekFrom::Start(chunk.start))?;
        match &chunk.name {
            b"ANIM" | b"ANMF" => return Err(FileRefusal::Moving.into()),
            b"VP8X" if extended.is_none() && kept.is_empty() => extended = Some(header(&mut from, &chunk)?),
            b"EXIF" if turn.is_none() && chunk.length <= LONGEST_EXIF => {
                let exif = read_vec(&mut from, chunk.length)?;
                turn = orientation_only(exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif));
            }
            b"VP8 " | b"VP8L" => {
                pixels = check_frame(&mut from, &chunk)?;
                kept.push(chunk);
            }
            b"ICCP" | b"ALPH" if extended.is_some() => kept.push(chunk),
            _ => {}
        }
    }
    if kept.iter().filter(|chunk| PICTURE.contains(&&chunk.name)).count() != 1 {
        return Err(FileRefusal::Damaged.into());
    }
    let turn = turn.filter(|_| extended.is_some());
    let length = |bytes: u64| 8 + bytes + (bytes & 1);
    let body: u64 = kept.iter().map(|chunk| length(chunk.length)).sum();
    let total = 4 + body + extended.map_or(0, |_| length(10)) + turn.map_or(0, |_| length(26));
    to.write_all(b"RIFF")?;
    to.write_all(&u32::try_from(total).map_err(|_| FileRefusal::Damaged)?.to_le_bytes())?;
    to.write_all(b"WEBP")?;
    if let Some([flags, rest @ ..]) = extended {
        let flags = flags & !(FLAG_EXIF | FLAG_XMP) | if turn.is_some() { FLAG_EXIF } else { 0 };
        write_chunk(&mut to, *b"VP8X", &[[flags].as_slice(), &rest].concat())?;
    }
    for chunk in &kept {
        from.seek(SeekFrom::Start(chunk.start))?;
        to.write_all(&chunk.name)?;
        to.write_all(&u32::try_from(chunk.length).map_err(|_| FileRefusal::Damaged)?.to_le_bytes())?;
        copy_exactly(&mut from, &mut to, chunk.length)?;
        if chunk.length & 1 == 1 {
            to.write_all(&[0])?;
        }
    }
    if let Some(block) = turn {
        write_chunk(&mut to, *b"EXIF", &block)?;
    }
    to.flush()?;
    Ok(pixels)
}

/// Where the chunks are. The file must be as long as its header says or longer; what is behind is left there.
fn chunks<R: Read + Seek>(from: &mut R) -> Result<Vec<Chunk>, Trouble> {
    let end = from.seek(SeekFrom::End(0))?;
    from.rewind()?;
    let [r, i, f, g, l0, l1, l2, l3, w, e, b, p] = read_array(from)?;
    let stated = u64::from(u32::from_le_bytes([l0, l1, l2, l3])) + 8;
    if [r, i, f, g, w, e, b, p] != *b"RIFFWEBP" || stated > end {
        return Err(FileRefusal::Damaged.into());
    }
    let mut chunks = Vec::new();
    let mut at = 12;
    while at + 8 <= stated {
        from.seek(SeekFrom::Start(at))?;
        let name = read_array(from)?;
        let length = u64::from(u32::from_le_bytes(read_array(from)?));
        let start = at + 8;
        at = start + length + (length & 1);
        if start + length > stated || chunks.len() >= MOST_CHUNKS {
            return Err(FileRefusal::Damaged.into());
        }
        chunks.push(Chunk { name, start, length });
    }
    Ok(chunks)
}

fn header(from: &mut impl Read, chunk: &Chunk) -> Result<[u8; 10], Trouble> {
    if chunk.length != 10 {
        return Err(FileRefusal::Damaged.into());
    }
    let fields: [u8; 10] = read_array(from)?;
    let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = fields;
    if flags & FLAG_MOVES != 0 {
        return Err(FileRefusal::Moving.into());
    }
    check_pixels(u32::from_le_bytes([w0, w1, w2, 0]) + 1, u32::from_le_bytes([h0, h1, h2, 0]) + 1)?;
    Ok(fields)
}

fn check_frame(from: &mut impl Read, chunk: &Chunk) -> Result<u64, Trouble> {
    let (width, height) = if &chunk.name == b"VP8L" {
        let [signature, b0, b1, b2, b3] = read_array(from)?;
        let bits = u32::from_le_bytes([b0, b1, b2, b3]);
        if signature != 0x2F {
            return Err(FileRefusal::Damaged.into());
        }
        ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    } else {
        let [_, _, _, s0, s1, s2, w0, w1, h0, h1] = read_array(from)?;
        if [s0, s1, s2] != [0x9D, 0x01, 0x2A] {
            return Err(FileRefusal::Damaged.into());
        }
        (u32::from(u16::from_le_bytes([w0, w1]) & 0x3FFF), u32::from(u16::from_le_bytes([h0, h1]) & 0x3FFF))
    };
    Ok(check_pixels(width, height)?)
}

fn write_chunk(to: &mut impl Write, name: [u8; 4], data: &[u8]) -> Result<(), Trouble> {
    to.write_all(&name)?;
    to.write_all(&u32::try_from(data.len()).map_err(|_| FileRefusal::Damaged)?.to_le_bytes())?;
    to.write_all(data)?;
    if data.len() % 2 == 1 {
        to.write_all(&[0])?;
    }
    Ok(())
}
