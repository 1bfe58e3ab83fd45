//! Files made for the tests: photos that tell too much, and files that are not what they say.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder as _, ImageFormat, Rgb, RgbImage};

/// What must never be found in a stored photo.
pub const SECRET: &[u8] = b"51.5034N 0.1276W Amina's phone";

/// A picture that is red on the left, blue on the right, dark at the bottom: turned or not can be seen.
pub fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let bright = if y < height / 2 { 250 } else { 120 };
        if x < width / 2 { Rgb([bright, 10, 10]) } else { Rgb([10, 10, bright]) }
    })
}

/// An Exif block with an orientation and, after it, the secret.
pub fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"II\x2A\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    block.extend(SECRET);
    block
}

fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], length.as_slice(), payload].concat()
}

pub fn plain_jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&picture(width, height)).unwrap();
    bytes
}

/// A JPEG as a phone makes it, and with a clip behind its end.
pub fn jpeg(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let plain = plain_jpeg(width, height);
    let more = [
        segment(0xE1, &[b"Exif\0\0".as_slice(), &exif(orientation)].concat()),
        segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0".as_slice(), SECRET].concat()),
        segment(0xE2, &[b"MPF\0".as_slice(), SECRET].concat()),
        segment(0xE5, SECRET),
        segment(0xED, &[b"Photoshop 3.0\0".as_slice(), SECRET].concat()),
        segment(0xFE, SECRET),
    ];
    [&plain[..2], &more.concat(), &plain[2..], SECRET].concat()
}

pub fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [name.as_slice(), data].concat();
    let crc = !body.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xEDB8_8320 } else { c >> 1 })
    });
    [&u32::try_from(data.len()).unwrap().to_be_bytes(), body.as_slice(), &crc.to_be_bytes()].concat()
}

pub fn plain_png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture(width, height).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A PNG with every kind of metadata, and something behind its end.
pub fn png(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let plain = plain_png(width, height);
    let more = [
        chunk(b"eXIf", &exif(orientation)),
        chunk(b"tEXt", &[b"Comment\0".as_slice(), SECRET].concat()),
        chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0".as_slice(), SECRET].concat()),
        chunk(b"zTXt", &[b"Raw profile type exif\0\0".as_slice(), SECRET].concat()),
        chunk(b"tIME", &[7, 234, 11, 21, 12, 0, 0]),
        chunk(b"prVt", SECRET),
    ];
    [&plain[..33], &more.concat(), &plain[33..], SECRET].concat()
}

/// A PNG that says it is this large and has one row of pixels at most.
pub fn png_header(width: u32, height: u32) -> Vec<u8> {
    let header = [width.to_be_bytes().as_slice(), &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let plain = plain_png(1, 1);
    [&plain[..8], &chunk(b"IHDR", &header), &plain[33..]].concat()
}

/// A WebP with Exif and XMP, and something behind its end.
pub fn webp(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut bytes);
    encoder.set_exif_metadata(exif(orientation)).unwrap();
    encoder.write_image(&picture(width, height), width, height, ExtendedColorType::Rgb8).unwrap();
    let mut xmp = b"XMP ".to_vec();
    xmp.extend(u32::try_from(SECRET.len()).unwrap().to_le_bytes());
    xmp.extend(SECRET);
    if SECRET.len() % 2 == 1 {
        xmp.push(0);
    }
    bytes.extend(xmp);
    bytes[20] |= 0x04;
    let length = u32::try_from(bytes.len() - 8).unwrap().to_le_bytes();
    bytes[4..8].copy_from_slice(&length);
    bytes.extend(SECRET);
    bytes
}

pub fn heic_box(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&u32::try_from(content.len() + 8).unwrap().to_be_bytes(), name.as_slice(), content].concat()
}

fn item(id: u8, name: &[u8; 4]) -> Vec<u8> {
    heic_box(b"infe", &[[2, 0, 0, 0, 0, id, 0, 0].as_slice(), name, b"\0"].concat())
}

/// The bytes that stand for the picture in [`heic`].
pub const HEVC: &[u8] = b"picture picture picture";

/// A HEIC as boxes go: a picture, Exif in the data and XMP in the list's own data; a clip behind it.
pub fn heic() -> Vec<u8> {
    let kind = heic_box(b"ftyp", b"heic\0\0\0\0mif1heic");
    let exif = [b"\0\0\0\x06Exif\0\0".as_slice(), &exif(6)].concat();
    let list = |picture: u32| {
        let location = |id: u8, method: u8, offset: u32, length: usize| {
            let length = u32::try_from(length).unwrap().to_be_bytes();
            [[0, id, 0, method, 0, 0, 0, 1].as_slice(), &offset.to_be_bytes(), &length].concat()
        };
        let after = picture + u32::try_from(HEVC.len()).unwrap();
        let locations = [
            location(1, 0, picture, HEVC.len()),
            location(2, 0, after, exif.len()),
            location(3, 1, 0, SECRET.len()),
        ];
        let items = [item(1, b"hvc1"), item(2, b"Exif"), item(3, b"mime")];
        let parts = [
            heic_box(b"hdlr", &[0; 24]),
            heic_box(b"pitm", &[0, 0, 0, 0, 0, 1]),
            heic_box(b"iinf", &[[0, 0, 0, 0, 0, 3].as_slice(), &items.concat()].concat()),
            heic_box(b"iprp", b"turned left"),
            heic_box(b"iloc", &[[1, 0, 0, 0, 0x44, 0, 0, 3].as_slice(), &locations.concat()].concat()),
            heic_box(b"idat", SECRET),
            heic_box(b"uuid", SECRET),
        ];
        heic_box(b"meta", &[[0; 4].as_slice(), &parts.concat()].concat())
    };
    let at = u32::try_from(kind.len() + list(0).len() + 8).unwrap();
    let data = heic_box(b"mdat", &[HEVC, &exif].concat());
    [kind, list(at), data, heic_box(b"mpvd", SECRET)].concat()
}

pub fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

pub const PDF: &[u8] =
    b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\nxref\ntrailer\nstartxref\n0\n%%EOF\n";
