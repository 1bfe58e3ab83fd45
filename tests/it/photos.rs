//! Photos as phones make them: what is taken of them, what is left behind, and what they cost.

use axum::http::header;
use http_body_util::BodyExt as _;
use image::codecs::jpeg::JpegEncoder;
use rstest::rstest;
use throughline::clock::Clock;
use throughline::domain::topic::{Risk, Topic};
use throughline::ids::{EvidenceId, UpdateId};

use crate::crash::{Beside, SLUG, ask, cookie, furnish};
use crate::harness::TestDb;
use crate::harness::fixtures::{saturday, world};
use crate::harness::program::Program;
use crate::harness::scratch::Scratch;
use crate::harness::upload::Upload;

fn update(name: &str, photo: &[u8]) -> Upload {
    Upload::new()
        .texts(&[
            ("id", &UpdateId::new().to_string()),
            ("note", "Photographed the chart"),
            ("next", "working"),
        ])
        .file("file-record", name, photo)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Made with the encoders phones use (`photos/make.py`), not by hand.
#[rstest]
#[case::lossy_webp("phone.webp", include_bytes!("photos/phone.webp"), "image/webp", true)]
#[case::heic("phone.heic", include_bytes!("photos/phone.heic"), "image/heic", false)]
#[tokio::test]
async fn a_real_photo_loses_what_it_tells_and_stays_a_photo(
    #[case] name: &str,
    #[case] photo: &[u8],
    #[case] kind: &str,
    #[case] has_preview: bool,
) {
    let secrets: [&[u8]; 3] = [b"Lantern", b"somebody", b"2026:11:12"];
    assert!(
        photo.len() < 10_000 && secrets.iter().all(|secret| contains(photo, secret)),
        "it tells too much"
    );
    let db = TestDb::new().await;
    let w = world(&db, Clock::fixed(saturday())).await;
    let (_, on) = w.line(Risk::Medium, Topic::Medicines, "carer").await;
    let carer = w.browser("carer").await;
    let sent = update(name, photo).date("done_on", "2026-11-20");
    assert_eq!(carer.upload(&format!("/actions/{on}/update"), sent).await.status, 303);
    let mut admin = db.administrator().await;
    let id: EvidenceId = sqlx::query_scalar("SELECT id FROM evidence").fetch_one(&mut admin).await.unwrap();
    let (status, headers, kept) = carer.fetch(&format!("/evidence/{id}")).await;
    assert_eq!((status.as_u16(), headers.get(header::CONTENT_TYPE).unwrap().to_str().unwrap()), (200, kind));
    for secret in secrets {
        assert!(!contains(&kept, secret), "{}", String::from_utf8_lossy(secret));
    }
    // the pixels are those that were sent
    let pixels: &[u8] = if has_preview { b"VP8 " } else { b"mdat" };
    let from = |bytes: &[u8]| {
        let at = bytes.windows(4).position(|four| four == pixels).unwrap();
        bytes[at + 8..at + 208].to_vec()
    };
    assert_eq!(from(&kept), from(photo));
    let (status, _, preview) = carer.fetch(&format!("/evidence/{id}/preview")).await;
    assert_eq!(status.as_u16(), if has_preview { 200 } else { 404 });
    if has_preview {
        let seen = image::load_from_memory(&preview).unwrap().into_rgb8();
        assert_eq!(seen.dimensions(), (240, 320), "taken sideways, shown upright");
        let (above, below) = (seen.get_pixel(120, 40).0, seen.get_pixel(120, 280).0);
        assert!(above[0] > above[2] + 60 && below[2] > below[0] + 60, "{above:?} {below:?}");
    }
}

/// What forty-eight million pixels cost the whole program, from its start to the stored preview. In the profile of the
/// tests the program is larger than as released.
#[tokio::test]
async fn a_photo_of_48_megapixels_takes_less_than_100_mib() {
    let folder = Scratch::new("memory");
    let text = folder.path().to_str().unwrap().to_owned();
    let program = Program::serve(&[("DATA_DIR", text.as_str())]);
    let beside = Beside::open(folder.path()).await;
    let (_, token) = furnish(&beside).await;
    let (address, before) = (&program.address, program.peak_memory());
    let mut peaks = Vec::new();
    for (name, number, width, height) in [("12 megapixels", 1, 4000, 3000), ("48 megapixels", 2, 8000, 6000)]
    {
        let photo = tokio::task::spawn_blocking(move || picture(width, height)).await.unwrap();
        let today = Clock::System.today().to_string();
        let form = update("ward.jpg", &photo).date("done_on", &today);
        let kind = form.content_type();
        let body = form.into_body().collect().await.unwrap().to_bytes();
        let cookie = cookie(address, &token);
        let head = format!(
            "POST /p/{SLUG}/actions/A-000{number}/update HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
             Sec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let (status, answer) = ask(address, &head, &body).await.expect("an answer");
        assert_eq!(status, 303, "{answer}");
        peaks.push(program.peak_memory());
        println!(
            "{name}, {} KiB: at most {:.0} MiB (before: {before:.0} MiB)",
            photo.len() / 1024,
            peaks.last().unwrap()
        );
    }
    let previews = walk(&folder.path().join("evidence"), "previews");
    assert_eq!(previews, 2, "both have a preview");
    beside.close().await;
    assert!(peaks.iter().all(|peak| *peak < 100.0), "{peaks:?} MiB");
}

/// A photo with something in every corner, so that it does not compress to nothing.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let photo = image::RgbImage::from_fn(width, height, |x, y| {
        let noise = u8::try_from((x.wrapping_mul(7919) ^ y.wrapping_mul(104_729)) >> 3 & 31).unwrap();
        image::Rgb([noise + 90, u8::try_from(x * 200 / width).unwrap() + noise, 120])
    });
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 75).encode_image(&photo).unwrap();
    bytes
}

/// How many files lie in folders of this name.
fn walk(folder: &std::path::Path, name: &str) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let folders = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    folders
        .map(|path| {
            let inside =
                std::fs::read_dir(&path).unwrap().filter(|e| e.as_ref().unwrap().path().is_file()).count();
            if path.file_name().is_some_and(|n| n == name) { inside } else { walk(&path, name) }
        })
        .sum()
}
