//! For machines that watch the program: is it alive, and can it do its work?

use std::sync::atomic::Ordering;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;

use crate::app::AppState;
use crate::http::Routes;
use crate::http::pages::Plain;

/// The worker ticks every 30 seconds; after this many without a tick the program is not ready.
const LONGEST_SILENCE: i64 = 150;

/// `/healthz` and `/readyz`.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/healthz", alive).get("/readyz", ready)
}

/// The program answers, whatever the state of the database.
async fn alive() -> &'static str {
    "Alive\n"
}

/// The database can be reached and is the one this program knows, and the worker was heard of lately; else 503
/// with a sentence for each complaint.
async fn ready(State(app): State<AppState>) -> (StatusCode, Extension<Plain>, String) {
    let mut complaints = Vec::new();
    match app.db.difference().await {
        Ok(None) => {}
        Ok(Some(difference)) => {
            tracing::warn!(difference, "not ready");
            complaints.push("The database is not the one this program needs.");
        }
        Err(error) => {
            tracing::warn!(%error, "not ready");
            complaints.push("The database cannot be reached.");
        }
    }
    if app.clock.now().timestamp() - app.last_tick.load(Ordering::Relaxed) > LONGEST_SILENCE {
        complaints.push("The worker has not been heard of lately.");
    }
    if complaints.is_empty() {
        return (StatusCode::OK, Extension(Plain), "Ready\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, Extension(Plain), complaints.join("\n") + "\n")
}
