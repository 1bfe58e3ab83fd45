//! The loudest thing on the dashboard (R13).

use super::{CHECK, DECIDE, verb};
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::http::signed::Signed;
use crate::store::dashboard::{Danger, Needs};

/// The loudest thing on the screen (R13): high risk, late, and nothing that keeps people safe.
pub(super) struct Alarm {
    pub(super) sentence: String,
    pub(super) says: &'static str,
    pub(super) href: String,
}

pub(super) fn alarm(needs: &[Needs], signed: &Signed) -> Option<Alarm> {
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
    // who cannot say it is shown the action, where what is known stands
    let (label, href) = verb(first, signed);
    let says = if label == DECIDE { "Say what keeps people safe" } else { "See the action" };
    Some(Alarm { sentence, says, href })
}

/// What keeps people safe while a high risk is late, and nobody has looked whether it does.
fn unchecked(first: &Needs, signed: &Signed) -> Option<Alarm> {
    let sentence = format!(
        "The interim control of {} should have been checked by {}.",
        Reference::action(first.number),
        words::date(first.check_on?)
    );
    let (label, href) = verb(first, signed);
    let says = if label == CHECK { "Record the check" } else { "See the action" };
    Some(Alarm { sentence, says, href })
}
