//! Forms that judge or change something carry what it looked like when they were made. When it changed meanwhile, the
//! page that comes back shows both versions side by side, field by field, with who changed what and when.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
use serde::{Deserialize, Serialize};

use crate::domain::event::EventKind;
use crate::http::form::Draft;
use crate::http::told;
use crate::http::view::{Text, Timeline};
use crate::store::trail::Told;

/// The names of the two hidden fields.
const VERSION: &str = "version";
const SEEN: &str = "seen";

/// One field of something as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the form that changes it, or a word of its own.
    pub key: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// What stands there; empty for nothing.
    pub value: String,
    /// The events that change it.
    pub by: &'static [EventKind],
}

/// What something looks like now, for those who are about to judge or change it.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Its version.
    pub version: i64,
    /// The newest line of the trail it knows of.
    pub line: i64,
    /// Its fields, in the order of the page.
    pub fields: Vec<Field>,
}

/// What a form carries of the thing it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The version.
    pub version: i64,
    /// The fields as they were shown, for showing them again.
    pub seen: String,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Seen {
    line: i64,
    was: BTreeMap<String, String>,
}

impl Carried {
    /// A form made from what stands there now.
    #[must_use]
    pub fn of(now: &Standing) -> Self {
        let was = now.fields.iter().map(|f| (f.key.to_owned(), f.value.clone())).collect();
        // a map of texts always has a JSON form
        let seen = serde_json::to_string(&Seen { line: now.line, was }).unwrap_or_default();
        Self { version: now.version, seen }
    }

    /// What a form that was sent carries. It is not typed by a person: without a version, or with a wrong one, it is
    /// as one made from something that does not stand there any more.
    #[must_use]
    pub fn read(draft: &Draft) -> Self {
        let version = draft.carried(VERSION).parse().ok().filter(|n| *n > 0).unwrap_or(0);
        let seen = draft.carried(SEEN);
        // sent twice, or mangled, it says nothing
        let whole = seen.is_empty() || serde_json::from_str::<Seen>(seen).is_ok();
        if draft.values(SEEN).nth(1).is_some() || !whole {
            return Self { version: 0, seen: String::new() };
        }
        Self { version, seen: seen.to_owned() }
    }

    /// What stands there now beside what the form was made from and what was typed; `lines` are the newest of the
    /// trail, newest first, and `typed` is by key.
    #[must_use]
    pub fn beside(&self, now: &Standing, typed: &[(&str, String)], lines: &[Told]) -> Comparison {
        let seen: Seen = serde_json::from_str(&self.seen).unwrap_or_default();
        let since: Vec<&Told> = lines.iter().filter(|told| told.seq > seen.line).collect();
        let rows = now.fields.iter().filter_map(|field| {
            let was = seen.was.get(field.key);
            let wrote = typed.iter().find(|(key, text)| *key == field.key && !text.is_empty());
            let changed = was.is_none_or(|was| *was != field.value);
            let differs = wrote.is_some_and(|(_, text)| *text != field.value);
            (changed || differs).then(|| Row {
                label: field.label,
                was: was.map_or_else(|| "Not known".into(), |was| shown(was)),
                typed: wrote.map(|(_, text)| text.clone()).unwrap_or_default(),
                now: shown(&field.value),
                by: by(field, &since).filter(|_| changed).unwrap_or_default(),
                changed,
            })
        });
        let rows: Vec<Row> = rows.collect();
        let wrote = rows.iter().any(|row| !row.typed.is_empty());
        // without a line to begin at, all of the trail is not what is new
        let most = if seen.line == 0 { 2 } else { 20 };
        let since: Vec<Told> = since.into_iter().take(most).cloned().collect();
        Comparison { rows, wrote, since: told::timeline(&since) }
    }
}

fn shown(value: &str) -> String {
    if value.is_empty() { "Nothing".to_owned() } else { value.to_owned() }
}

/// Who last changed this field, and when.
fn by(field: &Field, since: &[&Told]) -> Option<Text> {
    let told = since.iter().find(|told| field.by.contains(&told.kind))?;
    Some(told::moment(told).by)
}

struct Row {
    label: &'static str,
    was: String,
    typed: String,
    now: String,
    by: Text,
    changed: bool,
}

/// Both versions, side by side.
#[derive(Template)]
#[template(path = "parts/comparison.html")]
pub struct Comparison {
    rows: Vec<Row>,
    wrote: bool,
    since: Timeline,
}
impl HtmlSafe for Comparison {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(key: &'static str, value: &str) -> Field {
        Field { key, label: key, value: value.into(), by: &[EventKind::Reworded] }
    }

    fn standing(version: i64, line: i64, what: &str, due: &str) -> Standing {
        Standing { version, line, fields: vec![field("what", what), field("due", due)] }
    }

    fn told(seq: i64) -> Told {
        Told {
            seq,
            at: "2026-11-12T16:12:00Z".parse().unwrap(),
            kind: EventKind::Reworded,
            actor: Some("Amara Bello".into()),
            detail: json!({}),
            texts: Vec::new(),
        }
    }

    fn sent(carried: &Carried) -> Draft {
        Draft::new().with(VERSION, carried.version.to_string()).with(SEEN, carried.seen.clone())
    }

    #[test]
    fn a_form_brings_back_what_it_was_made_from() {
        let carried = Carried::of(&standing(3, 8, "Audit \"all\"\nof them", "<b>"));
        assert_eq!(Carried::read(&sent(&carried)), carried);
    }

    #[test]
    fn what_differs_stands_side_by_side_with_who_changed_it() {
        let carried = Carried::of(&standing(3, 8, "Old words", "1 December 2026"));
        let now = standing(4, 9, "New words", "1 December 2026");
        let html = carried.beside(&now, &[("what", "My words".into())], &[told(9), told(8)]).to_string();
        for said in ["Old words", "My words", "New words", "Amara Bello, 12 November 2026 at 4:12pm"] {
            assert!(html.contains(said), "{said}: {html}");
        }
        assert!(!html.contains("1 December"), "what is the same is left out: {html}");
        assert_eq!(html.matches("time__").count() + html.matches("<h3>").count(), 1, "one new line: {html}");
    }

    #[test]
    fn a_form_that_lost_its_fields_still_shows_what_is_there() {
        for draft in [
            Draft::new(),
            Draft::new().with(VERSION, "x").with(SEEN, "{"),
            Draft::new().with(VERSION, "3").with(VERSION, "4"),
            Draft::new().with(VERSION, "3").with(SEEN, "{").with(SEEN, "{}"),
        ] {
            let carried = Carried::read(&draft);
            assert_eq!(carried.version, 0);
            let html = carried.beside(&standing(4, 9, "New", ""), &[], &[told(9)]).to_string();
            assert!(html.contains("Not known") && html.contains("New") && html.contains("Nothing"), "{html}");
        }
    }

    #[test]
    fn what_came_back_is_escaped() {
        let carried = Carried::of(&standing(1, 1, "<script>", ""));
        let html = carried.beside(&standing(2, 2, "x", ""), &[], &[]).to_string();
        assert!(!html.contains("<script>"), "{html}");
    }
}
