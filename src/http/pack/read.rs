//! Fetching a pack as it is, streamed; and its pages on screen, as they stand in it. A page of a pack runs nothing and loads nothing;
//! every other file of it leaves the program as something to be saved.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::TryStreamExt as _;

use crate::app::AppState;
use crate::error::AppError;
use crate::files::{ContentHash, FileName};
use crate::http::extract::Path;
use crate::http::signed::Signed;
use crate::ids::{PackId, ProviderId};
use crate::pack::container;
use crate::store::pack::Pack;
use crate::workflow::pack as workflow;

/// What a page of a pack may do: be read.
const PAGE: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
/// Nothing in a file may run, should a browser show it after all.
const SANDBOX: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// The name a pack is saved under: nothing of its purpose, which somebody typed.
fn saved_as(pack: &Pack, slug: &str) -> String {
    let day =
        pack.made.as_ref().map(|made| crate::clock::london_date(made.at).to_string()).unwrap_or_default();
    let line = pack.made.as_ref().map(|made| made.seal_line).unwrap_or_default();
    format!("evidence-pack-{slug}-{day}-line-{line}.zip")
}

pub(super) async fn download(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, PackId)>,
) -> Result<Response, AppError> {
    let (pack, hash) = workflow::fetch(&app, &signed.actor, id, None).await?;
    let found = app.evidence.open(signed.actor.provider, hash).await.map_err(AppError::internal)?;
    let opened =
        found.ok_or_else(|| AppError::internal(format!("the file of pack {id} is not in the store")))?;
    let name = FileName::clean(&saved_as(&pack, &signed.provider.slug)).content_disposition();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_LENGTH, HeaderValue::from(opened.size)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(AppError::internal)?),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX)),
    ];
    Ok((headers, Body::from_stream(opened.content)).into_response())
}

pub(super) async fn entry(
    signed: Signed,
    State(app): State<AppState>,
    Path((_, id, path)): Path<(String, PackId, String)>,
) -> Result<Response, AppError> {
    let plain = container::is_plain(&path).then_some(path.as_str());
    let (pack, hash) =
        workflow::fetch(&app, &signed.actor, id, Some(plain.ok_or(AppError::NotFound)?)).await?;
    let size = pack.made.as_ref().and_then(|made| u64::try_from(made.size).ok()).unwrap_or_default();
    let part = place(&app, signed.actor.provider, hash, size, &path).await?.ok_or(AppError::NotFound)?;
    let found =
        app.evidence.open_part(signed.actor.provider, hash, part).await.map_err(AppError::internal)?;
    let opened =
        found.ok_or_else(|| AppError::internal(format!("the file of pack {id} is not in the store")))?;
    let name = FileName::clean(&path);
    let is_page = name.ending() == "html";
    let kind = if is_page { "text/html; charset=utf-8" } else { "application/octet-stream" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_LENGTH, HeaderValue::from(opened.size)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(if is_page { PAGE } else { SANDBOX })),
    ];
    let mut response = (headers, Body::from_stream(opened.content)).into_response();
    if !is_page {
        let saved = HeaderValue::from_str(&name.content_disposition()).map_err(AppError::internal)?;
        response.headers_mut().insert(header::CONTENT_DISPOSITION, saved);
    }
    Ok(response)
}

/// Where an entry stands in the file; none when there is no such entry.
async fn place(
    app: &AppState,
    provider: ProviderId,
    hash: ContentHash,
    size: u64,
    path: &str,
) -> Result<Option<std::ops::Range<u64>>, AppError> {
    let part = async |range: std::ops::Range<u64>| -> Result<Vec<u8>, AppError> {
        let found = app.evidence.open_part(provider, hash, range).await.map_err(AppError::internal)?;
        let Some(opened) = found else {
            return Err(AppError::internal("the file of a pack is not in the store"));
        };
        let bytes = opened.content.try_fold(Vec::new(), async |mut all, piece| {
            all.extend_from_slice(&piece);
            Ok(all)
        });
        bytes.await.map_err(AppError::internal)
    };
    let end = part(size.saturating_sub(container::END_SIZE)..size).await?;
    let list = container::list_of(&end).ok_or_else(|| AppError::internal("the file of a pack has no end"))?;
    Ok(container::find(&part(list).await?, path))
}
