//! The manager's dashboard: the numbers, and what needs them now. One query.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::alarm::Loudest;
use super::menu::{Counts, Shows};
use super::{TenantTx, scope};
use crate::clock::london_hour;
use crate::domain::access::{Reach, Verb, reach};
use crate::domain::action::Status;
use crate::domain::calendar::Nation;
use crate::domain::escalation::{Cause, Lateness, Level, may_decide};
use crate::domain::member::{Member, Role, Sight};
use crate::domain::significance::{self, Weight};
use crate::domain::staleness;
use crate::domain::standard::Approver;
use crate::domain::topic::{Risk, Theme, Topic};
use crate::domain::turn::Hands;
use crate::ids::{EscalationId, MemberId, ProviderId, ServiceId};

/// What a dashboard is drawn for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who looks.
    pub member: &'a Member,
    /// One service by its part of the address, or all they see.
    pub service: Option<&'a str>,
    /// What leaders follow, the rest, or both (R4).
    pub weight: Weight,
    /// Today in Europe/London.
    pub today: NaiveDate,
}

impl Asked<'_> {
    pub(super) fn whole(&self) -> bool {
        self.member.role.sight() == Sight::Provider
    }

    /// The level of escalation this member answers.
    #[must_use]
    pub fn level(&self) -> Level {
        if self.whole() { Level::Leadership } else { Level::Manager }
    }

    /// Whether this member decides escalations of that level (R12).
    #[must_use]
    pub fn decides(&self) -> bool {
        may_decide(self.member.role, self.level(), Lateness::Others).is_ok()
    }
}

/// Open actions of a theme, and those of them that are late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ThemeCount {
    /// The theme.
    pub theme: Theme,
    /// Open actions.
    pub open: i64,
    /// Late ones.
    pub late: i64,
}

/// Open actions that a view leaves out, and those of them nobody should miss (R4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// All of them.
    pub open: i64,
    /// Late ones (R11).
    pub late: i64,
    /// Waiting past the window (R15).
    pub verify_late: i64,
    /// Without an owner who is still here (R7).
    pub unowned: i64,
}

/// The numbers.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// Overdue (R11).
    pub late: i64,
    /// Overdue with high or critical risk.
    pub late_high: i64,
    /// Of these, without anything recorded that keeps people safe meanwhile (R13).
    pub without_control: i64,
    /// Undecided escalations that wait for this member: of their level, or of the first where there is no other manager.
    pub undecided: i64,
    /// Waiting for verification.
    pub to_verify: i64,
    /// Waiting past the window (R15).
    pub verify_late: i64,
    /// Waiting for closure.
    pub to_close: i64,
    /// Due within seven days.
    pub soon: i64,
    /// Reopened, or started again after an ineffective verdict.
    pub came_back: i64,
    /// Without an owner who is still here (R7).
    pub unowned: i64,
    /// Nobody has moved them for a fortnight (R28).
    pub stale: i64,
    /// Sustain checks that are due, and that this member may do (R19).
    pub sustain_checks: i64,
    /// All open actions.
    pub open: i64,
    /// What the weight leaves out of all these numbers.
    pub left_out: LeftOut,
    /// Open actions by theme, most first.
    pub themes: Vec<ThemeCount>,
    /// The services this member sees: part of the address and name, by name.
    pub services: Vec<(String, String)>,
    /// What waits for this member anywhere, for the menu.
    pub waiting: Counts,
}

/// Why something needs a manager, most dangerous first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(from = "i32")]
pub enum Danger {
    /// High risk, late, and nothing recorded that keeps people safe (R13).
    NoControl,
    /// What keeps people safe meanwhile should have been looked at (R13).
    ControlUnchecked,
    /// Escalated to them and undecided.
    Undecided,
    /// Verified as ineffective.
    Ineffective,
    /// Not verified within its window.
    VerificationLate,
    /// Late.
    Late,
    /// Nobody owns it.
    Unowned,
    /// Waiting for closure.
    ToClose,
    /// Waiting for verification.
    ToVerify,
    /// Came back.
    CameBack,
}

impl From<i32> for Danger {
    fn from(number: i32) -> Self {
        match number {
            1 => Self::NoControl,
            2 => Self::ControlUnchecked,
            3 => Self::Undecided,
            4 => Self::Ineffective,
            5 => Self::VerificationLate,
            6 => Self::Late,
            7 => Self::Unowned,
            8 => Self::ToClose,
            9 => Self::ToVerify,
            _ => Self::CameBack,
        }
    }
}

/// One thing that needs a manager; the order of the fields is that of the query's columns.
#[derive(Clone, Debug, Deserialize)]
pub struct Needs {
    /// The action's number.
    pub number: i32,
    /// What is to be done.
    pub what: String,
    /// Who approves its closure.
    pub approver: Approver,
    /// Where it stands.
    pub status: Status,
    /// Its cycle.
    pub cycle: i32,
    /// Due date.
    pub due_on: Option<NaiveDate>,
    /// Last day of the verification window.
    pub verify_by: Option<NaiveDate>,
    /// Topic.
    pub topic: Topic,
    /// Risk.
    pub risk: Risk,
    /// The service's name.
    pub service: String,
    /// The service's nation.
    pub nation: Nation,
    /// The owner's name.
    pub owner: Option<String>,
    /// Whether nobody who is still here owns it.
    pub unowned: bool,
    /// The escalation that waits for this member.
    pub escalation: Option<EscalationId>,
    /// When it was escalated.
    pub escalated_at: Option<DateTime<Utc>>,
    /// Why it is here.
    pub danger: Danger,
    /// What keeps people safe meanwhile; empty when nothing is recorded.
    pub interim_control: String,
    /// How the member stands to what waits to be judged.
    pub hands: Option<Hands>,
    /// The day by which the interim control should have been checked, when it was not.
    pub check_on: Option<NaiveDate>,
    /// Why it was escalated.
    pub cause: Option<Cause>,
}

/// What a dashboard shows.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// The numbers.
    pub numbers: Numbers,
    /// What needs this member now, most dangerous first.
    pub needs: Vec<Needs>,
    /// The services with something open, and when each was last reviewed; none for those who hold no weekly reviews.
    pub reviewed: Vec<(String, Option<DateTime<Utc>>)>,
}

impl Dashboard {
    /// What of it is loudest (R13): the first of high risk that is late without a control, else the first whose control was not
    /// checked. What is shown begins with these.
    #[must_use]
    pub fn loudest(&self) -> Option<Loudest> {
        let of = |danger: Danger| self.needs.iter().find(move |n| n.danger == danger && n.risk.is_high());
        let first = of(Danger::NoControl).or_else(|| of(Danger::ControlUnchecked))?;
        Some(Loudest {
            number: first.number,
            danger: first.danger,
            check_on: first.check_on,
            escalation: first.escalation,
            without_control: self.numbers.without_control,
        })
    }
}

/// All that a dashboard follows from, besides what is in the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    provider: ProviderId,
    member: MemberId,
    role: Role,
    services: Vec<ServiceId>,
    service: Option<String>,
    weight: Weight,
    today: NaiveDate,
    soon_until: NaiveDate,
    limit: i64,
}

/// Reads a dashboard with at most `limit` things that need this member; due until `soon_until` counts as soon. One that
/// was read before is taken when nothing happened in the provider since ([`super::kept`]).
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn read(
    tx: &mut TenantTx,
    asked: &Asked<'_>,
    soon_until: NaiveDate,
    limit: i64,
) -> Result<Arc<Dashboard>, sqlx::Error> {
    let question = Question {
        provider: tx.provider(),
        member: asked.member.id,
        role: asked.member.role,
        services: asked.member.services.clone(),
        service: asked.service.map(str::to_owned),
        weight: asked.weight,
        today: asked.today,
        soon_until,
        limit,
    };
    if let Some(shown) = tx.reads().and_then(|kept| kept.dashboard(&question)) {
        return Ok(shown);
    }
    let shown = Arc::new(read_now(tx, asked, soon_until, limit).await?);
    if let Some(kept) = tx.reads() {
        kept.keep_dashboard(question, &shown);
    }
    Ok(shown)
}

async fn read_now(
    tx: &mut TenantTx,
    asked: &Asked<'_>,
    soon_until: NaiveDate,
    limit: i64,
) -> Result<Dashboard, sqlx::Error> {
    let provider = tx.provider();
    let shows = Shows::of(asked.member.role);
    let row = sqlx::query_file!(
        "src/store/sql/dashboard.sql",
        provider.uuid(),
        asked.member.id.uuid(),
        asked.whole(),
        asked.service,
        asked.today,
        soon_until,
        asked.level().number(),
        asked.decides(),
        shows.to_verify,
        shows.escalations,
        &scope::services(asked.member),
        limit,
        asked.weight.wanted(),
        significance::repeats_since(asked.today),
        london_hour(staleness::fresh_since(asked.today), 0),
        shows.managers_too,
        significance::REPEATS,
        asked.member.role == Role::NominatedIndividual,
        reach(asked.member.role, Verb::ReviewWeekly) != Reach::None,
        shows.sustain_checks,
    )
    .fetch_one(tx.conn())
    .await?;
    let numbers = Numbers {
        late: row.late,
        late_high: row.late_high,
        without_control: row.without_control,
        undecided: row.undecided,
        to_verify: row.to_verify,
        verify_late: row.verify_late,
        to_close: row.to_close,
        soon: row.soon,
        came_back: row.came_back,
        unowned: row.unowned,
        stale: row.stale,
        sustain_checks: row.sustain_checks,
        open: row.open,
        left_out: LeftOut {
            open: row.left_out,
            late: row.left_out_late,
            verify_late: row.left_out_verify_late,
            unowned: row.left_out_unowned,
        },
        themes: row.themes.map_or_else(Vec::new, |Json(themes)| themes),
        services: row.services.map_or_else(Vec::new, |Json(services)| services),
        waiting: Counts {
            my_actions: row.mine,
            to_verify: row.menu_to_verify,
            escalations: row.menu_escalations,
            sustain_checks: row.menu_sustain_checks,
        },
    };
    let reviewed = row.reviewed.map_or_else(Vec::new, |Json(reviewed)| reviewed);
    Ok(Dashboard { numbers, needs: row.needs.map_or_else(Vec::new, |Json(needs)| needs), reviewed })
}
