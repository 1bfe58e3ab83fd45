//! The loudest thing on the pages where those who decide begin their day (R13).

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{Days, NaiveDate};

use crate::domain::access::Verb;
use crate::domain::reference::Reference;
use crate::domain::significance::Weight;
use crate::domain::words;
use crate::http::signed::Signed;
use crate::store::TenantTx;
use crate::store::dashboard::{self, Asked, Danger, Needs};

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
    let shown = dashboard::read(tx, &asked, today + SOON, SHOWN).await?;
    Ok(alarm(&shown.needs, signed))
}

/// The form of the decision on what needs one, for those who may decide it.
#[must_use]
pub fn decision(n: &Needs, signed: &Signed) -> Option<(&'static str, String)> {
    let label = match n.danger {
        Danger::ControlUnchecked => CHECK,
        Danger::NoControl | Danger::Undecided => DECIDE,
        _ => return None,
    };
    let id = n.escalation.filter(|_| signed.can(Verb::DecideEscalation))?;
    Some((label, signed.path(&format!("escalations/{id}"))))
}

/// Where what is known stands, for those who decide nothing.
fn leads(n: &Needs, signed: &Signed, says: &'static str) -> (&'static str, String) {
    match decision(n, signed) {
        Some((_, href)) => (says, href),
        None => ("See the action", signed.path(&format!("actions/{}", Reference::action(n.number)))),
    }
}

/// The alarm about the worst of what needs somebody.
#[must_use]
pub fn alarm(needs: &[Needs], signed: &Signed) -> Option<Alarm> {
    let of = |danger: Danger| needs.iter().filter(move |n| n.danger == danger && n.risk.is_high());
    let Some(first) = of(Danger::NoControl).next() else {
        return unchecked(of(Danger::ControlUnchecked).next()?, signed);
    };
    let sentence = match of(Danger::NoControl).count() {
        1 => format!(
            "{} is high risk and late, and nothing is recorded that keeps people safe meanwhile.",
            Reference::action(first.number)
        ),
        n => format!(
            "{n} high-risk actions are late, and nothing is recorded that keeps people safe meanwhile."
        ),
    };
    let (says, href) = leads(first, signed, "Say what keeps people safe");
    Some(Alarm { sentence, says, href })
}

/// What keeps people safe while a high risk is late, and nobody has looked whether it does.
fn unchecked(first: &Needs, signed: &Signed) -> Option<Alarm> {
    let sentence = format!(
        "The interim control of {} should have been checked by {}.",
        Reference::action(first.number),
        words::date(first.check_on?)
    );
    let (says, href) = leads(first, signed, "Record the check");
    Some(Alarm { sentence, says, href })
}
