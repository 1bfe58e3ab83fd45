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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::preview;
    use crate::files::samples::{self, SECRET, contains};
    use rstest::rstest;
    use std::io::Cursor;

    fn stripped(kind: Kind, bytes: &[u8]) -> Result<Vec<u8>, FileRefusal> {
        let mut out = Vec::new();
        match strip(kind, &mut Cursor::new(bytes), &mut out) {
            Ok(_) => Ok(out),
            Err(Trouble::Refused(refusal)) => Err(refusal),
            Err(Trouble::Disk(error)) => panic!("{error}"),
        }
    }

    fn sample(kind: Kind, width: u32, height: u32, orientation: u8) -> Vec<u8> {
        match kind {
            Kind::Jpeg => samples::jpeg(width, height, orientation),
            Kind::Png => samples::png(width, height, orientation),
            Kind::WebP => samples::webp(width, height, orientation),
            _ => samples::heic(),
        }
    }

    fn pixels(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
        let picture = image::load_from_memory(bytes).unwrap().into_rgb8();
        (picture.width(), picture.height(), picture.into_raw())
    }

    #[rstest]
    fn nothing_told_in_passing_is_left_and_the_picture_is_the_same(
        #[values(Kind::Jpeg, Kind::Png, Kind::WebP)] kind: Kind,
        #[values(1, 3, 6, 8)] orientation: u8,
    ) {
        let sent = sample(kind, 40, 24, orientation);
        assert!(contains(&sent, SECRET), "the sample must tell too much, or this shows nothing");
        let kept = stripped(kind, &sent).unwrap();
        for secret in [SECRET, b"Comment", b"xap", b"MPF", b"Photoshop", b"XMP ", b"tIME", b"prVt"] {
            assert!(!contains(&kept, secret), "{}", String::from_utf8_lossy(secret));
        }
        assert_eq!(pixels(&kept), pixels(&sent), "bit for bit");
        assert_eq!(stripped(kind, &kept).unwrap(), kept, "once is enough");
    }

    #[rstest]
    fn which_way_up_is_kept(
        #[values(Kind::Jpeg, Kind::Png, Kind::WebP)] kind: Kind,
        #[values(1, 2, 3, 5, 6, 8)] way: u8,
    ) {
        let kept = stripped(kind, &sample(kind, 40, 24, way)).unwrap();
        assert_eq!(contains(&kept, b"MM\0\x2A"), way != 1, "no block at all when upright");
        let before = preview::render(kind, Cursor::new(sample(kind, 40, 24, way))).unwrap().unwrap();
        let after = preview::render(kind, Cursor::new(kept)).unwrap().unwrap();
        assert_eq!(before, after);
        let (width, height, _) = pixels(&after);
        assert_eq!((width, height), if way >= 5 { (24, 40) } else { (40, 24) });
    }

    #[rstest]
    fn a_photo_cut_short_anywhere_is_refused(
        #[values(Kind::Jpeg, Kind::Png, Kind::WebP, Kind::Heic)] kind: Kind,
    ) {
        // Up to where the picture ends; what lies behind it is left behind anyway.
        let whole = match kind {
            Kind::Heic => samples::heic(),
            _ => stripped(kind, &sample(kind, 12, 9, 6)).unwrap(),
        };
        for cut in 0..whole.len() {
            let cut_short = stripped(kind, &whole[..cut]);
            // A HEIC cut between two boxes may be whole without the last one.
            let fine =
                kind == Kind::Heic && cut_short.as_ref().is_ok_and(|kept| contains(kept, samples::HEVC));
            assert!(cut_short.is_err() || fine, "cut at {cut} of {}", whole.len());
        }
        assert!(stripped(kind, &whole).is_ok());
    }

    #[test]
    fn a_heic_keeps_its_picture_where_it_was_and_nothing_that_tells() {
        let sent = samples::heic();
        assert!(contains(&sent, SECRET) && contains(&sent, b"mpvd"));
        let kept = stripped(Kind::Heic, &sent).unwrap();
        assert_eq!(kept.len(), sent.len(), "no offset may move");
        assert!(!contains(&kept, SECRET));
        assert!(!contains(&kept, b"mpvd") && !contains(&kept, b"uuid"));
        let at = |bytes: &[u8]| bytes.windows(samples::HEVC.len()).position(|window| window == samples::HEVC);
        assert_eq!(at(&kept), at(&sent));
        assert!(contains(&kept, b"turned left"), "which way up is a property, and stays");
        assert!(contains(&kept, b"Exif\0\0MM\0\x2A\0\0\0\x08\0\0"), "an empty block in its place");
        assert_eq!(stripped(Kind::Heic, &kept).unwrap(), kept);
    }

    #[test]
    fn a_heic_that_cannot_be_followed_is_refused() {
        let good = samples::heic();
        let change = |from: &[u8], to: &[u8]| {
            let at = good.windows(from.len()).position(|window| window == from).unwrap();
            let mut changed = good.clone();
            changed[at..at + to.len()].copy_from_slice(to);
            stripped(Kind::Heic, &changed)
        };
        let keeps = Err(FileRefusal::KeepsPlaceAndTime);
        assert_eq!(change(b"iloc", b"xloc"), keeps, "nowhere to look");
        assert_eq!(change(b"iinf", b"xinf"), keeps, "nothing announced");
        assert_eq!(change(&[0, 2, 0, 0, 0, 0, 0, 1], &[0, 9]), keeps, "announced, not located");
        assert_eq!(change(&[0, 3, 0, 1, 0, 0], &[0, 3, 0, 2]), keeps, "made of other items");
        assert_eq!(change(&[0, 2, 0, 0, 0, 0, 0, 1], &[0, 2, 0, 0, 0, 1]), keeps, "in another file");
        assert_eq!(change(b"mdat", b"moov"), Err(FileRefusal::Moving));
        assert_eq!(change(b"ftyp", b"ftpy"), Err(FileRefusal::Damaged));
    }

    #[rstest]
    #[case(30_000, 30_000)]
    #[case(50_000_001, 1)]
    #[case(u32::MAX, u32::MAX)]
    fn a_header_that_promises_too_many_pixels_is_refused_unread(#[case] width: u32, #[case] height: u32) {
        let refusal = FileRefusal::TooManyPixels { width, height };
        assert_eq!(stripped(Kind::Png, &samples::png_header(width, height)), Err(refusal));
    }

    #[test]
    fn too_many_pixels_in_jpeg_and_webp_and_none_in_png_are_refused() {
        let mut jpeg = samples::plain_jpeg(16, 16);
        let frame = jpeg.windows(2).position(|window| window == [0xFF, 0xC0]).unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF]);
        let refusal = FileRefusal::TooManyPixels { width: 65_535, height: 65_535 };
        assert_eq!(stripped(Kind::Jpeg, &jpeg), Err(refusal));
        let mut webp = samples::webp(16, 16, 1);
        webp[24..30].copy_from_slice(&[0xFF; 6]);
        let refusal = FileRefusal::TooManyPixels { width: 1 << 24, height: 1 << 24 };
        assert_eq!(stripped(Kind::WebP, &webp), Err(refusal));
        assert_eq!(stripped(Kind::Png, &samples::png_header(0, 7)), Err(FileRefusal::Damaged));
    }

    #[test]
    fn what_moves_is_refused() {
        let mut webp = samples::webp(16, 16, 1);
        webp[20] |= 0x02;
        assert_eq!(stripped(Kind::WebP, &webp), Err(FileRefusal::Moving));
    }

    proptest::proptest! {
        #[test]
        fn a_damaged_photo_never_panics_and_never_grows_a_secret(which in 0_usize..4, at in 0_usize..4000, byte: u8) {
            let kind = [Kind::Jpeg, Kind::Png, Kind::WebP, Kind::Heic][which];
            let mut bytes = sample(kind, 12, 9, 6);
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = stripped(kind, &bytes);
        }
    }
}
