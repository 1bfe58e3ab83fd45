//! What the pages of findings and reviews share: actions with what proves them, how a finding stands, places in lists.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::clock::london_date;
use crate::domain::action::Status;
use crate::domain::reference::Reference;
use crate::domain::review::Disposition;
use crate::domain::topic::EvidenceKind;
use crate::domain::wording::{self, Context};
use crate::domain::{calendar, words};
use crate::error::AppError;
use crate::http::asked;
use crate::http::form::Draft;
use crate::http::pill::pill;
use crate::http::signed::Signed;
use crate::http::view::{Facts, State as Look, Tag};
use crate::ids::ServiceId;
use crate::store::finding::ActionLine;
use crate::store::{TenantTx, provider};
use crate::workflow::Said;

/// An action below a finding, as pages show it.
pub struct Shown {
    /// Where it is; empty when this member may not open it.
    pub href: String,
    /// A-0142.
    pub reference: String,
    /// What is to be done.
    pub what: String,
    /// Its state.
    pub tag: Tag,
    /// Owner, date, evidence, verification, closure.
    pub facts: Facts,
    /// What there is to say about its wording while it is open.
    pub hint: String,
}

/// An action as pages show it; `opens` says whether its name leads to its page.
pub fn shown(line: &ActionLine, signed: &Signed, opens: bool, today: NaiveDate) -> Shown {
    let context = Context { has_owner: true, has_due_date: true, has_success_test: true };
    let said = wording::check(&line.what, context);
    let vague = said.vague.first().filter(|_| line.status.open());
    Shown {
        href: if opens { signed.path(&format!("actions/{}", line.reference)) } else { String::new() },
        reference: line.reference.to_string(),
        what: line.what.clone(),
        tag: line.merged_into.map_or_else(
            || match line.came_back {
                true => Tag::saying(Look::CameBack, "Closed, came back"),
                false => pill(line.state(today), today),
            },
            |into| Tag::saying(Look::Cancelled, format!("Merged into {}", Reference::action(into))),
        ),
        facts: proof(line),
        hint: vague.map(wording::VagueTerm::sentence).unwrap_or_default(),
    }
}

/// Who owns it, by when, what proves it, who checked, who closed it.
fn proof(line: &ActionLine) -> Facts {
    let on = |at| words::date(london_date(at));
    let owner = match (&line.owner, line.owner_left) {
        (None, _) => "Nobody yet".to_owned(),
        (Some(name), true) => format!("{name}, who has left"),
        (Some(name), false) => name.clone(),
    };
    let lower = |kinds: &[EvidenceKind]| {
        words::list(&kinds.iter().map(|k| k.label().to_lowercase()).collect::<Vec<_>>())
    };
    let missing: Vec<_> = line.required.iter().copied().filter(|k| !line.given.contains(k)).collect();
    let evidence = match (line.given.len(), missing.as_slice()) {
        (_, []) => format!("All there: {}", lower(&line.required)),
        (given, missing) => {
            format!("{given} of {} kinds; missing: {}", line.required.len(), lower(missing))
        }
    };
    let verified = match (&line.verdict, line.verify_by) {
        (Some((outcome, who, at)), _) => format!("{} on {} by {who}", outcome.label(), on(*at)),
        (None, Some(by)) => format!("To be checked by {}", words::date(by)),
        (None, None) => "Not yet".to_owned(),
    };
    Facts::new()
        .fact("Owner", owner)
        .fact("Due", line.due_on.map_or_else(|| "No date".into(), words::date))
        .fact("Success test", line.success_test.clone())
        .fact("Evidence", evidence)
        .fact("Verified", verified)
        .fact(
            "Closed",
            line.closed.as_ref().map(|(who, at)| format!("{} by {who}", on(*at))).unwrap_or_default(),
        )
        .fact("Follow-up", line.follow_up_on.map(words::date).unwrap_or_default())
        .fact(
            if line.merged_into.is_some() { "Merged" } else { "Cancelled" },
            line.cancel_reason.clone().unwrap_or_default(),
        )
}

/// How a finding stands, by its actions.
pub fn tag_of(disposition: Disposition, lines: &[ActionLine], today: NaiveDate) -> Tag {
    tag(disposition, standing(lines, today))
}

/// Open, late, unowned, closed.
fn standing(lines: &[ActionLine], today: NaiveDate) -> [i64; 4] {
    let count = |is: &dyn Fn(&ActionLine) -> bool| {
        i64::try_from(lines.iter().filter(|l| is(l)).count()).unwrap_or(i64::MAX)
    };
    [
        // what was merged stands as the action of the other finding does that stays
        count(&|l| l.merged_status.unwrap_or(l.status).open()),
        count(&|l| l.status.with_owner() && calendar::is_overdue(l.due_on, today)),
        count(&|l| l.status.open() && l.unowned()),
        count(&|l| l.closed.is_some() || l.merged_status == Some(Status::Closed)),
    ]
}

/// How a finding stands, by how its actions do: open, late, unowned, closed.
pub fn tag(disposition: Disposition, [open, late, unowned, closed]: [i64; 4]) -> Tag {
    match disposition {
        Disposition::Actions if late > 0 => Tag::saying(Look::Late, format!("{late} late")),
        Disposition::Actions if open == 0 && closed == 0 => Tag::saying(Look::DueSoon, "No action yet"),
        Disposition::Actions if unowned > 0 => Tag::saying(Look::DueSoon, "Without an owner"),
        Disposition::Actions if open > 0 => Tag::saying(Look::InProgress, "Open"),
        Disposition::Actions => Tag::new(Look::Closed),
        ended => Tag::saying(Look::Cancelled, ended.label()),
    }
}

/// A place in a list: the day and the id of the last row shown.
pub fn place(after: &str) -> Result<Option<(NaiveDate, Uuid)>, AppError> {
    asked::place(after, |day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok(), |id| Uuid::try_parse(id).ok())
}

/// The service of an address: one the member sees, by its part of the address.
pub async fn service(
    tx: &mut TenantTx,
    slug: &str,
    seen: &[(String, String)],
) -> Result<Option<ServiceId>, AppError> {
    if slug.is_empty() {
        return Ok(None);
    }
    if !seen.iter().any(|(own, _)| own == slug) {
        return Err(AppError::NotFound);
    }
    let services = provider::services(tx).await?;
    Ok(services.into_iter().find(|s| s.slug == slug).map(|s| s.id))
}

/// The beginning of a text, for a line of a list: whole words, at most `most` characters, on one line.
pub fn short(text: &str, most: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= most {
        return text;
    }
    let cut: String = text.chars().take(most).collect();
    let whole = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
    format!("{}…", whole.trim_end_matches([',', ';', '.', ':']))
}

/// The hidden id of a form: what it was sent with, or a new one.
pub fn hidden<T: std::str::FromStr + ToString>(
    draft: &Draft,
    field: &str,
    new: impl FnOnce() -> T,
) -> String {
    draft.value(field).parse::<T>().unwrap_or_else(|_| new()).to_string()
}

/// Puts a workflow's sentences beside their fields; `whole` is the field for those about the whole form.
pub fn refuse(draft: &mut Draft, said: Vec<Said>, whole: &str) {
    for s in said {
        draft.refuse(s.field.unwrap_or(whole), s.sentence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_word() {
        assert_eq!(short("Charts\nwere  missing.", 40), "Charts were missing.");
        assert_eq!(short("Charts were missing, on Ash", 21), "Charts were missing…");
        assert_eq!(short("Déjà-vu", 4), "Déjà…");
        assert_eq!(short("", 4), "");
    }

    #[test]
    fn a_place_in_a_list_is_a_day_and_an_id() {
        let id = Uuid::from_u128(7);
        let day = NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
        assert_eq!(place(&format!("2026-11-02.{id}")).unwrap(), Some((day, id)));
        assert_eq!(place("").unwrap(), None);
        for wrong in ["x", "2026-11-02", "2026-13-02.x", "2026-11-02.x", &format!("2026-02-30.{id}")] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
