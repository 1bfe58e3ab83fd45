//! HEIC: boxes within boxes. Nothing here can take one out without moving all that follows, and every offset with it;
//! so what tells too much is overwritten where it lies: Exif, XMP and every item that is not part of the picture
//! become empty, boxes that do not belong to a still photo become free space. Which way up the photo is shown is a
//! property of the picture in HEIC, so it stays right without Exif.
//!
//! A photo whose boxes cannot be followed to the end is refused rather than kept with its place and time.

use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;

use super::read_vec;
use crate::files::{FileRefusal, Trouble};

/// The largest list of items: a 50-megapixel photo in tiles has some dozen kilobytes of it.
const LARGEST_META: u64 = 1024 * 1024;
/// More boxes or items than any photo has.
const MOST: usize = 4096;
/// Items that are picture: HEVC and JPEG pictures and the ways they are put together.
const PICTURE: [&[u8; 4]; 6] = [b"hvc1", b"jpeg", b"grid", b"iden", b"iovl", b"tmap"];
/// What the list of items is made of.
const KNOWN: [&[u8; 4]; 10] =
    [b"hdlr", b"pitm", b"iinf", b"iref", b"iprp", b"idat", b"iloc", b"dinf", b"grpl", b"free"];
/// An Exif item without anything in it: where the block begins, its name, and a directory with no entry.
const NO_EXIF: &[u8; 24] = b"\0\0\0\x06Exif\0\0MM\0\x2A\0\0\0\x08\0\0\0\0\0\0";

/// A box: its name, and where its header and its content lie.
#[derive(Clone)]
struct Part {
    name: [u8; 4],
    header: u64,
    content: Range<u64>,
}

/// What is overwritten with what: the range with zeros, then the bytes at its beginning.
struct Wipe {
    range: Range<u64>,
    start: &'static [u8],
}

/// Copies the photo and overwrites, in the copy, what tells too much.
pub(super) fn strip<R: Read + Seek, W: Write>(from: &mut R, to: &mut W) -> Result<(), Trouble> {
    let mut wipes = plan(from)?;
    wipes.sort_by_key(|wipe| wipe.range.start);
    from.rewind()?;
    let mut at = 0;
    for wipe in wipes {
        // Ranges that overlap are wiped once.
        let start = wipe.range.start.max(at);
        super::copy_exactly(from, to, start - at)?;
        let length = wipe.range.end.saturating_sub(start);
        let begin =
            if wipe.start.len() as u64 <= length && start == wipe.range.start { wipe.start } else { &[] };
        to.write_all(begin)?;
        std::io::copy(&mut std::io::repeat(0).take(length - begin.len() as u64), to)?;
        at = start + length;
        from.seek(SeekFrom::Start(at))?;
    }
    std::io::copy(from, to)?;
    to.flush()?;
    Ok(())
}

fn plan<R: Read + Seek>(from: &mut R) -> Result<Vec<Wipe>, Trouble> {
    let end = from.seek(SeekFrom::End(0))?;
    let parts = boxes(end, |at, length| {
        from.seek(SeekFrom::Start(at))?;
        read_vec(from, length)
    })?;
    if parts.first().is_none_or(|part| &part.name != b"ftyp") {
        return Err(FileRefusal::Damaged.into());
    }
    let (mut wipes, mut list) = (Vec::new(), None);
    for part in &parts {
        match &part.name {
            b"ftyp" | b"mdat" => {}
            b"meta" if list.is_none() => list = Some(part.clone()),
            b"moov" | b"moof" => return Err(FileRefusal::Moving.into()),
            _ => wipes.extend(freed(part)),
        }
    }
    let list = list.ok_or(FileRefusal::Damaged)?;
    let length = list.content.end - list.content.start;
    if length > LARGEST_META {
        return Err(FileRefusal::KeepsPlaceAndTime.into());
    }
    from.seek(SeekFrom::Start(list.content.start))?;
    let bytes = read_vec(from, length)?;
    wipes.extend(plan_items(&bytes, list.content.start, end)?);
    Ok(wipes)
}

/// A box that becomes free space: its name is rewritten, its content zeroed.
fn freed(part: &Part) -> [Wipe; 2] {
    let name = part.header + 4;
    [Wipe { range: name..name + 4, start: b"free" }, Wipe { range: part.content.clone(), start: b"" }]
}

/// The wipes within the list of items, whose content is `bytes` and lies at `base`.
fn plan_items(bytes: &[u8], base: u64, end: u64) -> Result<Vec<Wipe>, Trouble> {
    let inner = bytes.get(4..).ok_or(FileRefusal::Damaged)?;
    let parts = boxes(inner.len() as u64, |at, length| {
        let at = usize::try_from(at).map_err(|_| FileRefusal::Damaged)?;
        let length = usize::try_from(length).map_err(|_| FileRefusal::Damaged)?;
        Ok(inner.get(at..at.saturating_add(length)).ok_or(FileRefusal::Damaged)?.to_vec())
    })?;
    let base = base + 4;
    let shifted = |part: &Part| Part {
        name: part.name,
        header: part.header + base,
        content: part.content.start + base..part.content.end + base,
    };
    let content = |name: &[u8; 4]| -> Result<Fields<'_>, FileRefusal> {
        let mut named = parts.iter().filter(|part| &part.name == name);
        let (Some(part), None) = (named.next(), named.next()) else {
            return Err(FileRefusal::KeepsPlaceAndTime);
        };
        let range = usize::try_from(part.content.start).ok().zip(usize::try_from(part.content.end).ok());
        range.and_then(|(from, to)| inner.get(from..to)).map(Fields).ok_or(FileRefusal::Damaged)
    };
    let mut wipes: Vec<Wipe> = parts
        .iter()
        .filter(|part| !KNOWN.contains(&&part.name))
        .flat_map(|part| freed(&shifted(part)))
        .collect();
    let telling = telling_items(content(b"iinf")?)?;
    let within = parts.iter().find(|part| &part.name == b"idat").map(|part| shifted(part).content);
    let mut found = 0;
    for item in locations(content(b"iloc")?)? {
        let Some((_, start)) = telling.iter().find(|(id, _)| *id == item.id) else { continue };
        found += 1;
        for extent in &item.extents {
            let offset = match (item.method, &within) {
                (0, _) => extent.start,
                (1, Some(idat)) => idat.start + extent.start,
                _ => return Err(FileRefusal::KeepsPlaceAndTime.into()),
            };
            let length = extent.end - extent.start;
            let stop = offset.checked_add(length).filter(|stop| *stop <= end && length > 0);
            wipes.push(Wipe { range: offset..stop.ok_or(FileRefusal::KeepsPlaceAndTime)?, start });
        }
    }
    // An item that is announced and not located is one we did not find.
    if found == telling.len() { Ok(wipes) } else { Err(FileRefusal::KeepsPlaceAndTime.into()) }
}

/// The items that are no picture, each with what is left in its place.
fn telling_items(mut list: Fields<'_>) -> Result<Vec<(u32, &'static [u8])>, FileRefusal> {
    let wide = list.u32()? >> 24 != 0;
    let count = if wide { list.u32()? } else { u32::from(list.u16()?) };
    let mut telling = Vec::new();
    for _ in
        0..usize::try_from(count).ok().filter(|count| *count <= MOST).ok_or(FileRefusal::KeepsPlaceAndTime)?
    {
        let length = usize::try_from(list.u32()?).map_err(|_| FileRefusal::Damaged)?;
        let mut entry = Fields(list.take(length.checked_sub(4).ok_or(FileRefusal::Damaged)?)?);
        if entry.take(4)? != b"infe" {
            return Err(FileRefusal::KeepsPlaceAndTime);
        }
        let id = match entry.u32()? >> 24 {
            2 => u32::from(entry.u16()?),
            3 => entry.u32()?,
            _ => return Err(FileRefusal::KeepsPlaceAndTime),
        };
        entry.u16()?;
        let name = entry.take(4)?;
        if name == b"Exif" {
            telling.push((id, NO_EXIF.as_slice()));
        } else if !PICTURE.iter().any(|picture| picture.as_slice() == name) {
            telling.push((id, b"".as_slice()));
        }
    }
    Ok(telling)
}

/// Where an item's bytes lie: in the file (0) or in the list's own data box (1).
struct Location {
    id: u32,
    method: u16,
    extents: Vec<Range<u64>>,
}

fn locations(mut list: Fields<'_>) -> Result<Vec<Location>, FileRefusal> {
    let version = list.u32()? >> 24;
    let sizes = list.u16()?;
    let (offset, length, base, index) = (sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15);
    let index = if version == 0 { 0 } else { index };
    let count = if version < 2 { u32::from(list.u16()?) } else { list.u32()? };
    if version > 2 || count as usize > MOST {
        return Err(FileRefusal::KeepsPlaceAndTime);
    }
    let mut found = Vec::new();
    for _ in 0..count {
        let id = if version < 2 { u32::from(list.u16()?) } else { list.u32()? };
        let method = if version == 0 { 0 } else { list.u16()? & 15 };
        let elsewhere = list.u16()? != 0;
        let base = list.number(base)?;
        let count = list.u16()?;
        if elsewhere || usize::from(count) > MOST {
            return Err(FileRefusal::KeepsPlaceAndTime);
        }
        let mut extents = Vec::new();
        for _ in 0..count {
            list.number(index)?;
            let start = base.checked_add(list.number(offset)?).ok_or(FileRefusal::Damaged)?;
            extents.push(start..start.checked_add(list.number(length)?).ok_or(FileRefusal::Damaged)?);
        }
        found.push(Location { id, method, extents });
    }
    Ok(found)
}

/// The boxes that lie one after the other in `end` bytes, which `read(offset, length)` gives.
fn boxes(end: u64, mut read: impl FnMut(u64, u64) -> Result<Vec<u8>, Trouble>) -> Result<Vec<Part>, Trouble> {
    let (mut parts, mut at) = (Vec::new(), 0);
    while at < end {
        if end - at < 8 || parts.len() >= MOST {
            return Err(FileRefusal::Damaged.into());
        }
        let header = read(at, 8)?;
        let mut fields = Fields(&header);
        let short = fields.u32()?;
        let name = fields.name()?;
        let (start, length) = match short {
            0 => (8, end - at),
            1 => (16, Fields(&read(at + 8, 8)?).number(8)?),
            length => (8, u64::from(length)),
        };
        let stop = at
            .checked_add(length)
            .filter(|stop| *stop <= end && length >= start)
            .ok_or(FileRefusal::Damaged)?;
        parts.push(Part { name, header: at, content: at + start..stop });
        at = stop;
    }
    Ok(parts)
}

/// Big-endian fields, one after the other; ending too early is damage.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], FileRefusal> {
        let (now, later) = self.0.split_at_checked(length).ok_or(FileRefusal::Damaged)?;
        self.0 = later;
        Ok(now)
    }

    fn u16(&mut self) -> Result<u16, FileRefusal> {
        Ok(self.take(2)?.iter().fold(0, |number, &byte| number << 8 | u16::from(byte)))
    }

    fn u32(&mut self) -> Result<u32, FileRefusal> {
        Ok(self.take(4)?.iter().fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }

    fn name(&mut self) -> Result<[u8; 4], FileRefusal> {
        self.take(4)?.try_into().map_err(|_| FileRefusal::Damaged)
    }

    /// A number of 0, 4 or 8 bytes, as the list of locations has them.
    fn number(&mut self, bytes: u16) -> Result<u64, FileRefusal> {
        match bytes {
            0 => Ok(0),
            4 | 8 => Ok(self
                .take(usize::from(bytes))?
                .iter()
                .fold(0, |number, &byte| number << 8 | u64::from(byte))),
            _ => Err(FileRefusal::KeepsPlaceAndTime),
        }
    }
}
