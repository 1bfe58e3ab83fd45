//! Asking for an import, for its undoing, and letting go of a draft.

use super::{NAMED, draft, visible};
use crate::app::AppState;
use crate::domain::import::undoable_until;
use crate::domain::job::JobKind;
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::error::AppError;
use crate::ids::ImportId;
use crate::store::TenantTx;
use crate::store::import::known::touched;
use crate::store::import::{self as store, Import, State};
use crate::workflow::job::{self, wake};
use crate::workflow::{Actor, Done, Moment, Stop};

/// Asks for the import. The same form twice asks once.
///
/// # Errors
/// There is nothing to bring; it changed since `seen`.
pub async fn start(app: &AppState, by: &Actor, id: ImportId, seen: i64) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let import =
        store::lock(&mut tx, id).await?.filter(|i| visible(&by.member, i)).ok_or(AppError::NotFound)?;
    if import.state != State::Draft && import.created_by == by.member.id {
        return Ok(());
    }
    if import.version != seen || import.checked != Some(seen) {
        return Err(Stop::Changed);
    }
    let [open, earlier, ..] = store::counts(&mut tx, id).await?;
    if open + earlier == 0 {
        return Err(Stop::refused(
            "No row would be brought in. Go back and match the columns and words again.",
        ));
    }
    store::set_state(&mut tx, id, State::Running, None).await?;
    job::ask(&mut tx, by, JobKind::Import, id.uuid()).await?;
    tx.commit().await?;
    wake(app);
    Ok(())
}

/// Why an import cannot be undone now; none when it can.
///
/// # Errors
/// The database was lost.
pub async fn against_undo(
    app: &AppState,
    tx: &mut TenantTx,
    import: &Import,
) -> Result<Option<String>, AppError> {
    let Some(came) = import.imported_at.filter(|_| import.state == State::Imported) else {
        return Ok(Some("It is not imported.".to_owned()));
    };
    if Moment::read(app).now > undoable_until(came) {
        return Ok(Some(
            "An import is undone within a day. After that, cancel what should not be here.".to_owned(),
        ));
    }
    let touched = touched(tx, import.id, NAMED).await?;
    if touched.is_empty() {
        return Ok(None);
    }
    let names: Vec<String> = touched.iter().map(|n| Reference::finding(*n).to_string()).collect();
    let list = words::list(&names);
    let more = i64::try_from(names.len()).is_ok_and(|n| n == NAMED);
    let others = if more { " and perhaps others" } else { "" };
    let was = if names.len() == 1 && !more { "was" } else { "were" };
    Ok(Some(format!(
        "{list}{others} {was} worked on since, so the import cannot be undone as a whole. Cancel what should not be here."
    )))
}

/// Asks for the import to be undone. The same form twice asks once.
///
/// # Errors
/// Something was worked on since, or a day is over.
pub async fn undo(app: &AppState, by: &Actor, id: ImportId) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let import =
        store::lock(&mut tx, id).await?.filter(|i| visible(&by.member, i)).ok_or(AppError::NotFound)?;
    if matches!(import.state, State::Undoing | State::Undone) {
        return Ok(());
    }
    if let Some(why) = against_undo(app, &mut tx, &import).await? {
        return Err(Stop::refused(why));
    }
    store::set_state(&mut tx, id, State::Undoing, None).await?;
    job::ask(&mut tx, by, JobKind::UndoImport, id.uuid()).await?;
    tx.commit().await?;
    wake(app);
    Ok(())
}

/// Forgets a draft.
///
/// # Errors
/// It is no draft any more, or changed since `seen`.
pub async fn discard(app: &AppState, by: &Actor, id: ImportId, seen: i64) -> Done<()> {
    let mut tx = by.begin(app).await?;
    draft(&mut tx, by, id, seen).await?;
    store::forget(&mut tx, id).await?;
    tx.commit().await?;
    Ok(())
}

/// An import stands as it stood before its job failed.
///
/// # Errors
/// The database was lost.
pub async fn stands_again(tx: &mut TenantTx, id: ImportId, said: &str) -> Result<(), sqlx::Error> {
    let Some(import) = store::lock(tx, id).await? else { return Ok(()) };
    match import.state {
        State::Running => store::set_state(tx, id, State::Draft, Some(said)).await,
        State::Undoing => store::set_state(tx, id, State::Imported, Some(said)).await,
        State::Draft | State::Imported | State::Undone => Ok(()),
    }
}
