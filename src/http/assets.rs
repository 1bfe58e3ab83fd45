//! Style, script, typeface and logo, built into the program and served under an address that changes with them.
//!
//! All of them share one address, `/assets/<hash of all>/<name>`, so that they may name each other relatively
//! (`app.css` its typeface, `app.js` its library) and a browser may keep them for ever.

use std::io::Write;
use std::sync::{LazyLock, OnceLock};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::error::AppError;
use crate::http::extract::Path;

/// One file that pages may load.
#[derive(Debug)]
pub struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
    brotli: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

const fn asset(name: &'static str, media_type: &'static str, bytes: &'static [u8]) -> Asset {
    Asset { name, media_type, bytes, brotli: OnceLock::new(), gzip: OnceLock::new() }
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// Everything that is served; a file of `static/` that is not named here is not.
static ASSETS: [Asset; 7] = [
    asset("govuk.css", CSS, include_bytes!("../../static/vendor/govuk.css")),
    asset("app.css", CSS, include_bytes!("../../static/app.css")),
    asset("early.js", JS, include_bytes!("../../static/early.js")),
    asset("app.js", JS, include_bytes!("../../static/app.js")),
    asset("govuk.js", JS, include_bytes!("../../static/vendor/govuk.js")),
    asset("figtree.woff2", "font/woff2", include_bytes!("../../static/vendor/figtree.woff2")),
    asset("favicon.svg", "image/svg+xml", include_bytes!("../../static/favicon.svg")),
];

/// The hash of all assets together: the middle of their address and their `ETag`.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for asset in &ASSETS {
        hash.update(asset.name.as_bytes());
        hash.update(asset.bytes.len().to_be_bytes());
        hash.update(asset.bytes);
    }
    hex::encode(hash.finalize()).chars().take(12).collect()
});

static URLS: LazyLock<Vec<(&'static str, String)>> =
    LazyLock::new(|| ASSETS.iter().map(|a| (a.name, format!("/assets/{}/{}", *VERSION, a.name))).collect());

/// The address of the asset `name`, for templates: `{{ crate::http::assets::url("app.css") }}`.
/// A name that does not exist gives an address that does not exist either, which the tests of the shell notice.
#[must_use]
pub fn url(name: &str) -> &'static str {
    URLS.iter().find(|(known, _)| *known == name).map_or("/assets/unknown", |(_, url)| url)
}

/// The names of all assets, for tests.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    ASSETS.iter().map(|asset| asset.name)
}

/// The bytes of the asset `name`, for tests.
#[cfg(test)]
pub(crate) fn bytes(name: &str) -> Option<&'static [u8]> {
    ASSETS.iter().find(|asset| asset.name == name).map(|asset| asset.bytes)
}

/// `GET /assets/{version}/{name}`: the file, compressed as the browser likes, kept for ever when the version is ours.
///
/// # Errors
/// [`AppError::NotFound`] when there is no such file.
pub async fn serve(
    Path((version, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let asset = ASSETS.iter().find(|asset| asset.name == name).ok_or(AppError::NotFound)?;
    let (encoding, bytes) = asset.encoded(&headers);
    let tag = format!("\"{}-{}\"", *VERSION, encoding.unwrap_or("plain"));
    // A page drawn by an older or newer program asks with another version: it gets ours, but must ask again next time.
    let cache = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-cache" };

    let unchanged = headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes());
    let (status, body) = if unchanged {
        (StatusCode::NOT_MODIFIED, Body::empty())
    } else {
        (StatusCode::OK, Body::from(bytes))
    };
    let mut response = (
        status,
        [
            (header::CONTENT_TYPE, asset.media_type),
            (header::CACHE_CONTROL, cache),
            (header::VARY, "accept-encoding"),
        ],
        body,
    )
        .into_response();
    let answer = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(response)
}

impl Asset {
    /// The bytes in the best encoding `headers` accept, compressed once and kept. Typefaces are compressed already.
    fn encoded(&'static self, headers: &HeaderMap) -> (Option<&'static str>, Bytes) {
        let plain = Bytes::from_static(self.bytes);
        if self.media_type == "font/woff2" {
            return (None, plain);
        }
        let accepted =
            headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
        if accepts(accepted, "br") {
            return (Some("br"), self.brotli.get_or_init(|| brotli(self.bytes).unwrap_or(plain)).clone());
        }
        if accepts(accepted, "gzip") {
            return (Some("gzip"), self.gzip.get_or_init(|| gzip(self.bytes).unwrap_or(plain)).clone());
        }
        (None, plain)
    }
}

/// Compresses every asset in both ways, so that the first visitor does not wait for it; call it from a blocking thread at
/// the start.
pub fn warm() {
    for asset in &ASSETS {
        for encoding in ["br", "gzip"] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(encoding));
            let _ = asset.encoded(&headers);
        }
    }
}

/// Whether an `Accept-Encoding` header allows `encoding` by name; `q=0` forbids it.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|part| {
        let mut pieces = part.split(';').map(str::trim);
        pieces.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding))
            && !pieces.any(|p| {
                p.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|weight| weight <= 0.0))
            })
    })
}

fn brotli(bytes: &[u8]) -> std::io::Result<Bytes> {
    let mut out = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut out, 4096, 9, 20);
    writer.write_all(bytes)?;
    writer.flush()?;
    drop(writer);
    Ok(Bytes::from(out))
}

fn gzip(bytes: &[u8]) -> std::io::Result<Bytes> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes)?;
    Ok(Bytes::from(writer.finish()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_used_only_when_it_is_wanted() {
        for (header, encoding, wanted) in [
            ("gzip, deflate, br", "br", true),
            ("gzip, deflate, br", "gzip", true),
            ("gzip;q=0, br", "gzip", false),
            ("br;q=0.000", "br", false),
            ("br;q=0.5", "br", true),
            ("broken", "br", false),
            ("", "gzip", false),
            ("GZIP", "gzip", true),
        ] {
            assert_eq!(accepts(header, encoding), wanted, "{header} for {encoding}");
        }
    }

    #[test]
    fn every_address_names_its_asset_and_the_common_version() {
        for asset in &ASSETS {
            assert_eq!(url(asset.name), format!("/assets/{}/{}", *VERSION, asset.name));
        }
        assert_eq!(url("other.css"), "/assets/unknown");
    }

    #[test]
    fn vendored_files_are_those_of_the_list_of_checksums() {
        let sums = include_str!("../../static/vendor/SHA256SUMS");
        let mut seen = 0;
        for line in sums.lines() {
            let (sum, name) = line.split_once("  ").unwrap();
            let asset = ASSETS.iter().find(|asset| asset.name == name).unwrap();
            assert_eq!(hex::encode(Sha256::digest(asset.bytes)), sum, "{name}: run static/vendor/update.sh");
            seen += 1;
        }
        assert_eq!(seen, 3);
    }

    #[test]
    fn the_vendored_style_asks_for_no_file_and_no_font_of_its_own() {
        let css = include_str!("../../static/vendor/govuk.css");
        for unwanted in ["GDS Transport", "url(", "@import", "@font-face", "sourceMappingURL"] {
            assert!(!css.contains(unwanted), "{unwanted}");
        }
    }
}
