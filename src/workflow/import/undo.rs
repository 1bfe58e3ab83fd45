//! Taking an import back, while nobody worked on what it brought.

use serde_json::json;

use super::against_undo;
use crate::app::AppState;
use crate::domain::event::{Event, EventKind};
use crate::domain::review::Disposition;
use crate::error::AppError;
use crate::ids::ImportId;
use crate::store::import::known::{self, Came};
use crate::store::import::write;
use crate::store::import::{self as store, Import, State};
use crate::store::{TenantTx, trail};
use crate::workflow::job::Progress;
use crate::workflow::{Actor, Done, Stop};

/// Calls off what an import brought. Nothing is deleted of the line: actions and findings keep their numbers and their lines in the
/// trail, and stand in no list; what was closed before Throughline is gone, and the file may be imported again.
///
/// # Errors
/// Somebody worked on something of it meanwhile, or the database refused or was lost.
pub async fn take_back(
    app: &AppState,
    tx: &mut TenantTx,
    _by: &Actor,
    id: ImportId,
    progress: &mut Progress<'_>,
) -> Done<()> {
    let import = store::lock(tx, id).await?.ok_or(AppError::NotFound)?;
    if import.state != State::Undoing {
        return Ok(());
    }
    let as_before = Import { state: State::Imported, ..import };
    if let Some(why) = against_undo(app, tx, &as_before).await? {
        return Err(Stop::refused(why));
    }
    let came = known::came(tx, id).await?;
    let reason = format!("The import of {} was undone.", as_before.file_name);
    known::take_back(tx, id, &reason).await?;
    store::set_state(tx, id, State::Undone, None).await?;
    let mut told = 0;
    for batch in came.chunks(write::batch()) {
        let events: Vec<Event> = batch.iter().flat_map(|one| called_off(id, one, &reason)).collect();
        trail::append(tx, &events).await?;
        told += batch.len();
        progress.at(told, came.len()).await;
    }
    let facts = json!({ "import": id, "sha256": as_before.sha256.to_string(), "opened": as_before.counts[0], "earlier": as_before.counts[1] });
    tx.record(Event::of_provider(EventKind::ImportUndone).detail(facts).text("title", as_before.file_name));
    Ok(())
}

fn called_off(id: ImportId, one: &Came, reason: &str) -> [Event; 2] {
    let from = json!({ "cycle": 1, "from": "not_started", "import": id });
    let disposed = json!({ "number": one.finding_number, "disposition": Disposition::NotForTracker.as_str(), "import": id });
    [
        Event::of_action(EventKind::Cancelled, one.action, one.finding).detail(from).text("reason", reason),
        Event::of_finding(EventKind::FindingDisposed, one.finding).detail(disposed).text("reason", reason),
    ]
}
