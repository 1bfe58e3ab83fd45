//! What was merged into an action, on its page (R28): each with its evidence, readable from here.

use crate::clock::london_date;
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::http::signed::Signed;
use crate::http::view::{FileRow, Files};
use crate::store::merging::{Merged, Piece};

/// An action that was merged, on the page of the one that stays.
pub struct MergedHere {
    /// A-0007.
    pub reference: String,
    /// Its page.
    pub href: String,
    /// What was to be done.
    pub what: String,
    /// Why they are the same.
    pub reason: String,
    /// Who merged it, and when.
    pub by: String,
    /// Its evidence.
    pub files: Files,
}

/// What was merged, as it is shown.
#[must_use]
pub fn shown(signed: &Signed, merged: &[Merged]) -> Vec<MergedHere> {
    let one = |m: &Merged| {
        let reference = Reference::action(m.number).to_string();
        let piece = |e: &Piece| {
            let place = e.reference.as_ref().map(|r| format!("Kept at: {r}"));
            let mut meta = vec![e.kind.label().to_owned()];
            meta.extend(place);
            meta.push(format!("{}, {}", e.author, words::date(e.about_on)));
            let href = if e.has_file { signed.path(&format!("evidence/{}", e.id)) } else { String::new() };
            FileRow {
                name: e.title.clone().into(),
                href: href.into(),
                meta: meta.join(" · ").into(),
                withdrawn: false,
                withdraw_href: "".into(),
            }
        };
        MergedHere {
            href: signed.path(&format!("actions/{reference}")),
            reference,
            what: m.what.clone(),
            reason: m.reason.clone(),
            by: format!("{}, {}", m.by, words::date(london_date(m.at))),
            files: Files {
                items: m.evidence.iter().map(piece).collect(),
                empty: "It had no evidence.".into(),
            },
        }
    };
    merged.iter().map(one).collect()
}
