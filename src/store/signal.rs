//! Early-warning signs, all in one query (E1 to E17). Who sees the whole provider reads what the worker kept
//! ([`super::sign_kept`]), and by this query only what happened since.

use std::sync::Arc;

use chrono::NaiveDate;
use uuid::Uuid;

use super::sign_kept;
use super::{TenantTx, scope, word};
use crate::clock::london_hour;
use crate::domain::acknowledgement::LONGEST_DAYS;
use crate::domain::calendar::{self, Nation};
use crate::domain::member::{Member, Sight};
use crate::domain::reference::Reference;
use crate::domain::signal::{self, Sign};
use crate::domain::wording::is_vague_note;
use crate::ids::{MeasureId, ProviderId, ServiceId};

/// How many rows of each sign are shown beside the others.
pub const FIRST: usize = 10;
/// How many rows a page of one sign has, and how many of what was put aside are shown.
pub const ROWS: usize = 50;
/// Said of a measure's service when it is of the whole provider.
pub const EVERYWHERE: &str = "The whole provider";

/// What a page of signs is drawn for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who looks.
    pub member: &'a Member,
    /// One service by its part of the address, or all they see.
    pub service: Option<&'a str>,
    /// Today in Europe/London.
    pub today: NaiveDate,
    /// Which signs.
    pub wanted: Wanted,
    /// How many rows of one sign, and of what was put aside.
    pub rows: usize,
}

/// All that a page of signs follows from, besides what is in the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Looked {
    provider: ProviderId,
    whole: bool,
    services: Vec<Uuid>,
    service: Option<String>,
    today: NaiveDate,
    wanted: Wanted,
    rows: usize,
}

impl Looked {
    fn of(tx: &TenantTx, asked: &Asked<'_>) -> Self {
        Self {
            provider: tx.provider(),
            whole: asked.member.role.sight() == Sight::Provider,
            services: scope::services(asked.member),
            service: asked.service.map(str::to_owned),
            today: asked.today,
            wanted: asked.wanted,
            rows: asked.rows,
        }
    }
}

/// Which signs are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// All, each with its first rows.
    All,
    /// A page of one, after this place.
    One(Sign, Option<Key>),
    /// One sign about one thing, by its id.
    Of(Sign, Uuid),
}

/// The place of a row among those of its sign.
pub type Key = (NaiveDate, Uuid);

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// An action, by number.
    Action(i32),
    /// A finding, by number.
    Finding(i32),
    /// A measure.
    Measure(MeasureId),
}

impl About {
    /// As a row of the database says it.
    pub(super) fn of(action: Option<i32>, finding: Option<i32>, subject: Uuid) -> Self {
        match (action, finding) {
            (Some(number), _) => Self::Action(number),
            (None, Some(number)) => Self::Finding(number),
            (None, None) => Self::Measure(subject.into()),
        }
    }

    /// The reference; a measure has none.
    #[must_use]
    pub const fn reference(self) -> Option<Reference> {
        match self {
            Self::Action(number) => Some(Reference::action(number)),
            Self::Finding(number) => Some(Reference::finding(number)),
            Self::Measure(_) => None,
        }
    }

    /// As an address names it.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Measure(id) => id.to_string(),
            Self::Action(_) | Self::Finding(_) => {
                self.reference().map(|reference| reference.to_string()).unwrap_or_default()
            }
        }
    }

    /// Its page, below the provider's address.
    #[must_use]
    pub fn page(self) -> String {
        let place = match self {
            Self::Action(_) => "actions",
            Self::Finding(_) => "findings",
            Self::Measure(_) => "measures",
        };
        format!("{place}/{}", self.name())
    }
}

/// Until when a sign is put aside, why, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    /// The day it comes back.
    pub until: NaiveDate,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
}

/// One row of a sign.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it is about.
    pub about: About,
    /// The same by its id.
    pub subject: Uuid,
    /// Its words.
    pub what: String,
    /// Where.
    pub service: String,
    /// Since when it is true.
    pub since: NaiveDate,
    /// What the sign counts.
    pub n: u64,
    /// The note that says nothing; empty for the other signs.
    pub note: String,
    /// Whether it is put aside for now.
    pub aside: Option<Aside>,
}

impl Shown {
    /// Its place among those of its sign.
    #[must_use]
    pub const fn key(&self) -> Key {
        (self.since, self.subject)
    }
}

/// A sign with its oldest rows, and how many there are.
#[derive(Clone, Debug)]
pub struct Group {
    /// The sign.
    pub sign: Sign,
    /// How many there are.
    pub total: u64,
    /// The first of them.
    pub rows: Vec<Shown>,
}

/// The signs that are true.
#[derive(Clone, Debug, Default)]
pub struct Signs {
    /// Those that wait for somebody, in the order of [`Sign`]; signs without a row are left out.
    pub groups: Vec<Group>,
    /// Those that were put aside, in the same order.
    pub aside: Vec<Group>,
}

impl Signs {
    /// How many wait for somebody.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.groups.iter().map(|group| group.total).sum()
    }

    /// The group of a sign, begun when it is not there.
    pub(super) fn group(&mut self, sign: Sign, quiet: bool) -> Option<&mut Group> {
        let groups = if quiet { &mut self.aside } else { &mut self.groups };
        if !groups.iter().any(|group| group.sign == sign) {
            groups.push(Group { sign, total: 0, rows: Vec::new() });
        }
        groups.iter_mut().find(|group| group.sign == sign)
    }

    /// In the order of the signs and, in each, of time; after a place, and no more than so many.
    fn cut(&mut self, after: Option<Key>, most: usize, aside: usize) {
        for (groups, most) in [(&mut self.groups, most), (&mut self.aside, aside)] {
            for group in groups.iter_mut() {
                group.rows.sort_by_key(Shown::key);
                group.rows.retain(|row| after.is_none_or(|after| row.key() > after));
                group.rows.truncate(most);
            }
            groups.sort_by_key(|group| Sign::ALL.iter().position(|sign| *sign == group.sign));
        }
    }
}

/// The last day on which something found should have an action by now (E14).
fn should_have_acted(today: NaiveDate, nation: Nation) -> NaiveDate {
    let mut day = today;
    // the newest day from which more than so many working days have passed
    while calendar::add_working_days(day, signal::TO_ACT, nation) >= today {
        let Some(before) = day.pred_opt() else { return day };
        day = before;
    }
    day
}

/// The signs that are true today; of a page of one sign one row more when there is a next page. Those that were found
/// before are taken when nothing happened in the provider since ([`super::kept`]).
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn read(tx: &mut TenantTx, asked: &Asked<'_>) -> Result<Arc<Signs>, sqlx::Error> {
    let looked = Looked::of(tx, asked);
    if let Some(signs) = tx.reads().and_then(|kept| kept.signs(&looked)) {
        return Ok(signs);
    }
    let (signs, exact) = read_now(tx, asked).await?;
    let signs = Arc::new(signs);
    if let Some(kept) = tx.reads().filter(|_| exact) {
        kept.keep_signs(looked, &signs);
    }
    Ok(signs)
}

/// The signs, and whether they are exact to the last change of a name or place: what the worker kept reaches it within a minute.
async fn read_now(tx: &mut TenantTx, asked: &Asked<'_>) -> Result<(Signs, bool), sqlx::Error> {
    let whole = asked.member.role.sight() == Sight::Provider;
    let everything = whole && asked.service.is_none();
    let (after, most) = match asked.wanted {
        Wanted::One(_, after) => (after, asked.rows.saturating_add(1)),
        Wanted::All | Wanted::Of(..) => (None, FIRST),
    };
    let kept = match asked.wanted {
        Wanted::All | Wanted::One(..) if everything => {
            sign_kept::read(tx, asked.today, asked.wanted, (most, asked.rows)).await?
        }
        _ => None,
    };
    let exact = kept.as_ref().is_none_or(|kept| kept.exact);
    let own = scope::services(asked.member);
    let sees = match &kept {
        Some(kept) => Sees { whole: false, services: &kept.news, service: None, beyond: true },
        None => Sees { whole, services: &own, service: asked.service, beyond: everything },
    };
    // what is merged or begun anew in the middle needs all its rows
    let limit = if matches!(asked.wanted, Wanted::All) { ROWS } else { usize::MAX };
    let mut signs = match &kept {
        Some(kept) if kept.is_all() => Signs::default(),
        _ => read_for(tx, &sees, asked.today, asked.wanted, limit).await?,
    };
    if let Some(kept) = kept {
        kept.join(&mut signs);
    }
    signs.cut(after, most, asked.rows);
    Ok((signs, exact))
}

/// What is looked at.
struct Sees<'a> {
    whole: bool,
    services: &'a [Uuid],
    service: Option<&'a str>,
    /// Measures of the whole provider too.
    beyond: bool,
}

async fn read_for(
    tx: &mut TenantTx,
    sees: &Sees<'_>,
    today: NaiveDate,
    wanted: Wanted,
    limit: usize,
) -> Result<Signs, sqlx::Error> {
    let provider = tx.provider();
    let nations: Vec<String> = Nation::ALL.iter().map(|nation| nation.as_str().to_owned()).collect();
    let latest: Vec<NaiveDate> = Nation::ALL.iter().map(|n| should_have_acted(today, *n)).collect();
    let (sign, of) = match wanted {
        Wanted::All => (None, None),
        Wanted::One(sign, _) => (Some(sign.as_str()), None),
        Wanted::Of(sign, of) => (Some(sign.as_str()), Some(of)),
    };
    let rows = sqlx::query_file!(
        "src/store/sql/signals.sql",
        provider.uuid(),
        sees.whole,
        sees.services,
        sees.service,
        today,
        signal::since(today, signal::WITHIN_DAYS),
        signal::since(today, signal::RECURS_WITHIN_DAYS),
        &nations,
        &latest,
        i64::try_from(limit).unwrap_or(i64::MAX),
        signal::SHORT_NOTE,
        // the day it was put aside and the day it comes back may both be short of a whole day
        london_hour(signal::since(today, LONGEST_DAYS + 1), 0),
        sign,
        of,
        sees.beyond,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut signs = Signs::default();
    for row in rows {
        let sign: Sign = word(&row.sign)?;
        // notes are only known as vague here, and an action is one row however many of its notes say nothing
        let vague = sign == Sign::VagueNote;
        if vague && !is_vague_note(&row.note) {
            continue;
        }
        let (reason, by) = (row.reason, row.by);
        let aside = row.until.map(|until| Aside { until, reason, by });
        let Some(group) = signs.group(sign, aside.is_some()) else { continue };
        if vague && group.rows.iter().any(|shown| shown.subject == row.subject) {
            continue;
        }
        let about = About::of(row.action, row.finding, row.subject);
        let service = Some(row.service).filter(|name| !name.is_empty()).unwrap_or_else(|| EVERYWHERE.into());
        let (subject, n) = (row.subject, u64::try_from(row.n).unwrap_or(0));
        let (what, since, note) = (row.what, row.since, row.note);
        group.total = if vague { group.total + 1 } else { u64::try_from(row.total).unwrap_or(0) };
        group.rows.push(Shown { about, subject, what, service, since, n, note, aside });
    }
    Ok(signs)
}

/// All signs of one service with all their rows, whoever looks.
///
/// # Errors
/// As [`read`].
pub async fn of_service(
    tx: &mut TenantTx,
    service: ServiceId,
    today: NaiveDate,
) -> Result<Signs, sqlx::Error> {
    let sees = Sees { whole: false, services: &[service.uuid()], service: None, beyond: false };
    read_for(tx, &sees, today, Wanted::All, usize::MAX).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_working_days_are_given() {
        // found on Wednesday 18 November 2026: Thursday and Friday are given, and from Saturday it is a sign
        for (found, today, sign) in [
            ("2026-11-18", "2026-11-20", false),
            ("2026-11-18", "2026-11-21", true),
            ("2026-11-20", "2026-11-24", false),
            ("2026-11-20", "2026-11-25", true),
            ("2026-12-23", "2026-12-29", false),
            ("2026-12-23", "2026-12-30", true),
        ] {
            let (found, today): (NaiveDate, NaiveDate) = (found.parse().unwrap(), today.parse().unwrap());
            assert_eq!(found <= should_have_acted(today, Nation::England), sign, "{found} {today}");
        }
    }
}
