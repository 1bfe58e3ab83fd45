//! Some of what was closed is looked at again (R19): most has held, one thing was slipping and holds now.

use chrono::{Datelike as _, Months};

use super::days::WorkingDays;
use super::history::{phrases, team};
use super::script::What::{self, AuditsClosures, LooksAgain, LooksAtAll};
use super::script::{Deed, at, deed};
use super::stage::Stage;
use crate::domain::closure::Case;
use crate::domain::closure_audit::Quarter;
use crate::domain::sustain::Lasting::{self, Held, Slipping};
use crate::domain::sustain::Sample;
use crate::domain::verification::Method;
use crate::error::AppError;
use crate::store::scope::Scope;
use crate::store::{TenantTx, sustain as checks};
use crate::workflow::sustain::Given as Look;
use crate::workflow::{self, Actor, Stop};

/// What is looked at again in a story of its own.
const TOLD: [&str; 3] = ["family-card", "holds-plan", "stock-a"];
/// Of so many that are looked at one slips.
const SLIPS: i32 = 19;
/// Nobody looked in the last so many working days.
const NOBODY: i32 = 2;
/// In so many months the quality lead audits what was closed.
const AUDITED_MONTHS: u32 = 15;

/// What the quality lead finds when she looks at what was closed.
const AUDITED: &[&str] = &[
    "Opened every piece of evidence: dates and wording fit, and two records taken at random show the same.",
    "The sample was repeated with four other records; all four meet the standard the verdict names.",
    "The briefing list carries everybody on the rota of that week; the two who were away signed later.",
];

/// The story.
#[must_use]
pub fn story() -> Vec<Deed> {
    vec![
        looked(
            36,
            ("helen", "family-card", Held),
            (8, 8),
            "Eight incident forms since the closure carry the time of the call and who made it.",
        ),
        looked(
            31,
            ("helen", "holds-plan", Held),
            (6, 5),
            "Six shifts seen: five worked by the plan from the first sign on, one after a word from the lead.",
        ),
        looked(
            29,
            ("priya", "stock-a", Slipping),
            (10, 7),
            "Three of ten sheets have one signature, all from the weekend the agency nurse covered.",
        ),
        deed(at(2, 16, 0), "helen", AuditsClosures { size: 6, leaves: 1, notes: AUDITED }),
        looked(
            20,
            ("priya", "stock-a", Held),
            (10, 10),
            "Ten of ten sheets have two signatures; the agency was shown the sheet before its first shift.",
        ),
    ]
}

fn looked(
    ago: i32,
    (who, action, lasting): (&'static str, &'static str, Lasting),
    sample: (u32, u32),
    note: &'static str,
) -> Deed {
    deed(at(ago, 15, 30), who, LooksAgain { action, lasting, sample, note })
}

/// Each week somebody looks at what is to be looked at again, until a few days ago.
#[must_use]
pub fn rounds(days: &WorkingDays) -> Vec<Deed> {
    let looks = |day: &chrono::NaiveDate| day.weekday() == chrono::Weekday::Wed || days.ago(*day) == NOBODY;
    let when = days.all().filter(looks).filter(|day| days.ago(*day) >= NOBODY);
    when.filter_map(|day| Some(deed(days.at(day, 16, 10)?, "helen", LooksAtAll))).collect()
}

/// Each quarter the quality lead audits what was closed in the one before. The last is a story of its own.
#[must_use]
pub fn audits(days: &WorkingDays) -> Vec<Deed> {
    let this = Quarter::of(days.today()).first();
    let quarters = (1..)
        .map(|n| this - Months::new(3 * n))
        .take_while(|first| *first > days.today() - Months::new(AUDITED_MONTHS));
    let audit = || AuditsClosures { size: 6, leaves: 0, notes: AUDITED };
    quarters.filter_map(|first| Some(deed(days.at(days.from(first, 10), 15, 0)?, "helen", audit()))).collect()
}

impl Stage<'_> {
    pub(super) async fn look_again(&self, by: &Actor, what: &What, case: &Case) -> Result<(), Stop> {
        let What::LooksAgain { lasting, sample, note, .. } = what else { return Ok(()) };
        let mut tx = TenantTx::begin(&self.app.db, self.provider, None, self.app.clock.now()).await?;
        let waiting = checks::waiting(&mut tx, &case.action).await?;
        tx.commit().await?;
        let Some((check, _)) = waiting.first() else { return Err(AppError::NotFound.into()) };
        let given = Look {
            check: *check,
            lasting: *lasting,
            method: Method::RecordSample,
            sample: Some(Sample { size: sample.0, met: sample.1 }),
            measure: None,
            note: (*note).into(),
        };
        let (number, seen) = (case.action.number, case.action.version);
        workflow::sustain::look(self.app, by, number, seen, &given).await.map(drop)
    }

    /// Looks at everything that is to be looked at again by now: somebody of the service; the quality lead
    /// when they owned it, and the nominated individual when she did.
    pub(super) async fn look_at_all(&mut self, by: &Actor) -> Result<(), Stop> {
        let today = self.app.clock.today();
        let mut tx = by.begin(self.app).await?;
        let waiting =
            checks::list(&mut tx, Scope::of(&by.member), None, (today, false), None, checks::ROWS + 1)
                .await?;
        drop(tx);
        let told: Vec<i32> = TOLD.iter().filter_map(|key| self.actions.get(key)).map(|a| a.number).collect();
        let left = self
            .history
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| item.left_until.is_some_and(|day| today <= day));
        let left: Vec<i32> =
            left.filter_map(|(at, _)| self.told.actions.get(&at)).map(|a| a.number).collect();
        for check in waiting.iter().filter(|w| !told.contains(&w.number) && !left.contains(&w.number)) {
            let case = self.case(check.number).await?;
            let place = self.company.places.iter().find(|place| place.name == check.service);
            let near = place.and_then(|place| self.actors.get(team(place).looks));
            let owned = |actor: &&Actor| case.owners.iter().any(|(id, _)| *id == actor.member.id);
            let above = self.actors.get("marcus");
            let by = [near, Some(by), above].into_iter().flatten().find(|actor| !owned(actor)).unwrap_or(by);
            let slips = check.number % SLIPS == 7 && self.slipping.insert(check.number);
            let seed = usize::try_from(check.number).unwrap_or(0);
            let note = if slips {
                phrases::SLIPS
            } else {
                phrases::HELD.get(seed % phrases::HELD.len()).copied().unwrap_or_default()
            };
            let (lasting, met) = if slips { (Slipping, 6) } else { (Held, 8) };
            let look = LooksAgain { action: "", lasting, sample: (8, met), note };
            self.look_again(by, &look, &case).await?;
        }
        Ok(())
    }
}
