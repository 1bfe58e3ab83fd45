//! The pieces of a page that carry meaning: state tags, the thread, the closure checklist, the timeline and so on.
//!
//! Each is data plus a template in `templates/parts/`, compiled once; a page's template shows one with `{{ thread }}`.
//! They escape what they are given and are therefore not escaped a second time.

use askama::Template;
use askama::filters::HtmlSafe;

pub use crate::http::page::Pager;
pub use crate::http::tag::{Icon, State, Tag, Text};

/// Where a stop of the thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Behind us.
    Done,
    /// Here.
    Now,
    /// Still to come.
    Next,
}

/// One stop of the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    name: Text,
    note: Text,
    at: At,
}

impl Stop {
    /// A stop with a note below it: a date, a count, what it waits for.
    pub fn new(name: impl Into<Text>, note: impl Into<Text>, at: At) -> Self {
        Self { name: name.into(), note: note.into(), at }
    }
}

/// The thread of an action, from finding to impact: `{{ thread }}`.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/thread.html")]
pub struct Thread {
    /// Its stops, in order.
    pub stops: Vec<Stop>,
}
impl HtmlSafe for Thread {}

/// One line of a checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    done: bool,
    what: Text,
    detail: Text,
    note: Text,
}

impl Check {
    /// Whether it is done, what it is, a sentence about it, and a short note at the end of the line (a name, "3 of
    /// 3", "To do"). Detail and note may be empty.
    pub fn new(done: bool, what: impl Into<Text>, detail: impl Into<Text>, note: impl Into<Text>) -> Self {
        Self { done, what: what.into(), detail: detail.into(), note: note.into() }
    }
}

/// What must be there, and what is: `{{ checklist }}`. The head says how many of it are done.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/checklist.html")]
pub struct Checklist {
    /// The lines, in the order of the rule.
    pub items: Vec<Check>,
}
impl HtmlSafe for Checklist {}

impl Checklist {
    /// How many lines are done.
    #[must_use]
    pub fn done(&self) -> usize {
        self.items.iter().filter(|item| item.done).count()
    }

    /// How far it is, as a bar.
    #[must_use]
    pub fn meter(&self) -> Meter {
        Meter { done: self.done(), total: self.items.len() }
    }
}

/// A part of a whole, as a bar; the numbers stand beside it in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/meter.html")]
pub struct Meter {
    /// The part.
    pub done: usize,
    /// The whole.
    pub total: usize,
}
impl HtmlSafe for Meter {}

impl Meter {
    /// The length of the bar of 600.
    fn length(self) -> usize {
        (600 * self.done.min(self.total)).checked_div(self.total).unwrap_or(0)
    }
}

/// One line of a timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// What happened.
    pub what: Text,
    /// Who and when, as one line: "Amara Bello, 12 November 2026 at 4:12pm".
    pub by: Text,
    /// More, in our words; empty for none.
    pub detail: Text,
    /// What the person wrote; empty for none.
    pub quote: Text,
    /// Whether it is bad news.
    pub late: bool,
}

/// What happened, newest first: `{{ timeline }}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "parts/timeline.html")]
pub struct Timeline {
    /// The lines.
    pub moments: Vec<Moment>,
}
impl HtmlSafe for Timeline {}

/// One fact: what, and its value, which may lead somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    name: Text,
    value: Text,
    href: Text,
}

/// A short list of facts: `{{ facts }}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "parts/facts.html")]
pub struct Facts {
    items: Vec<Fact>,
}
impl HtmlSafe for Facts {}

impl Facts {
    /// No facts yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more fact; left out when the value is empty.
    #[must_use]
    pub fn fact(self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        self.linked(name, value, "")
    }

    /// One more fact that leads to `href`.
    #[must_use]
    pub fn linked(mut self, name: impl Into<Text>, value: impl Into<Text>, href: impl Into<Text>) -> Self {
        let (name, value, href) = (name.into(), value.into(), href.into());
        if !value.is_empty() {
            self.items.push(Fact { name, value, href });
        }
        self
    }
}

/// A number with its words, a link to the rows behind it, and a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The number.
    pub number: i64,
    /// What it counts; the text of the link.
    pub label: Text,
    /// Where the rows are.
    pub href: Text,
    /// A short line below; empty for none.
    pub note: Text,
    /// The state whose colour it has.
    pub state: State,
}

/// Up to four tiles: `{{ tiles }}`.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/tiles.html")]
pub struct Tiles {
    /// The tiles.
    pub items: Vec<Tile>,
}
impl HtmlSafe for Tiles {}

/// One thing to do, in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Its state.
    pub tag: Tag,
    /// Its name; the text of the link.
    pub title: Text,
    /// Where it is.
    pub href: Text,
    /// Reference, owner, date: one line of small print.
    pub meta: Text,
    /// What to do about it; empty for no button.
    pub verb: Text,
    /// Where to do it.
    pub verb_href: Text,
    /// Whether the button is the loud one.
    pub urgent: bool,
    /// A quieter second step: what its link says, and where it leads.
    pub aside: Option<(&'static str, String)>,
}

/// Things to do, most pressing first: `{{ work_list }}`; says `empty` when there is nothing.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/work_list.html")]
pub struct WorkList {
    /// The things.
    pub items: Vec<Work>,
    /// The sentence when there is nothing.
    pub empty: Text,
}
impl HtmlSafe for WorkList {}

/// One piece of evidence in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Its name.
    pub name: Text,
    /// Where it can be had; empty for a reference to a record kept elsewhere.
    pub href: Text,
    /// Kind, size, who, when: one line of small print.
    pub meta: Text,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
    /// Where it can be withdrawn, by whoever may; empty for the others.
    pub withdraw_href: Text,
}

/// Pieces of evidence: `{{ files }}`; says `empty` when there are none.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/files.html")]
pub struct Files {
    /// The pieces.
    pub items: Vec<FileRow>,
    /// The sentence when there are none.
    pub empty: Text,
}
impl HtmlSafe for Files {}

/// Links to the pages before and after: `{{ pages }}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "parts/pages.html")]
pub struct Pages(pub Pager);
impl HtmlSafe for Pages {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_typed_is_escaped() {
        let nasty = "<script>alert('x')</script>";
        let pieces = [
            Tag::saying(State::Late, nasty).to_string(),
            Thread { stops: vec![Stop::new(nasty, nasty, At::Now)] }.to_string(),
            Checklist { items: vec![Check::new(true, nasty, nasty, nasty)] }.to_string(),
            Timeline {
                moments: vec![Moment {
                    what: nasty.into(),
                    by: nasty.into(),
                    detail: nasty.into(),
                    quote: nasty.into(),
                    late: true,
                }],
            }
            .to_string(),
            Facts::new().fact(nasty, nasty).linked("x", nasty, "/\"onclick=\"x").to_string(),
            WorkList { items: vec![], empty: nasty.into() }.to_string(),
            Files {
                items: vec![FileRow {
                    name: nasty.into(),
                    href: "".into(),
                    meta: nasty.into(),
                    withdrawn: true,
                    withdraw_href: "".into(),
                }],
                empty: "".into(),
            }
            .to_string(),
        ];
        for html in pieces {
            assert!(!html.contains("<script") && !html.contains("\"onclick"), "{html}");
            assert!(html.contains("&#60;script&#62;"), "{html}");
        }
    }

    #[test]
    fn a_meter_never_leaves_its_bar() {
        for (done, total, length) in [(0, 0, 0), (0, 6, 0), (4, 6, 400), (6, 6, 600), (9, 6, 600)] {
            assert_eq!(Meter { done, total }.length(), length);
        }
    }

    #[test]
    fn empty_lists_say_so() {
        assert!(
            WorkList { items: vec![], empty: "Nothing is late.".into() }
                .to_string()
                .contains("Nothing is late.")
        );
        assert!(
            Files { items: vec![], empty: "No evidence yet.".into() }
                .to_string()
                .contains("No evidence yet.")
        );
    }
}
