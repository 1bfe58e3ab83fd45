//! Bringing a spreadsheet: the draft and its choices, the dry run, and asking for it to be imported or undone.
//!
//! A draft is one member's until it is imported. Every step compares the version its page showed, so that two browsers do not match
//! columns against each other.

use std::collections::BTreeMap;

use super::{Actor, Done, Moment, Stop};
use crate::app::AppState;
use crate::domain::access::{Reach, Relation, Verb, may, reach};
use crate::domain::import::plan::{self, Ground, Owner, Place, Planned};
use crate::domain::import::value::Progress;
use crate::domain::import::{
    Choices, Fate, Field, Header, MOST_ROWS, MOST_VALUES, Row, SheetInfo, Value, heading, letters, plain,
    values,
};
use crate::domain::member::{Member, Role, Sight};
use crate::domain::topic::Risk;
use crate::domain::words;
use crate::error::AppError;
use crate::files::table::Table;
use crate::ids::{ImportId, ServiceId};
use crate::store::import::known::{due_on, known};
use crate::store::import::{self as store, Import, NewImport, State};
use crate::store::{TenantTx, member, provider};

/// Asking for it.
mod asked;
/// What words mean.
mod guess;
/// Bringing it in.
mod run;
/// Taking it back.
mod undo;

pub use asked::{against_undo, discard, stands_again, start, undo};
pub use run::bring;
pub use undo::take_back;

/// How many rows at the top are looked at to find the headings, and shown to choose them.
pub const FIRST: i64 = 25;
/// How many drafts of one member wait at most.
const MOST_DRAFTS: usize = 20;
/// How many touched findings a refusal names.
const NAMED: i64 = 5;

/// Keeps a file that was read as a draft, with what can be guessed of it.
///
/// # Errors
/// The member has too many drafts, or the database was lost.
pub async fn keep(app: &AppState, by: &Actor, id: ImportId, table: &Table) -> Done<ImportId> {
    let sheets: Vec<SheetInfo> = table
        .sheets
        .iter()
        .map(|s| SheetInfo { name: s.name.clone(), rows: s.rows.len(), width: s.width() })
        .collect();
    // the sheet whose headings say most, or else the longest
    let known_fields = |rows: &[Row]| {
        let header = heading::guess(rows);
        header.map_or(0, |header| heading::fields(&heading::headings(rows, header)).iter().flatten().count())
    };
    let likely = (0..)
        .zip(&table.sheets)
        .max_by_key(|(at, s)| (known_fields(&s.rows), s.rows.len(), std::cmp::Reverse(*at)));
    let (sheet, header) = likely.map_or((0, None), |(at, s)| (at, heading::guess(&s.rows)));
    let choices = Choices {
        sheet,
        header_row: header.map(|h| h.row),
        two_rows: header.is_some_and(|h| h.two),
        risk: Risk::Medium.as_str().to_owned(),
        ..Choices::default()
    };
    let mut tx = by.begin(app).await?;
    if store::get(&mut tx, id).await?.is_some() {
        return Ok(id); // the same form twice
    }
    let waiting = store::list(&mut tx, Some(by.member.id), None, 200).await?;
    if waiting.iter().filter(|import| import.state == State::Draft).count() >= MOST_DRAFTS {
        return Err(Stop::at(
            "file",
            format!("You have {MOST_DRAFTS} files waiting to be imported: forget some of them first"),
        ));
    }
    let name = table.name.to_string();
    let new = NewImport { id, file_name: &name, sha256: table.sha256, sheets: &sheets, choices: &choices };
    store::insert(&mut tx, &new).await?;
    for (at, sheet) in (0..).zip(&table.sheets) {
        store::insert_rows(&mut tx, id, at, &sheet.rows).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Whether a member sees an import: whoever began it, and those who import for the whole provider, once it came in.
#[must_use]
pub fn visible(member: &Member, import: &Import) -> bool {
    match reach(member.role, Verb::Import) {
        Reach::None | Reach::Own => false,
        _ if import.created_by == member.id => true,
        Reach::Provider => import.state != State::Draft,
        Reach::Services => false,
    }
}

/// An import as this member sees it.
///
/// # Errors
/// It is not there for them, or the database was lost.
pub async fn open(tx: &mut TenantTx, by: &Actor, id: ImportId) -> Result<Import, AppError> {
    store::get(tx, id).await?.filter(|import| visible(&by.member, import)).ok_or(AppError::NotFound)
}

/// The imports a member sees, newest first.
///
/// # Errors
/// The database was lost.
pub async fn list(tx: &mut TenantTx, by: &Actor) -> Result<Vec<Import>, AppError> {
    let own = reach(by.member.role, Verb::Import) != Reach::Provider;
    let mut all = store::list(tx, own.then_some(by.member.id), None, 200).await?;
    all.retain(|import| visible(&by.member, import));
    Ok(all)
}

/// Locks a draft in the version the page showed.
async fn draft(tx: &mut TenantTx, by: &Actor, id: ImportId, seen: i64) -> Done<Import> {
    let import = store::lock(tx, id).await?.filter(|i| visible(&by.member, i)).ok_or(AppError::NotFound)?;
    if import.version != seen || import.state != State::Draft {
        return Err(Stop::Changed);
    }
    Ok(import)
}

/// Chooses the sheet and its headings; what was chosen after that is guessed anew.
///
/// # Errors
/// There is no such sheet or row; it changed since `seen`.
pub async fn choose_header(
    app: &AppState,
    by: &Actor,
    id: ImportId,
    seen: i64,
    (sheet, header): (usize, Header),
) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let import = draft(&mut tx, by, id, seen).await?;
    if sheet >= import.sheets.len() {
        return Err(Stop::at("sheet", "Choose one of the sheets"));
    }
    let rows = store::rows(&mut tx, id, sheet, FIRST).await?;
    if !rows.iter().any(|row| row.n == header.row) {
        return Err(Stop::at("header_row", "Choose the row with the headings"));
    }
    let found = heading::fields(&heading::headings(&rows, header));
    let columns = (0..).zip(found).filter_map(|(at, field)| Some((at, field?.as_str().to_owned()))).collect();
    let choices = Choices {
        sheet,
        header_row: Some(header.row),
        two_rows: header.two,
        columns,
        meanings: BTreeMap::new(),
        matched: false,
        ..import.choices
    };
    store::choose(&mut tx, id, &choices, false).await?;
    tx.commit().await?;
    Ok(())
}

/// What the columns hold, and what is taken where a row says nothing.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The field of each column.
    pub fields: BTreeMap<usize, Field>,
    /// The service of rows that name none.
    pub service: Option<ServiceId>,
    /// The risk of rows that say none.
    pub risk: Risk,
    /// How success is tested, for rows that do not say.
    pub success_test: String,
}

/// Chooses what the columns hold; what the words in them mean is guessed.
///
/// # Errors
/// No column holds the action, or two hold the same; a column whose words are to be matched has too many; it changed since `seen`.
pub async fn choose_columns(
    app: &AppState,
    by: &Actor,
    id: ImportId,
    seen: i64,
    chosen: &Columns,
) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let import = draft(&mut tx, by, id, seen).await?;
    let mut choices = Choices {
        columns: chosen.fields.iter().map(|(at, field)| (*at, field.as_str().to_owned())).collect(),
        meanings: BTreeMap::new(),
        matched: false,
        service: chosen.service,
        risk: chosen.risk.as_str().to_owned(),
        success_test: chosen.success_test.clone(),
        ..import.choices
    };
    let ground = ground(app, &mut tx, by).await?;
    if choices.column(Field::Action).is_none() {
        return Err(Stop::at("columns", "Say which column holds the action"));
    }
    if let Some(twice) =
        Field::ALL.iter().find(|field| chosen.fields.values().filter(|held| held == field).count() > 1)
    {
        return Err(Stop::at("columns", format!("Two columns hold “{}”: keep one", twice.label())));
    }
    if chosen.service.is_some_and(|id| !ground.places.iter().any(|place| place.id == id)) {
        return Err(Stop::at("service", "Choose one of your services"));
    }
    if choices.column(Field::Service).is_none() && choices.service.is_none() {
        return Err(Stop::at("service", "Choose the service the tracker is about"));
    }
    let header = choices.header().ok_or(Stop::Changed)?;
    let rows = all_rows(&mut tx, &import, choices.sheet).await?;
    let mut found = BTreeMap::new();
    for field in Field::ALL.iter().filter(|field| field.is_matched()) {
        let Some(column) = choices.column(*field) else { continue };
        let values = values(&rows, header, column);
        if values.len() > MOST_VALUES {
            let (column, count) = (letters(column), words::number(values.len() as u64));
            return Err(Stop::at(
                "columns",
                format!(
                    "Column {column} has {count} different words, too many for “{}”: choose another column, or none",
                    field.label()
                ),
            ));
        }
        found.insert(*field, values);
    }
    choices.meanings = guess::guesses(app, &mut tx, &ground, &found).await?;
    store::choose(&mut tx, id, &choices, false).await?;
    tx.commit().await?;
    Ok(())
}

/// The words of each matched column, as the page lists them.
///
/// # Errors
/// The database was lost.
pub async fn words_of(
    tx: &mut TenantTx,
    import: &Import,
) -> Result<Vec<(Field, usize, Vec<Value>)>, AppError> {
    let Some(header) = import.choices.header() else { return Ok(Vec::new()) };
    let rows = all_rows(tx, import, import.choices.sheet).await?;
    let matched = Field::ALL.iter().filter(|field| field.is_matched());
    Ok(matched
        .filter_map(|field| {
            let column = import.choices.column(*field)?;
            Some((*field, column, values(&rows, header, column)))
        })
        .collect())
}

/// Keeps what the words mean, and works out the fate of every row.
///
/// # Errors
/// It changed since `seen`, or the database was lost.
pub async fn check(
    app: &AppState,
    by: &Actor,
    id: ImportId,
    seen: i64,
    meanings: Option<BTreeMap<Field, BTreeMap<String, String>>>,
) -> Done<()> {
    let mut tx = by.begin(app).await?;
    let import = draft(&mut tx, by, id, seen).await?;
    let mut choices = import.choices.clone();
    if let Some(meanings) = meanings {
        let known = |field: Field, key: &str| {
            choices.meanings.get(field.as_str()).is_some_and(|kept| kept.contains_key(key))
        };
        let kept = meanings.into_iter().map(|(field, words)| {
            let words = words.into_iter().filter(|(key, ours)| known(field, key) && is_ours(field, ours));
            (field.as_str().to_owned(), words.collect())
        });
        choices.meanings = kept.collect();
    }
    choices.matched = true;
    let (planned, _) = planned(app, &mut tx, by, &Import { choices: choices.clone(), ..import }).await?;
    store::set_fates(&mut tx, id, choices.sheet, &planned).await?;
    store::choose(&mut tx, id, &choices, true).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether a word is one of ours; what it names is looked at with every row.
fn is_ours(field: Field, word: &str) -> bool {
    use crate::domain::text_enum::TextEnum as _;
    use crate::domain::topic::Topic;
    word.is_empty()
        || match field {
            Field::Status => Progress::from_text(word).is_some(),
            Field::Risk => Risk::from_text(word).is_some(),
            Field::Topic => Topic::from_text(word).is_some(),
            _ => uuid::Uuid::parse_str(word).is_ok(),
        }
}

async fn all_rows(tx: &mut TenantTx, import: &Import, sheet: usize) -> Result<Vec<Row>, AppError> {
    Ok(store::rows(tx, import.id, sheet, i64::try_from(MOST_ROWS).unwrap_or(i64::MAX)).await?)
}

/// What the rows are looked at against: the services this member may import into, and who may own something.
async fn ground(app: &AppState, tx: &mut TenantTx, by: &Actor) -> Result<Ground, AppError> {
    let services = provider::services(tx).await?;
    let mine = |id: ServiceId| {
        let relation = Relation { in_service: by.member.sees_service(id), ..Relation::default() };
        may(by.member.role, Verb::Import, relation).is_ok()
    };
    let places =
        services.into_iter().filter(|s| mine(s.id)).map(|s| Place { id: s.id, name: s.name }).collect();
    let members = member::all(tx).await?.into_iter().filter(|m| m.role != Role::ExternalReader);
    let owner = |m: Member| Owner {
        id: m.id,
        name: m.name,
        services: (!matches!(m.role.sight(), Sight::Provider)).then_some(m.services),
    };
    Ok(Ground { today: Moment::read(app).today, places, owners: members.map(owner).collect() })
}

/// The services a member may import into, by name.
///
/// # Errors
/// The database was lost.
pub async fn places(app: &AppState, tx: &mut TenantTx, by: &Actor) -> Result<Vec<Place>, AppError> {
    Ok(ground(app, tx, by).await?.places)
}

/// Who may own an imported action, by name.
///
/// # Errors
/// The database was lost.
pub async fn owners(app: &AppState, tx: &mut TenantTx, by: &Actor) -> Result<Vec<Owner>, AppError> {
    Ok(ground(app, tx, by).await?.owners)
}

/// The fate of every row, what is here already included.
async fn planned(
    app: &AppState,
    tx: &mut TenantTx,
    by: &Actor,
    import: &Import,
) -> Result<(Vec<Planned>, Ground), AppError> {
    let rows = all_rows(tx, import, import.choices.sheet).await?;
    let ground = ground(app, tx, by).await?;
    let choices = import.choices.clone();
    // twenty thousand rows take a processor for some tenths of a second
    let worked_out = tokio::task::spawn_blocking(move || {
        let planned = plan::plan(&rows, &choices, &ground);
        (planned, ground)
    });
    let (mut planned, ground) = worked_out.await.map_err(AppError::internal)?;
    mark_known(tx, &ground, &mut planned).await?;
    Ok((planned, ground))
}

/// Finds out which rows are here already: imported before, or an action with the same words, service and due date.
async fn mark_known(tx: &mut TenantTx, ground: &Ground, planned: &mut [Planned]) -> Result<(), AppError> {
    let prints: Vec<[u8; 32]> = planned.iter().filter_map(|one| one.fingerprint).collect();
    let before: BTreeMap<Vec<u8>, Option<i32>> = known(tx, &prints).await?.into_iter().collect();
    let mut days: Vec<_> = planned.iter().filter_map(|one| one.said.as_ref()?.due).collect();
    days.sort_unstable();
    days.dedup();
    let services: Vec<ServiceId> = ground.places.iter().map(|place| place.id).collect();
    let here = due_on(tx, &services, &days).await?;
    let here: BTreeMap<_, _> =
        here.into_iter().map(|a| ((a.service, a.due_on, plain(&a.what)), a.number)).collect();
    for one in planned {
        let came = one.fingerprint.and_then(|print| before.get(print.as_slice()));
        let same = one.said.as_ref().filter(|_| one.fate == Fate::Open);
        let same = same.and_then(|said| here.get(&(said.service, said.due, plain(&said.what)))).copied();
        let reference = |n: i32| crate::domain::reference::Reference::action(n);
        match (came, same) {
            (Some(Some(number)), _) => {
                plan::known(one, format!("It was imported before, as {}.", reference(*number)))
            }
            (Some(None), _) => plan::known(one, "It was imported before, as closed before Throughline."),
            (None, Some(number)) => plan::known(
                one,
                format!("{} says the same, in the same service, due on the same day.", reference(number)),
            ),
            (None, None) => {}
        }
    }
    Ok(())
}
