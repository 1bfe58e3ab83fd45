//! The line of a sample: reviews, what they found, and what was agreed about it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::course::{self, Agreed, Fate};
use super::dice::Dice;
use super::place::{Crew, Site};
use super::words;
use crate::clock::london_date;
use crate::domain::event::{Event, EventKind};
use crate::domain::framework;
use crate::domain::standard::{self, ClosureStandard};
use crate::domain::text_enum::TextEnum;
use crate::domain::topic::{EvidenceSource, ReviewKind, Risk, Significance, Theme, Topic};
use crate::ids::{FindingId, ReviewId};
use crate::store::sample::rows::{Batch, EventRow, FindingRow, ReviewRow, SignedOff};

/// Actions that come from one review; the last two answer the same finding.
const OF_A_REVIEW: u32 = 8;

/// What numbers were given out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers {
    /// The last review.
    pub reviews: i32,
    /// The last finding.
    pub findings: i32,
    /// The last action.
    pub actions: i32,
}

/// A line in the making: from the oldest review to the newest.
#[derive(Debug)]
pub struct Line<'a> {
    /// Chance.
    pub dice: Dice,
    /// The instant the sample is made.
    pub now: DateTime<Utc>,
    /// Who and where.
    pub crew: &'a Crew,
    /// The provider's closure standards.
    pub standards: &'a [ClosureStandard],
    /// How many actions there will be.
    pub wanted: u32,
    /// How far the history goes back, in days.
    pub days: u32,
    /// What was given out so far.
    pub numbers: Numbers,
}

/// A review in the making.
struct Held<'a> {
    id: ReviewId,
    kind: ReviewKind,
    site: &'a Site,
    at: DateTime<Utc>,
}

/// One of an enum's values.
fn one_of<T: TextEnum>(dice: &mut Dice, otherwise: T) -> T {
    dice.pick(T::ALL).copied().unwrap_or(otherwise)
}

impl Line<'_> {
    /// The next actions, about `size` of them, in the services of one of so many hands; none when all were made.
    pub fn next(&mut self, size: u32, hand: (usize, usize)) -> Option<Batch> {
        let mut batch = Batch::default();
        let mut made = 0;
        while made < size {
            let left = self.wanted.saturating_sub(self.numbers.actions.unsigned_abs());
            if left == 0 {
                break;
            }
            let actions = left.min(OF_A_REVIEW);
            self.review(&mut batch, actions, hand)?;
            made += actions;
        }
        // as it would have come about: the lines of one action lie apart
        batch.events.sort_by_key(|event| event.at);
        (made > 0).then_some(batch)
    }

    /// When the next review was held: the oldest first, evenly over the history, by day.
    fn next_instant(&mut self) -> DateTime<Utc> {
        let done = i64::from(self.numbers.actions);
        let minutes = i64::from(self.days) * 24 * 60;
        let back = minutes - minutes * done / i64::from(self.wanted.max(1));
        let minute = i64::try_from(self.dice.below(600)).unwrap_or(0);
        self.now - TimeDelta::minutes(back.max(900) - minute)
    }

    fn review(&mut self, batch: &mut Batch, actions: u32, (hand, hands): (usize, usize)) -> Option<()> {
        let crew = self.crew;
        let at = self.next_instant();
        let theirs: Vec<&Site> = crew.sites.iter().skip(hand).step_by(hands).collect();
        let site = *self.dice.pick(&theirs)?;
        let kind =
            if self.dice.chance(40) { ReviewKind::Audit } else { one_of(&mut self.dice, ReviewKind::Audit) };
        let held = Held { id: self.dice.id(at).into(), kind, site, at };
        self.numbers.reviews += 1;
        let title = format!("{} at {}", kind.label(), site.name);
        let (number, held_on) = (self.numbers.reviews, london_date(at));
        let score = (kind == ReviewKind::Audit).then(|| 50 + u8::try_from(self.dice.below(50)).unwrap_or(0));
        let facts = json!({ "number": number, "kind": kind.as_str(), "service": site.id, "held_on": held_on,
            "score_hundredths": score.map(|s| u32::from(s) * 100) });
        let event = Event::of_review(EventKind::ReviewStarted, held.id)
            .detail(facts)
            .text("title", title.clone())
            .text("conducted_by", site.manager.name.clone());
        batch.events.push(EventRow::new(at, Some(site.manager.id), event));
        batch.reviews.push(ReviewRow {
            id: held.id,
            number,
            kind: kind.as_str(),
            title,
            service_id: site.id,
            held_on,
            conducted_by: site.manager.name.clone(),
            score,
            created_by: site.manager.id,
            created_at: at,
        });
        let mut all_stand = true;
        let mut left = actions;
        while left > 0 {
            let of_this = if left == 2 { 2 } else { 1 };
            all_stand &= self.finding(batch, &held, of_this)?;
            left -= of_this;
        }
        if kind.is_signed_off() && all_stand {
            self.sign_off(batch, &held);
        }
        Some(())
    }

    fn sign_off(&mut self, batch: &mut Batch, held: &Held<'_>) {
        let (at, by) = (held.at + TimeDelta::hours(2), held.site.manager.id);
        let facts = json!({ "number": self.numbers.reviews, "findings": 1 });
        let event = Event::of_review(EventKind::ReviewSignedOff, held.id).detail(facts);
        batch.events.push(EventRow::new(at, Some(by), event));
        batch.signed_off.push(SignedOff { id: held.id, signed_off_by: by, signed_off_at: at });
    }

    /// A finding and its actions; whether each of them has an owner and was not called off.
    fn finding(&mut self, batch: &mut Batch, held: &Held<'_>, actions: u32) -> Option<bool> {
        let at = held.at + TimeDelta::minutes(20);
        let id = FindingId::from(self.dice.id(at));
        let risk = match self.dice.below(100) {
            0..3 => Risk::Critical,
            3..20 => Risk::High,
            20..65 => Risk::Medium,
            _ => Risk::Low,
        };
        let (theme, topic) = (one_of(&mut self.dice, Theme::Safety), one_of(&mut self.dice, Topic::Other));
        self.log(batch, held, id, at, (risk, theme, topic))?;
        let rule = standard::choose(self.standards, topic, &[held.kind], risk)?;
        let mut all_stand = true;
        for _ in 0..actions {
            self.numbers.actions += 1;
            let created_at = at + TimeDelta::minutes(30);
            let fate = Fate::thrown(&mut self.dice, self.now - created_at);
            let agreed = Agreed {
                id: self.dice.id(created_at).into(),
                number: self.numbers.actions,
                finding: id,
                site: held.site,
                risk,
                theme,
                topic,
                rule,
                created_at,
                fate,
            };
            all_stand &= course::run(batch, &mut self.dice, self.crew, self.now, &agreed);
        }
        Some(all_stand)
    }

    fn log(
        &mut self,
        batch: &mut Batch,
        held: &Held<'_>,
        id: FindingId,
        at: DateTime<Utc>,
        (risk, theme, topic): (Risk, Theme, Topic),
    ) -> Option<()> {
        self.numbers.findings += 1;
        let bears_on = framework::suggest(theme, topic);
        let unit = *self.dice.pick(&held.site.units)?;
        let logged_by = if self.dice.chance(60) {
            &held.site.manager
        } else {
            self.dice.pick(&held.site.staff).unwrap_or(&held.site.manager)
        };
        let source = one_of(&mut self.dice, EvidenceSource::RecordCheck);
        let significance = Significance::suggest(risk, theme);
        let (what, found_on) = (self.dice.phrase(words::SEEN).to_owned(), london_date(held.at));
        let facts = json!({ "number": self.numbers.findings, "service": held.site.id, "unit": unit,
            "evidence_source": source.as_str(), "risk": risk.as_str(), "theme": theme.as_str(), "topic": topic.as_str(),
            "significance": significance.as_str(), "found_on": found_on, "key_question": bears_on.key_question,
            "regulation": bears_on.regulation, "entries": [] });
        let event = Event { review: Some(held.id), ..Event::of_finding(EventKind::FindingLogged, id) };
        let event = event.detail(facts).text("what", what.clone()).text("found_by", logged_by.name.clone());
        batch.events.push(EventRow::new(at, Some(logged_by.id), event));
        batch.findings.push(FindingRow {
            id,
            number: self.numbers.findings,
            review_id: held.id,
            service_id: held.site.id,
            unit_id: unit,
            what,
            evidence_source: source.as_str(),
            risk: risk.as_str(),
            theme: theme.as_str(),
            topic: topic.as_str(),
            significance: significance.as_str(),
            found_on,
            found_by: logged_by.name.clone(),
            key_question: bears_on.key_question.as_str().to_owned(),
            regulation: bears_on.regulation.as_str().to_owned(),
            logged_by: logged_by.id,
            logged_at: at,
        });
        Some(())
    }
}
