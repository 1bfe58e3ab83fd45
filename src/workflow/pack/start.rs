//! The start page of a pack: it begins at the sources and answers, one after the other, what people who read it ask (R27a).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::facts::{Deed, Facts, Place, Places};
use super::line::{Drawing, on, sampled, state};
use crate::domain::control::Stands;
use crate::domain::escalation::why;
use crate::domain::reference::Reference;
use crate::domain::review::Disposition;
use crate::domain::sustain::Lasting;
use crate::domain::topic::EvidenceKind;
use crate::domain::words;
use crate::report::{Block, Cell, Column, Item, Paper, Table};

/// The most letters of what was found or is to be done in a list; the whole stands on the finding's page.
const LONGEST: usize = 160;

/// What the start page says, gathered finding by finding so that not all of them are in memory at once.
#[derive(Debug, Default)]
pub(super) struct Start {
    /// By review: its name, and its findings.
    sources: BTreeMap<i32, (String, Vec<i32>)>,
    found: Vec<Found>,
    owned: Vec<Vec<Cell>>,
    proved: Vec<Vec<Cell>>,
    checked: Vec<Vec<Cell>>,
    late: Vec<Item>,
    safe: Vec<Item>,
    effect: Vec<Item>,
    again: Vec<Item>,
    unowned: Vec<Item>,
    lasting: Vec<Item>,
    kept_back: Vec<Item>,
    actions: usize,
    open: usize,
    reviewed: Option<(chrono::DateTime<chrono::Utc>, String)>,
    touched: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Debug)]
struct Found {
    number: i32,
    what: String,
    risk: &'static str,
    stands: String,
}

/// Where a finding's page is, from the start page.
pub(super) fn page_of(number: i32) -> String {
    format!("findings/{}.html", Reference::finding(number))
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let begin: String = text.chars().take(LONGEST).collect();
    format!("{}…", begin.trim_end())
}

impl Start {
    /// Adds a finding.
    pub(super) fn add(&mut self, facts: &Facts, today: NaiveDate, places: &Places) {
        let found = &facts.finding;
        for source in &found.sources {
            let name = format!(
                "{} {}: {}, held {}",
                source.reference,
                source.kind.label(),
                source.title,
                words::date(source.held_on)
            );
            self.sources.entry(source.reference.number).or_insert((name, Vec::new())).1.push(found.number);
        }
        let open = facts.deeds.iter().filter(|deed| deed.line.status.open()).count();
        let stands = match (found.disposition, facts.deeds.len(), open) {
            (Disposition::Actions, 0, _) => "no action yet".to_owned(),
            (Disposition::Actions, all, 0) => format!("{}, none open", words::count(all as u64, "action")),
            (Disposition::Actions, all, open) => {
                format!("{}, {open} open", words::count(all as u64, "action"))
            }
            (other, ..) => other.label().to_lowercase(),
        };
        self.found.push(Found {
            number: found.number,
            what: cut(&found.what),
            risk: found.risk.label(),
            stands,
        });
        if found.disposition == Disposition::Actions && facts.deeds.is_empty() {
            self.unowned.push(item(found.number, &found.what, "No action is agreed yet".into()));
        }
        if facts.links.earlier > 0 {
            let causes = facts.links.reviews.iter().filter(|cause| cause.complete()).count();
            let done = if causes > 0 {
                "its cause was looked for and wider actions were agreed"
            } else {
                "the root-cause review is not complete"
            };
            let times = words::count(u64::try_from(facts.links.earlier).unwrap_or(0), "earlier finding");
            self.again.push(item(found.number, &found.what, format!("The same as {times}; {done}")));
        }
        for deed in &facts.deeds {
            self.deed(found.number, deed, today, places);
        }
        let last = facts.told.last().map(|(_, line)| line.at);
        self.touched = self.touched.max(last);
    }

    fn deed(&mut self, finding: i32, deed: &Deed, today: NaiveDate, places: &Places) {
        let line = &deed.line;
        let name = || Cell::says(line.reference.to_string()).with(cut(&line.what)).to(page_of(finding));
        self.actions += 1;
        self.open += usize::from(line.status.open());
        let owner = line.owner.clone().unwrap_or_else(|| "Nobody".into());
        let due = line.due_on.map_or_else(|| "No date".into(), words::date);
        let stands = words::capital(&state(deed, today));
        self.owned.push(vec![name(), Cell::says(owner), Cell::says(due), Cell::says(stands.clone())]);
        if line.status.open() && line.unowned() {
            let why = if line.owner_left { "Its owner has left" } else { "Nobody owns it" };
            self.unowned.push(action(finding, line.reference, &line.what, why.into()));
        }
        let kinds = |kinds: &[EvidenceKind]| {
            let labels: Vec<&str> = kinds.iter().map(|kind| kind.label()).collect();
            if labels.is_empty() { "None".to_owned() } else { labels.join(", ") }
        };
        let pieces = deed.papers.evidence.iter().filter(|given| given.withdrawn.is_none()).count();
        let given = Cell::says(kinds(&line.given)).with(words::count_of(
            pieces as u64,
            "piece in all rounds",
            "pieces in all rounds",
        ));
        self.proved.push(vec![name(), Cell::says(kinds(&line.required)), given, Cell::says(stands)]);
        for given in &deed.papers.evidence {
            if let Some(Place::KeptBack(reason)) = places.get(&given.id) {
                let what = format!("{}, about {}", given.kind.label(), words::date(given.about_on));
                self.kept_back.push(action(finding, line.reference, &what, reason.clone()));
            }
        }
        self.checks(finding, deed, &name);
        self.lateness(finding, deed, today);
        if let Some(seen) = &deed.papers.reviewed {
            let newer = self.reviewed.as_ref().is_none_or(|(at, _)| *at < seen.at);
            if newer {
                self.reviewed =
                    Some((seen.at, format!("{}: {}", line.reference, seen.standing.label().to_lowercase())));
            }
        }
    }

    fn checks(&mut self, finding: i32, deed: &Deed, name: &impl Fn() -> Cell) {
        let line = &deed.line;
        for verdict in deed.papers.verifications.iter().rev() {
            let alone = verdict
                .exception_reason
                .as_ref()
                .map_or("Yes: not the owner", |_| "An exception, with its reason");
            self.checked.push(vec![
                name(),
                Cell::says(verdict.by.clone()).with(on(verdict.at)),
                Cell::says(sampled(verdict)),
                Cell::says(verdict.outcome.label()),
                Cell::says(alone),
            ]);
        }
        for closure in deed.papers.closures.iter().rev() {
            let improved = if closure.improved.is_empty() {
                "no measure is tied to it".to_owned()
            } else {
                closure.improved.join("; ")
            };
            let what = format!("{}\nMeasured improvement: {improved}", cut(&closure.note));
            let meta = format!("Closed by {}, {}", closure.by, on(closure.at));
            self.effect.push(Item { meta, ..action(finding, line.reference, &what, String::new()) });
        }
        for check in &deed.papers.sustain {
            let said = match (check.lasting, check.at) {
                (Some(lasting), Some(at)) => format!("{}, looked at {}", lasting.label(), on(at)),
                _ => format!("To be looked at on {}", words::date(check.due_on)),
            };
            let bad = matches!(check.lasting, Some(Lasting::Lost | Lasting::Slipping));
            let lead = if bad { "Not holding: " } else { "" };
            self.lasting.push(action(finding, line.reference, &format!("{lead}{}", cut(&line.what)), said));
        }
    }

    /// Why it is late, what keeps people safe meanwhile, how seniors help.
    fn lateness(&mut self, finding: i32, deed: &Deed, today: NaiveDate) {
        let line = &deed.line;
        if !line.status.open() {
            return;
        }
        for raised in &deed.escalated {
            let decided = raised.decisions.last();
            let said = decided.map_or_else(
                || "No decision is recorded yet.".to_owned(),
                |d| {
                    let parts = [("", &d.delay_reason), ("", &d.because), ("Support: ", &d.support_needed)];
                    let parts = parts.iter().filter(|(_, text)| !text.trim().is_empty());
                    let parts: Vec<String> = parts.map(|(name, text)| format!("{name}{text}")).collect();
                    format!("Decided by {}, {}: {}", d.by, on(d.at), parts.join(" "))
                },
            );
            let what = format!("{}.\n{said}", why(raised.cause, raised.due_on, &raised.upon));
            let meta = format!("Escalated to {}, {}", raised.level.whom(), on(raised.at));
            self.late.push(Item { meta, ..action(finding, line.reference, &what, String::new()) });
            for (control, days, d) in raised.controls() {
                if days.stands(today) != Stands::Ended {
                    let meta = format!(
                        "{}; decided by {}, {}",
                        words::capital(&days.sentence(today)),
                        d.by,
                        on(d.at)
                    );
                    let meta = meta.trim_start_matches("; ").to_owned();
                    self.safe.push(Item { meta, ..action(finding, line.reference, control, String::new()) });
                }
            }
        }
        let overdue = line.status.with_owner() && line.due_on.is_some_and(|due| due < today);
        if overdue && deed.escalated.is_empty() {
            self.late.push(action(finding, line.reference, &line.what, "Late, and not escalated yet".into()));
        }
    }

    /// Puts it on paper. `head` is what stands above it, `figures` what is told between, `check` how the pack is checked.
    pub(super) fn paper(
        mut self,
        (title, place): (String, String),
        head: Vec<(&'static str, String)>,
        (figures, check): (Vec<Block>, String),
        with: &Drawing<'_>,
    ) -> Paper {
        let mut blocks = Vec::new();
        let kept_back = std::mem::take(&mut self.kept_back);
        self.found(&mut blocks);
        self.work(&mut blocks);
        self.proof(&mut blocks);
        blocks.extend(figures);
        list("What is kept back", kept_back, "No evidence is kept back.", &mut blocks);
        blocks.push(Block::Heading("How this pack can be checked".into()));
        blocks.push(Block::Text(check));
        Paper {
            title,
            place,
            head,
            foot: with.foot.clone(),
            seal: with.seal.clone(),
            made: with.made,
            blocks,
        }
    }

    /// Who does it, and how far it is.
    fn work(&mut self, blocks: &mut Vec<Block>) {
        let columns = [("Action", 3.2), ("Owner", 1.4), ("Due", 1.2), ("How it stands", 1.4)];
        table(
            "Who owned it, by when?",
            std::mem::take(&mut self.owned),
            &columns,
            "No action is agreed.",
            blocks,
        );
        let mut told =
            |heading, items: &mut Vec<Item>, none| list(heading, std::mem::take(items), none, blocks);
        told(
            "Why is it late, how was that decided, how do seniors help?",
            &mut self.late,
            "Nothing that is open here is late or escalated.",
        );
        told(
            "What keeps people safe meanwhile?",
            &mut self.safe,
            "No interim control is in place for what is open here.",
        );
        told("What has nobody who owns it?", &mut self.unowned, "Everything that is open here has an owner.");
    }

    /// What proves it, who checked, and whether it helped.
    fn proof(self, blocks: &mut Vec<Block>) {
        let columns =
            [("Action", 3.2), ("Evidence required", 1.6), ("Evidence there", 1.6), ("How it stands", 1.2)];
        let heading = "What proves completion, and does the status match it?";
        table(heading, self.proved, &columns, "No action is agreed.", blocks);
        let columns = [
            ("Action", 2.8),
            ("Who", 1.3),
            ("How, and what was sampled", 2.2),
            ("Outcome", 1.1),
            ("Independent", 1.2),
        ];
        let heading = "Who verified, how, what was sampled, were they independent?";
        table(heading, self.checked, &columns, "Nothing is verified yet.", blocks);
        blocks.push(Block::Note("The program lets nobody verify an action they own or have owned, or for which they gave evidence.".into()));
        list("Did it reduce risk or improve experience?", self.effect, "Nothing here is closed yet.", blocks);
        list("Does improvement last?", self.lasting, "No check after closure is planned yet.", blocks);
        let none = "None of these findings is linked to an earlier one.";
        list("Do findings repeat, and what was done differently?", self.again, none, blocks);
        blocks.push(Block::Heading("Is this a live tool?".into()));
        let touched = self.touched.map_or_else(|| "nothing".into(), words::instant);
        let reviewed = self.reviewed.map_or_else(
            || "None of these actions was in a weekly review yet.".to_owned(),
            |(at, what)| {
                format!("The newest weekly review of one of them was {}: {what}.", words::instant(at))
            },
        );
        blocks.push(Block::Text(format!(
            "The newest line of the trail about these findings is of {touched}. {reviewed}"
        )));
    }

    fn found(&self, blocks: &mut Vec<Block>) {
        blocks.push(Block::Heading("What was found, from which source?".into()));
        blocks.push(Block::Text(format!(
            "{} with {}, of which {} still open.",
            words::capital(&words::count(self.found.len() as u64, "finding")),
            words::count(self.actions as u64, "action"),
            words::count_of(self.open as u64, "is", "are"),
        )));
        for (name, numbers) in self.sources.values() {
            blocks.push(Block::Part(name.clone()));
            let found = self.found.iter().filter(|found| numbers.contains(&found.number));
            let item = |found: &Found| {
                item(found.number, &found.what, format!("{} risk; {}", found.risk, found.stands))
            };
            blocks.push(Block::List(found.map(item).collect()));
        }
    }
}

fn item(number: i32, text: &str, meta: String) -> Item {
    Item { lead: Reference::finding(number).to_string(), text: cut(text), meta, href: page_of(number) }
}

fn action(finding: i32, reference: Reference, text: &str, meta: String) -> Item {
    Item { lead: reference.to_string(), text: text.to_owned(), meta, href: page_of(finding) }
}

fn list(heading: &str, items: Vec<Item>, none: &str, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(heading.into()));
    blocks.push(if items.is_empty() { Block::Text(none.into()) } else { Block::List(items) });
}

fn table(heading: &str, rows: Vec<Vec<Cell>>, columns: &[(&str, f32)], none: &str, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(heading.into()));
    if rows.is_empty() {
        blocks.push(Block::Text(none.into()));
        return;
    }
    let columns = columns.iter().map(|(name, width)| Column::words(name, *width)).collect();
    blocks.push(Block::Table(Table { name: heading.into(), columns, rows }));
}
