//! Previews of photos: small JPEGs made anew from the pixels, so that nothing of the original file comes along.
//!
//! Decoding is where a small file can ask for much memory. One photo is decoded at a time, a JPEG at half, a quarter or
//! an eighth of its size as it is read, and what would still need more than [`MOST_MEMORY`] is kept without a preview:
//! the whole program stays below 100 MiB (tests/it/memory.rs).

use std::io::{BufRead, Cursor, Seek};
use std::sync::Arc;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use jpeg_decoder::{CodingProcess, PixelFormat};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{FileRefusal, Kind};

/// The longer side of a preview, in pixels.
pub const LONGER_SIDE: u16 = 1600;
/// What decoding one photo may need, its picture included.
pub const MOST_MEMORY: u64 = 40 * 1024 * 1024;
/// Quality of the preview: text on a photographed form stays readable.
const QUALITY: u8 = 82;

/// Room for one photo to be decoded at a time. Cheap to clone; clones share the room.
#[derive(Clone, Debug)]
pub struct Room(Arc<Semaphore>);

impl Room {
    /// A new room; one per process.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    /// Waits for the place. `None` only when the program is stopping.
    pub async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes the preview: a JPEG, the right way up, at most [`LONGER_SIDE`] pixels, without any metadata; none when the photo
/// is too large to be decoded here. Takes long: call it away from the async threads, with the place in the [`Room`].
///
/// # Errors
/// It is no photo with a preview, or is damaged.
pub fn render<R: BufRead + Seek>(kind: Kind, photo: R) -> Result<Option<Vec<u8>>, FileRefusal> {
    let decoded = match kind {
        Kind::Jpeg => jpeg(photo)?,
        Kind::Png => whole(ImageFormat::Png, photo)?,
        Kind::WebP => whole(ImageFormat::WebP, photo)?,
        _ => return Err(FileRefusal::Damaged),
    };
    let Some((mut picture, orientation)) = decoded else { return Ok(None) };
    let side = u32::from(LONGER_SIDE);
    if picture.width().max(picture.height()) > side {
        // Averages over the pixels that fall together, and needs no memory beside the result.
        picture = picture.thumbnail(side, side);
    }
    picture.apply_orientation(orientation);
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(Cursor::new(&mut bytes), QUALITY)
        .encode_image(&on_white(picture))
        .map_err(|_| FileRefusal::Damaged)?;
    Ok(Some(bytes))
}

type Decoded = Option<(DynamicImage, Orientation)>;

/// Decodes a JPEG at the smallest size that has enough pixels for the preview. A progressive one keeps all its
/// coefficients until its last byte, whatever the size.
fn jpeg(photo: impl BufRead) -> Result<Decoded, FileRefusal> {
    let mut decoder = jpeg_decoder::Decoder::new(photo);
    decoder.scale(LONGER_SIDE, LONGER_SIDE).map_err(|_| FileRefusal::Damaged)?;
    let info = decoder.info().ok_or(FileRefusal::Damaged)?;
    let components: u64 = match info.pixel_format {
        PixelFormat::L8 => 1,
        PixelFormat::RGB24 => 3,
        PixelFormat::CMYK32 => 4,
        PixelFormat::L16 => return Ok(None),
    };
    let (width, height) = decoder.scale(LONGER_SIDE, LONGER_SIDE).map_err(|_| FileRefusal::Damaged)?;
    // the planes and the picture made of them
    let scaled = 2 * components * u64::from(width) * u64::from(height);
    let coefficients = match info.coding_process {
        CodingProcess::DctSequential => 0,
        // two bytes for each sample: fewer where colour is coarser than light
        CodingProcess::DctProgressive => 2 * components * u64::from(info.width) * u64::from(info.height),
        CodingProcess::Lossless => return Ok(None),
    };
    if scaled + coefficients > MOST_MEMORY {
        return Ok(None);
    }
    let pixels = decoder.decode().map_err(|_| FileRefusal::Damaged)?;
    let orientation = decoder.exif_data().and_then(Orientation::from_exif_chunk);
    let (width, height) = (u32::from(width), u32::from(height));
    let picture = match info.pixel_format {
        PixelFormat::RGB24 => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
        PixelFormat::L8 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::from),
        PixelFormat::CMYK32 => RgbImage::from_raw(width, height, from_ink(&pixels)).map(DynamicImage::from),
        PixelFormat::L16 => None,
    };
    let picture = picture.ok_or(FileRefusal::Damaged)?;
    Ok(Some((picture, orientation.unwrap_or(Orientation::NoTransforms))))
}

/// Cyan, magenta, yellow and black as red, green and blue; in a JPEG the inks count down from 255.
fn from_ink(pixels: &[u8]) -> Vec<u8> {
    let (inks, _) = pixels.as_chunks::<4>();
    let light = |ink: u8, black: u8| u8::try_from(u16::from(ink) * u16::from(black) / 255).unwrap_or(u8::MAX);
    inks.iter().flat_map(|[c, m, y, k]| [light(*c, *k), light(*m, *k), light(*y, *k)]).collect()
}

/// Decodes a picture that can only be decoded whole.
fn whole<R: BufRead + Seek>(format: ImageFormat, photo: R) -> Result<Decoded, FileRefusal> {
    let mut reader = ImageReader::with_format(photo, format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = match reader.into_decoder() {
        Ok(decoder) => decoder,
        Err(image::ImageError::Limits(_)) => return Ok(None),
        Err(_) => return Err(FileRefusal::Damaged),
    };
    // a lossy WebP is decoded into light and colour first
    let half = if format == ImageFormat::WebP { decoder.total_bytes() / 2 } else { 0 };
    if decoder.total_bytes() + half > MOST_MEMORY {
        return Ok(None);
    }
    let orientation = decoder.orientation().map_err(|_| FileRefusal::Damaged)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(|_| FileRefusal::Damaged)?;
    Ok(Some((picture, orientation)))
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
        let preview = render(kind, Cursor::new(photo)).unwrap().unwrap();
        assert_eq!(open(&preview).dimensions(), size);
        assert!(!samples::contains(&preview, samples::SECRET) && !samples::contains(&preview, b"Exif"));
    }

    #[rstest]
    #[case::upright(1, [250, 10, 10])]
    #[case::upside_down(3, [10, 10, 120])]
    #[case::turned_right(6, [120, 10, 10])]
    #[case::turned_left(8, [10, 10, 250])]
    fn the_preview_is_the_right_way_up(#[case] orientation: u8, #[case] top_left: [u8; 3]) {
        let preview =
            open(&render(Kind::Jpeg, Cursor::new(samples::jpeg(64, 32, orientation))).unwrap().unwrap());
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
        let preview = open(&render(Kind::Png, Cursor::new(bytes.into_inner())).unwrap().unwrap());
        assert!(preview.get_pixel(3, 3).0.iter().all(|&colour| colour > 250));
    }

    #[rstest]
    #[case::cut(Kind::Jpeg, samples::plain_jpeg(64, 64)[..300].to_vec())]
    #[case::cut_late(Kind::Jpeg, { let all = samples::plain_jpeg(64, 64); all[..all.len() - 9].to_vec() })]
    #[case::cut_png(Kind::Png, samples::plain_png(64, 64)[..60].to_vec())]
    #[case::short_of_pixels(Kind::Png, samples::png_header(500, 500))]
    #[case::another_format(Kind::Png, samples::plain_jpeg(8, 8))]
    #[case::nothing(Kind::Jpeg, Vec::new())]
    #[case::no_photo(Kind::Pdf, samples::PDF.to_vec())]
    #[case::heic_has_none(Kind::Heic, samples::heic())]
    fn what_cannot_be_read_is_refused(#[case] kind: Kind, #[case] bytes: Vec<u8>) {
        assert!(render(kind, Cursor::new(bytes)).is_err());
    }

    /// A JPEG whose header promises this, and nothing after it.
    fn promise(marker: u8, side: u16) -> Vec<u8> {
        let mut bytes = samples::plain_jpeg(16, 16);
        let at = bytes.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap();
        bytes[at + 1] = marker;
        bytes[at + 5..at + 7].copy_from_slice(&side.to_be_bytes());
        bytes[at + 7..at + 9].copy_from_slice(&side.to_be_bytes());
        bytes
    }

    #[rstest]
    #[case::bomb(Kind::Png, samples::png_header(30_000, 30_000))]
    #[case::many_pixels(Kind::Png, samples::png_header(5_000, 5_000))]
    #[case::progressive(Kind::Jpeg, promise(0xC2, 4_000))]
    #[case::poster(Kind::Jpeg, promise(0xC0, 40_000))]
    fn what_would_need_too_much_memory_has_no_preview(#[case] kind: Kind, #[case] bytes: Vec<u8>) {
        assert_eq!(render(kind, Cursor::new(bytes)), Ok(None));
    }

    #[test]
    fn a_deep_picture_has_none_by_its_header() {
        // 3,000 × 3,000 are few enough pixels, but at 16 bits and four channels they take 72 MB.
        let header =
            [3_000_u32.to_be_bytes().as_slice(), &3_000_u32.to_be_bytes(), &[16, 6, 0, 0, 0]].concat();
        let plain = samples::plain_png(1, 1);
        let bytes = [&plain[..8], &samples::chunk(b"IHDR", &header), &plain[33..]].concat();
        assert_eq!(render(Kind::Png, Cursor::new(bytes)), Ok(None));
    }

    #[test]
    fn grey_photos_and_printed_ones_have_previews() {
        let mut grey = Vec::new();
        let picture = GrayImage::from_pixel(64, 48, image::Luma([90]));
        JpegEncoder::new_with_quality(&mut grey, 90).encode_image(&picture).unwrap();
        let preview = open(&render(Kind::Jpeg, Cursor::new(grey)).unwrap().unwrap());
        assert!(preview.get_pixel(3, 3).0.iter().all(|shade| shade.abs_diff(90) < 4));
        assert_eq!(
            from_ink(&[255, 255, 255, 255, 255, 0, 0, 255, 128, 128, 128, 0]),
            [255, 255, 255, 255, 0, 0, 0, 0, 0]
        );
    }

    #[tokio::test]
    async fn one_photo_at_a_time() {
        let room = Room::new();
        let soon = std::time::Duration::from_millis(20);
        let one = room.place().await;
        assert!(tokio::time::timeout(soon, room.place()).await.is_err(), "no second");
        drop(one);
        assert!(room.place().await.is_some());
    }
}
