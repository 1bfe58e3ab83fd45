//! The loudest thing on the pages where those who decide begin their day (R13).

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{Days, NaiveDate};

use crate::domain::access::Verb;
use crate::domain::reference::Reference;
use crate::domain::significance::Weight;
use crate::domain::words;
use crate::http::signed::Signed;
use crate::ids::EscalationId;
use crate::store::TenantTx;
use crate::store::alarm::{self as loudest, Loudest};
use crate::store::dashboard::{Asked, Danger};

/// What the button says that leads to the form of a decision.
pub const DECIDE: &str = "Record your decision";
/// What it says where an interim control is checked: the form of a decision that follows the earlier one.
pub const CHECK: &str = "Check the control";
/// How many things a dashboard shows before "See all".
pub const SHOWN: i64 = 10;
/// How far ahead a dashboard looks.
pub const SOON: Days = Days::new(7);

/// The loudest thing on the screen (R13): high risk, late, and nothing that keeps people safe; `{{ alarm }}`.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/alarm.html")]
pub struct Alarm {
    sentence: String,
    says: &'static str,
    href: String,
}
impl HtmlSafe for Alarm {}

/// The alarm of whoever begins their day on another page than the dashboard: the same as there.
///
/// # Errors
/// The database was lost.
pub async fn standing(
    tx: &mut TenantTx,
    signed: &Signed,
    today: NaiveDate,
) -> Result<Option<Alarm>, sqlx::Error> {
    if !signed.can(Verb::SeeDashboard) {
        return Ok(None);
    }
    let weight = Weight::usual(signed.role());
    let asked = Asked { member: &signed.actor.member, service: None, weight, today };
    Ok(loudest::read(tx, &asked).await?.and_then(|loudest| alarm(&loudest, signed)))
}

/// The form of the decision on what needs one, for those who may decide it.
#[must_use]
pub fn decision(
    danger: Danger,
    escalation: Option<EscalationId>,
    signed: &Signed,
) -> Option<(&'static str, String)> {
    let label = match danger {
        Danger::ControlUnchecked => CHECK,
        Danger::NoControl | Danger::Undecided => DECIDE,
        _ => return None,
    };
    let id = escalation.filter(|_| signed.can(Verb::DecideEscalation))?;
    Some((label, signed.path(&format!("escalations/{id}"))))
}

/// The alarm about what is loudest.
#[must_use]
pub fn alarm(loudest: &Loudest, signed: &Signed) -> Option<Alarm> {
    let action = Reference::action(loudest.number);
    let (sentence, says) = match (loudest.danger, loudest.check_on) {
        (Danger::ControlUnchecked, day) => (
            format!("The interim control of {action} should have been checked by {}.", words::date(day?)),
            "Record the check",
        ),
        _ if loudest.without_control == 1 => (
            format!(
                "{action} is high risk and late, and nothing is recorded that keeps people safe meanwhile."
            ),
            "Say what keeps people safe",
        ),
        _ => (
            format!(
                "{} high-risk actions are late, and nothing is recorded that keeps people safe meanwhile.",
                loudest.without_control
            ),
            "Say what keeps people safe",
        ),
    };
    // where it stands, for those who decide nothing
    let (says, href) = match decision(loudest.danger, loudest.escalation, signed) {
        Some((_, href)) => (says, href),
        None => ("See the action", signed.path(&format!("actions/{action}"))),
    };
    Some(Alarm { sentence, says, href })
}
