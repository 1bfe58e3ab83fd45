//! Previews of photos: small JPEGs made anew from the pixels, so that nothing of the original file comes along.
//!
//! Decoding is where a small file can ask for much memory, so it is bounded three times: by pixels, by what the decoder
//! may allocate, and by how many are decoded at once.

use std::io::{BufRead, Cursor, Seek};
use std::sync::Arc;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::metadata::MOST_PIXELS;
use super::{FileRefusal, Kind};

/// The longer side of a preview, in pixels.
pub const LONGER_SIDE: u32 = 1600;
/// What one decoder may allocate, its picture included: 50 million pixels of three bytes, and something to work with.
/// (The JPEG decoder holds the compressed photo as well, at most 25 MiB.)
const MOST_MEMORY: u64 = 224 * 1024 * 1024;
/// Quality of the preview: text on a photographed form stays readable.
const QUALITY: u8 = 82;
/// At most two at a time …
const AT_ONCE: u32 = 2;
/// … and one with more pixels than this takes both places: today's phones send twelve million and more.
const LARGE: u64 = 8_000_000;

/// Room for two small photos or one large one to be decoded at a time. Cheap to clone; clones share the room.
#[derive(Clone, Debug)]
pub struct Room(Arc<Semaphore>);

impl Room {
    /// A new room; one per process.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE as usize)))
    }

    /// Waits for a place for a photo of this many pixels. `None` only when the program is stopping.
    pub async fn place_for(&self, pixels: u64) -> Option<OwnedSemaphorePermit> {
        let places = if pixels > LARGE { AT_ONCE } else { 1 };
        Arc::clone(&self.0).acquire_many_owned(places).await.ok()
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes the preview: a JPEG, the right way up, at most [`LONGER_SIDE`] pixels, without any metadata.
/// Takes long: call it away from the async threads, with a place in the [`Room`].
///
/// # Errors
/// It is no photo with a preview, is damaged, or is too large to be decoded.
pub fn render<R: BufRead + Seek>(kind: Kind, photo: R) -> Result<Vec<u8>, FileRefusal> {
    let mut decoder = decoder(kind, photo)?;
    let orientation = decoder.orientation().map_err(|_| FileRefusal::Damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| FileRefusal::Damaged)?;
    if picture.width().max(picture.height()) > LONGER_SIDE {
        // Averages over the pixels that fall together, and needs no memory beside the result.
        picture = picture.thumbnail(LONGER_SIDE, LONGER_SIDE);
    }
    picture.apply_orientation(orientation);
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(Cursor::new(&mut bytes), QUALITY)
        .encode_image(&on_white(picture))
        .map_err(|_| FileRefusal::Damaged)?;
    Ok(bytes)
}

fn decoder<'a, R: BufRead + Seek + 'a>(kind: Kind, photo: R) -> Result<impl ImageDecoder + 'a, FileRefusal> {
    let format = match kind {
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Png => ImageFormat::Png,
        Kind::WebP => ImageFormat::WebP,
        _ => return Err(FileRefusal::Damaged),
    };
    let mut reader = ImageReader::with_format(photo, format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|_| FileRefusal::Damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_MEMORY {
        return Err(FileRefusal::TooManyPixels { width, height });
    }
    Ok(decoder)
}

/// Eight bits of red, green and blue; what was transparent is white, not black.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let (width, height) = picture.dimensions();
    RgbImage::from_fn(width, height, |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let mix = |colour: u8| {
            let mixed = (u32::from(colour) * u32::from(alpha) + 255 * (255 - u32::from(alpha))) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        image::Rgb([mix(red), mix(green), mix(blue)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::samples;
    use rstest::rstest;

    fn open(jpeg: &[u8]) -> RgbImage {
        image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap().into_rgb8()
    }

    #[rstest]
    #[case::small(Kind::Png, 40, 24, (40, 24))]
    #[case::wide(Kind::Jpeg, 3200, 1000, (1600, 500))]
    #[case::tall(Kind::WebP, 500, 2000, (400, 1600))]
    #[case::line(Kind::Png, 5000, 1, (1600, 1))]
    fn a_preview_is_a_jpeg_of_at_most_1600_pixels(
        #[case] kind: Kind,
        #[case] width: u32,
        #[case] height: u32,
        #[case] size: (u32, u32),
    ) {
        let photo = match kind {
            Kind::Jpeg => samples::jpeg(width, height, 1),
            Kind::Png => samples::png(width, height, 1),
            _ => samples::webp(width, height, 1),
        };
        let preview = render(kind, Cursor::new(photo)).unwrap();
        assert_eq!(open(&preview).dimensions(), size);
        assert!(!samples::contains(&preview, samples::SECRET) && !samples::contains(&preview, b"Exif"));
    }

    #[rstest]
    #[case::upright(1, [250, 10, 10])]
    #[case::upside_down(3, [10, 10, 120])]
    #[case::turned_right(6, [120, 10, 10])]
    #[case::turned_left(8, [10, 10, 250])]
    fn the_preview_is_the_right_way_up(#[case] orientation: u8, #[case] top_left: [u8; 3]) {
        let preview = open(&render(Kind::Jpeg, Cursor::new(samples::jpeg(64, 32, orientation))).unwrap());
        let seen = preview.get_pixel(4, 4).0;
        let near = seen.iter().zip(top_left).all(|(one, other)| one.abs_diff(other) < 40);
        assert!(near, "{seen:?} should be near {top_left:?}");
    }

    #[test]
    fn what_is_transparent_becomes_white() {
        let mut bytes = Cursor::new(Vec::new());
        image::RgbaImage::from_pixel(8, 8, image::Rgba([0, 0, 0, 0]))
            .write_to(&mut bytes, ImageFormat::Png)
            .unwrap();
        let preview = open(&render(Kind::Png, Cursor::new(bytes.into_inner())).unwrap());
        assert!(preview.get_pixel(3, 3).0.iter().all(|&colour| colour > 250));
    }

    #[rstest]
    #[case::bomb(Kind::Png, samples::png_header(30_000, 30_000))]
    #[case::short_of_pixels(Kind::Png, samples::png_header(5_000, 5_000))]
    #[case::cut(Kind::Jpeg, samples::plain_jpeg(64, 64)[..300].to_vec())]
    #[case::cut_png(Kind::Png, samples::plain_png(64, 64)[..60].to_vec())]
    #[case::another_format(Kind::Png, samples::plain_jpeg(8, 8))]
    #[case::nothing(Kind::Jpeg, Vec::new())]
    #[case::no_photo(Kind::Pdf, samples::PDF.to_vec())]
    #[case::heic_has_none(Kind::Heic, samples::heic())]
    fn what_cannot_be_shown_is_refused(#[case] kind: Kind, #[case] bytes: Vec<u8>) {
        assert!(render(kind, Cursor::new(bytes)).is_err());
    }

    #[test]
    fn a_deep_picture_too_large_for_memory_is_refused_by_its_header() {
        // 7,000 × 7,000 are few enough pixels, but at 16 bits and four channels they take 392 MB.
        let header =
            [7_000_u32.to_be_bytes().as_slice(), &7_000_u32.to_be_bytes(), &[16, 6, 0, 0, 0]].concat();
        let plain = samples::plain_png(1, 1);
        let bytes = [&plain[..8], &samples::chunk(b"IHDR", &header), &plain[33..]].concat();
        assert!(render(Kind::Png, Cursor::new(bytes)).is_err());
    }

    #[tokio::test]
    async fn two_small_photos_or_one_large_one_at_a_time() {
        let room = Room::new();
        let soon = std::time::Duration::from_millis(20);
        let one = room.place_for(1_000_000).await;
        let two = room.place_for(1_000_000).await;
        assert!(tokio::time::timeout(soon, room.place_for(1)).await.is_err(), "no third");
        drop(one);
        assert!(
            tokio::time::timeout(soon, room.place_for(12_000_000)).await.is_err(),
            "a large one needs both"
        );
        drop(two);
        let _large = room.place_for(12_000_000).await;
        assert!(tokio::time::timeout(soon, room.place_for(1)).await.is_err(), "and then is alone");
    }
}
