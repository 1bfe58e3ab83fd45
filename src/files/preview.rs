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
