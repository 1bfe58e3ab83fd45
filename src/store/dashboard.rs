//! The manager's dashboard: the numbers, and what needs them now. Two queries.

use chrono::{DateTime, NaiveDate, Utc};

use super::menu::Counts;
use super::{TenantTx, word};
use crate::domain::access::{Reach, Verb, reach};
use crate::domain::action::Status;
use crate::domain::calendar::Nation;
use crate::domain::escalation::{Level, may_decide};
use crate::domain::member::{Member, Sight};
use crate::domain::standard::Approver;
use crate::domain::topic::{Risk, Theme, Topic};
use crate::ids::EscalationId;

/// What a dashboard is drawn for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who looks.
    pub member: &'a Member,
    /// One service by its part of the address, or all they see.
    pub service: Option<&'a str>,
    /// Today in Europe/London.
    pub today: NaiveDate,
}

impl Asked<'_> {
    fn whole(&self) -> bool {
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
        may_decide(self.member.role, self.level(), false).is_ok()
    }
}

/// Open actions of a theme, and those of them that are late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThemeCount {
    /// The theme.
    pub theme: Theme,
    /// Open actions.
    pub open: i64,
    /// Late ones.
    pub late: i64,
}

/// The numbers.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// Overdue (R11).
    pub late: i64,
    /// Overdue with high or critical risk.
    pub late_high: i64,
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
    /// All open actions.
    pub open: i64,
    /// Open actions by theme, most first.
    pub themes: Vec<ThemeCount>,
    /// The services this member sees: part of the address and name, by name.
    pub services: Vec<(String, String)>,
    /// What waits for this member anywhere, for the menu.
    pub waiting: Counts,
}

/// Reads the numbers.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn numbers(
    tx: &mut TenantTx,
    asked: &Asked<'_>,
    soon_until: NaiveDate,
) -> Result<Numbers, sqlx::Error> {
    let provider = tx.provider();
    let row = sqlx::query_file!(
        "src/store/sql/dashboard_numbers.sql",
        provider.uuid(),
        asked.member.id.uuid(),
        asked.whole(),
        asked.service,
        asked.today,
        soon_until,
        asked.level().number(),
        asked.decides(),
        reach(asked.member.role, Verb::SeeQueue) != Reach::None,
        reach(asked.member.role, Verb::SeeEscalations) != Reach::None,
    )
    .fetch_one(tx.conn())
    .await?;
    let themes: Vec<(String, i64, i64)> =
        serde_json::from_value(row.themes).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    let services =
        serde_json::from_value(row.services).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(Numbers {
        services,
        late: row.late,
        late_high: row.late_high,
        undecided: row.undecided,
        to_verify: row.to_verify,
        verify_late: row.verify_late,
        to_close: row.to_close,
        soon: row.soon,
        came_back: row.came_back,
        unowned: row.unowned,
        open: row.open,
        themes: themes
            .into_iter()
            .map(|(theme, open, late)| Ok(ThemeCount { theme: word(&theme)?, open, late }))
            .collect::<Result<_, sqlx::Error>>()?,
        waiting: Counts {
            my_actions: row.mine,
            to_verify: row.menu_to_verify,
            escalations: row.menu_escalations,
        },
    })
}

/// Why something needs a manager, most dangerous first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// High risk, late, and nothing recorded that keeps people safe (R13).
    NoControl,
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

/// One thing that needs a manager.
#[derive(Clone, Debug)]
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
    /// What keeps people safe meanwhile; empty when nothing is recorded.
    pub interim_control: String,
    /// Why it is here.
    pub danger: Danger,
}

struct Row {
    number: i32,
    what: String,
    approver: String,
    status: String,
    cycle: i32,
    due_on: Option<NaiveDate>,
    verify_by: Option<NaiveDate>,
    topic: String,
    risk: String,
    service: String,
    nation: String,
    owner: Option<String>,
    unowned: bool,
    escalation: Option<EscalationId>,
    escalated_at: Option<DateTime<Utc>>,
    interim_control: String,
    danger: i32,
}

/// Reads what needs this member now, at most `limit`, most dangerous first.
///
/// # Errors
/// The database was lost, or holds a word this program does not know.
pub async fn needs(tx: &mut TenantTx, asked: &Asked<'_>, limit: i64) -> Result<Vec<Needs>, sqlx::Error> {
    let provider = tx.provider();
    let rows = sqlx::query_file_as!(
        Row,
        "src/store/sql/dashboard_work.sql",
        provider.uuid(),
        asked.member.id.uuid(),
        asked.whole(),
        asked.service,
        asked.today,
        asked.level().number(),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::into_needs).collect()
}

impl Row {
    fn into_needs(self) -> Result<Needs, sqlx::Error> {
        Ok(Needs {
            number: self.number,
            what: self.what,
            approver: word(&self.approver)?,
            status: word(&self.status)?,
            cycle: self.cycle,
            due_on: self.due_on,
            verify_by: self.verify_by,
            topic: word(&self.topic)?,
            risk: word(&self.risk)?,
            service: self.service,
            nation: word(&self.nation)?,
            owner: self.owner,
            unowned: self.unowned,
            escalation: self.escalation,
            escalated_at: self.escalated_at,
            interim_control: self.interim_control,
            danger: match self.danger {
                1 => Danger::NoControl,
                2 => Danger::Undecided,
                3 => Danger::Ineffective,
                4 => Danger::VerificationLate,
                5 => Danger::Late,
                6 => Danger::Unowned,
                7 => Danger::ToClose,
                8 => Danger::ToVerify,
                _ => Danger::CameBack,
            },
        })
    }
}
