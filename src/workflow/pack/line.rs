//! The whole line of a finding on paper: where it came from, who saw to it, what proves it, who checked, what was decided, whether
//! it lasted, and every line of the trail about it (R27).

use chrono::NaiveDate;

use super::facts::{Deed, Facts, Place, Places};
use super::history;
use crate::clock::london_date;
use crate::domain::escalation::{Decision, why};
use crate::domain::reference::Reference;
use crate::domain::review::Disposition;
use crate::domain::text_enum::TextEnum as _;
use crate::domain::topic::EvidenceKind;
use crate::domain::verification::Mark;
use crate::domain::words;
use crate::report::{Block, Item, Paper};
use crate::store::change::Field;
use crate::store::pack::Escalated;
use crate::store::papers::{Given, Verdict};

/// What every page of a pack is drawn with.
pub(super) struct Drawing<'a> {
    pub(super) today: NaiveDate,
    pub(super) places: &'a Places,
    /// The foot and the seal of every page.
    pub(super) foot: String,
    pub(super) seal: String,
    pub(super) made: chrono::DateTime<chrono::Utc>,
}

/// Puts a finding on paper.
pub(super) fn paper(facts: &Facts, with: &Drawing<'_>) -> Paper {
    let found = &facts.finding;
    let mut blocks = vec![Block::Quote(found.what.clone())];
    sources(facts, &mut blocks);
    if let Some((reason, by, at)) = &found.disposed {
        blocks.push(Block::Heading("Ended without an action".into()));
        blocks.push(Block::Text(format!("{}. {by}, {}.", found.disposition.label(), words::instant(*at))));
        blocks.push(Block::Quote(reason.clone()));
    }
    if facts.deeds.is_empty() && found.disposition == Disposition::Actions {
        blocks.push(Block::Heading("Actions".into()));
        blocks.push(Block::Text("No action is agreed yet.".into()));
    }
    for deed in &facts.deeds {
        self::deed(deed, with, &mut blocks);
    }
    history::again(facts, &mut blocks);
    history::timeline(&facts.told, &mut blocks);
    let unit = found.unit.as_ref().map_or_else(String::new, |unit| format!(", {unit}"));
    Paper {
        title: format!("Finding {}", found.reference()),
        place: format!("{}{unit}", found.service_name),
        head: vec![
            ("Found", format!("{} by {}", words::date(found.found_on), found.found_by)),
            ("Risk", found.risk.label().into()),
            ("Theme", format!("{}: {}", found.theme.label(), found.topic.label())),
            ("Rests on", found.evidence_source.label().into()),
            ("Significance", found.significance.label().into()),
            ("Bears on", found.bears_on.join("; ")),
            ("Logged", format!("{}, {}", found.logged_by_name, words::instant(found.logged_at))),
        ],
        foot: with.foot.clone(),
        seal: with.seal.clone(),
        made: with.made,
        blocks,
    }
}

fn sources(facts: &Facts, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("Where it came from".into()));
    let item = |source: &crate::store::finding::Source| Item {
        lead: format!("{} {}", source.reference, source.kind.label()),
        text: source.title.clone(),
        meta: format!("Held {}", words::date(source.held_on)),
        ..Item::default()
    };
    blocks.push(Block::List(facts.finding.sources.iter().map(item).collect()));
}

/// A list below a heading of its own, unless there is nothing in it.
fn part(name: &str, items: Vec<Item>, blocks: &mut Vec<Block>) {
    if !items.is_empty() {
        blocks.push(Block::Part(name.into()));
        blocks.push(Block::List(items));
    }
}

fn deed(deed: &Deed, with: &Drawing<'_>, blocks: &mut Vec<Block>) {
    let line = &deed.line;
    blocks.push(Block::Heading(format!("Action {}: {}", line.reference, state(deed, with.today))));
    blocks.push(Block::Quote(line.what.clone()));
    blocks.push(Block::Text(format!("How success is tested: {}", line.success_test)));
    let owner = line.owner.clone().map_or_else(
        || "nobody owns it".to_owned(),
        |owner| {
            if line.owner_left { format!("{owner}, who has left") } else { owner }
        },
    );
    let due = line.due_on.map_or_else(|| "no due date".to_owned(), |due| format!("due {}", words::date(due)));
    let verify =
        line.verify_by.map_or_else(String::new, |day| format!("; to be checked by {}", words::date(day)));
    blocks.push(Block::Text(format!("Owner: {owner}; {due}{verify}.")));
    if let Some(reason) = &line.cancel_reason {
        let into = line.merged_into.map(Reference::action);
        let what = into.map_or_else(|| "Cancelled".to_owned(), |into| format!("Merged into {into}"));
        blocks.push(Block::Text(format!("{what}: {reason}")));
    }
    evidence(deed, with, blocks);
    part("What was done", deed.notes.iter().filter_map(note).collect(), blocks);
    let papers = &deed.papers;
    part(
        "Who checked, how, and what was sampled",
        papers.verifications.iter().rev().map(verdict).collect(),
        blocks,
    );
    let assured = papers.assurances.iter().rev().map(|a| Item {
        lead: format!("Nominated individual: {}", a.decision.label()),
        text: a.note.clone(),
        meta: by(&a.by, a.at),
        ..Item::default()
    });
    part("Assurance", assured.collect(), blocks);
    part("Closure", closures(deed), blocks);
    part("Did it last?", sustained(deed), blocks);
    part(
        "Why it was late, and what keeps people safe",
        deed.escalated.iter().flat_map(|e| escalation(e, with.today)).collect(),
        blocks,
    );
    part("Changes of wording, date and owner", changes(deed), blocks);
}

/// "Closed", "Late": as the program shows it today.
pub(super) fn state(deed: &Deed, today: NaiveDate) -> String {
    let line = &deed.line;
    let late = line.status.with_owner() && line.due_on.is_some_and(|due| due < today);
    let back = if line.came_back { ", but it came back" } else { "" };
    let late = if late { ", late" } else { "" };
    format!("{}{late}{back}", line.status.label().to_lowercase())
}

fn kinds(kinds: &[EvidenceKind]) -> String {
    let labels: Vec<String> = kinds.iter().map(|kind| kind.label().to_lowercase()).collect();
    if labels.is_empty() { "none".into() } else { words::list(&labels) }
}

fn evidence(deed: &Deed, with: &Drawing<'_>, blocks: &mut Vec<Block>) {
    blocks.push(Block::Part("What proves it".into()));
    let line = &deed.line;
    let missing: Vec<EvidenceKind> =
        line.required.iter().filter(|kind| !line.given.contains(kind)).copied().collect();
    let lack = if missing.is_empty() {
        "All of it is there.".into()
    } else {
        format!("Still missing: {}.", kinds(&missing))
    };
    blocks.push(Block::Text(format!("Evidence required: {}. {lack}", kinds(&line.required))));
    let items: Vec<Item> = deed.papers.evidence.iter().rev().map(|given| piece(given, with.places)).collect();
    if !items.is_empty() {
        blocks.push(Block::List(items));
    }
}

fn piece(given: &Given, places: &Places) -> Item {
    let kind = given.kind.label();
    let meta = format!(
        "About {}; given by {}, round {}",
        words::date(given.about_on),
        by(&given.author, given.at),
        given.cycle
    );
    if let Some(withdrawn) = &given.withdrawn {
        return Item { lead: kind.into(), text: withdrawn.sentence(), meta, ..Item::default() };
    }
    match places.get(&given.id) {
        Some(Place::File(path, size)) => Item {
            lead: format!("{kind}: {}", given.title),
            text: given.note.clone(),
            meta: format!("{path}, {}. {meta}", words::file_size(*size)),
            href: format!("../{path}"),
        },
        Some(Place::KeptBack(reason)) => {
            Item { lead: kind.into(), text: format!("Kept back: {reason}"), meta, ..Item::default() }
        }
        _ => {
            let kept = given.reference.clone().unwrap_or_default();
            let note = if given.note.is_empty() { String::new() } else { format!("\n{}", given.note) };
            Item {
                lead: format!("{kind}: {}", given.title),
                text: format!("Kept at: {kept}{note}"),
                meta,
                ..Item::default()
            }
        }
    }
}

fn note(note: &crate::store::pack::Noted) -> Option<Item> {
    let mut text = note.note.clone()?;
    for (what, said) in [("In the way", &note.barrier), ("Support needed", &note.support_needed)] {
        if let Some(said) = said {
            text.push_str(&format!("\n{what}: {said}"));
        }
    }
    let done = note.done_on.map_or_else(String::new, |day| format!("Done {}; ", words::date(day)));
    let meta = format!("{done}{}", by(note.author.as_deref().unwrap_or_default(), note.at?));
    Some(Item { text, meta, ..Item::default() })
}

pub(super) fn by(name: &str, at: chrono::DateTime<chrono::Utc>) -> String {
    format!("{name}, {}", words::instant(at))
}

/// "Sampled records: 8 looked at, 7 met the standard".
pub(super) fn sampled(verdict: &Verdict) -> String {
    let (size, met) = (verdict.sample_size, verdict.met_standard);
    format!("{}: {size} looked at, {met} met the standard", verdict.method.label())
}

fn verdict(verdict: &Verdict) -> Item {
    let mut text = format!("{}. {}", sampled(verdict), verdict.note);
    for (kind, mark) in &verdict.marks {
        let kind = EvidenceKind::from_text(kind).map_or("Evidence", EvidenceKind::label);
        let mark = mark.as_str().and_then(Mark::from_text).map_or("not marked", Mark::label);
        text.push_str(&format!("\n{kind}: {}", mark.to_lowercase()));
    }
    if let Some(missing) = &verdict.missing {
        text.push_str(&format!("\nMissing: {missing}"));
    }
    if let Some(reason) = &verdict.exception_reason {
        text.push_str(&format!("\nChecked as an exception, because: {reason}"));
    }
    let new_due =
        verdict.new_due_on.map_or_else(String::new, |day| format!("; new due date {}", words::date(day)));
    Item {
        lead: verdict.outcome.label().into(),
        text,
        meta: format!("{}{new_due}; round {}", by(&verdict.by, verdict.at), verdict.cycle),
        ..Item::default()
    }
}

fn closures(deed: &Deed) -> Vec<Item> {
    let papers = &deed.papers;
    let closed = papers.closures.iter().rev().map(|c| {
        let improved: String = c.improved.iter().map(|said| format!("\nMeasured: {said}")).collect();
        (
            c.at,
            Item {
                lead: "Closed".into(),
                text: format!("{}{improved}", c.note),
                meta: by(&c.by, c.at),
                ..Item::default()
            },
        )
    });
    let opened = papers.reopenings.iter().rev().map(|r| {
        (
            r.at,
            Item {
                lead: "Reopened".into(),
                text: r.reason.clone(),
                meta: by(&r.by, r.at),
                ..Item::default()
            },
        )
    });
    let mut all: Vec<_> = closed.chain(opened).collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, item)| item).collect()
}

fn sustained(deed: &Deed) -> Vec<Item> {
    let item = |check: &crate::store::papers::SustainCheck| {
        let due = words::date(check.due_on);
        let Some(lasting) = check.lasting else {
            return Item { lead: format!("To be looked at again on {due}"), ..Item::default() };
        };
        let size = check.sample_size.zip(check.met_standard);
        let size =
            size.map_or_else(String::new, |(n, met)| format!(" {n} looked at, {met} met the standard."));
        let measure =
            if check.measure_said.is_empty() { String::new() } else { format!("\n{}", check.measure_said) };
        let note = check.note.clone().unwrap_or_default();
        let who = check.by.as_deref().zip(check.at).map_or_else(String::new, |(name, at)| by(name, at));
        Item {
            lead: format!("{}{size}", lasting.label()),
            text: format!("{note}{measure}"),
            meta: who,
            ..Item::default()
        }
    };
    deed.papers.sustain.iter().map(item).collect()
}

/// An escalation with each decision on it.
fn escalation(raised: &Escalated, today: NaiveDate) -> Vec<Item> {
    let head = Item {
        lead: format!("Escalated to {}", raised.level.whom()),
        text: format!("{}.", why(raised.cause, raised.due_on, &raised.upon)),
        meta: words::instant(raised.at),
        ..Item::default()
    };
    let decided = raised.decisions.iter().map(|d| {
        let said = [
            ("Risk", d.risk.clone()),
            ("Why it is late", d.delay_reason.clone()),
            ("Support", d.support_needed.clone()),
            ("What keeps people safe", d.interim_control.clone()),
            ("", d.control.sentence(today)),
            ("New due date", d.revised_due_on.map(words::date).unwrap_or_default()),
            ("Because", d.because.clone()),
        ];
        let lines = said.into_iter().filter(|(_, text)| !text.trim().is_empty()).map(|(name, text)| {
            if name.is_empty() { words::capital(&text) } else { format!("{name}: {text}") }
        });
        let lead = if d.decision == Decision::Act { "Decision" } else { d.decision.label() };
        Item {
            lead: lead.into(),
            text: lines.collect::<Vec<_>>().join("\n"),
            meta: by(&d.by, d.at),
            ..Item::default()
        }
    });
    let decided: Vec<Item> = decided.collect();
    let waits = Item { lead: "No decision is recorded yet".into(), ..Item::default() };
    let waits = decided.is_empty().then_some(waits);
    std::iter::once(head).chain(decided).chain(waits).collect()
}

fn changes(deed: &Deed) -> Vec<Item> {
    let day = |text: &str| text.parse::<NaiveDate>().map_or_else(|_| text.to_owned(), words::date);
    let item = |change: &crate::store::papers::Change| {
        let told = |text: &Option<String>| match (text, change.field) {
            (None, _) => "nothing".to_owned(),
            (Some(text), Field::DueOn) => day(text),
            (Some(text), _) => text.clone(),
        };
        Item {
            lead: change.field.label().into(),
            text: format!(
                "Before: {}\nAfter: {}\nBecause: {}",
                told(&change.before),
                told(&change.after),
                change.reason
            ),
            meta: by(&change.by, change.at),
            ..Item::default()
        }
    };
    deed.papers.changes.iter().rev().map(item).collect()
}

/// The day something happened, in words.
pub(super) fn on(at: chrono::DateTime<chrono::Utc>) -> String {
    words::date(london_date(at))
}
