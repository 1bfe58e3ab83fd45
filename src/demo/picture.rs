//! A picture for the demo's photos: a sheet of paper with ruled lines, drawn here, showing nobody.

use std::io::Cursor;

use bytes::Bytes;
use image::{ImageError, ImageFormat, Rgb, RgbImage};

/// Draws the sheet as a PNG.
///
/// # Errors
/// The picture could not be encoded.
pub fn sheet() -> Result<Bytes, ImageError> {
    let picture = RgbImage::from_fn(600, 800, |x, y| {
        let margin = !(40..560).contains(&x) || !(40..760).contains(&y);
        let ruled = y % 48 == 0;
        let column = matches!(x, 220 | 390);
        let stroke = y % 48 > 18 && y % 48 < 30 && (x / 7 + y / 48 * 5) % 11 < 6 && (240..370).contains(&x);
        match (margin, ruled || column, stroke) {
            (true, ..) => Rgb([196, 188, 172]),
            (_, true, _) => Rgb([150, 160, 170]),
            (.., true) => Rgb([40, 60, 110]),
            _ => Rgb([250, 249, 245]),
        }
    });
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    Ok(Bytes::from(png.into_inner()))
}
