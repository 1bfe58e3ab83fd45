//! What came back of a finding, and every line of the trail about it.

use super::facts::Facts;
use super::line::by;
use crate::domain::event::EventKind;
use crate::domain::reference::Reference;
use crate::domain::words;
use crate::report::{Block, Item};
use crate::store::trail::Told;

/// What came back, and what was found to be the cause.
pub(super) fn again(facts: &Facts, blocks: &mut Vec<Block>) {
    let links = &facts.links;
    if links.earlier > 0 {
        blocks.push(Block::Heading("It was found before".into()));
        let times = words::count(u64::try_from(links.earlier).unwrap_or(0), "earlier finding");
        blocks.push(Block::Text(format!("This is the same problem as {times}.")));
    }
    for cause in links.reviews.iter().rev() {
        blocks.push(Block::Heading(format!("Why it came back: root-cause review {}", cause.round)));
        let factors: Vec<String> = cause.factors.iter().map(|factor| factor.label().to_lowercase()).collect();
        let said = [
            ("Causes", words::list(&factors)),
            ("Asked why", cause.whys.join("\n")),
            ("Analysis", cause.analysis.clone()),
            ("Wider actions", cause.wider.clone()),
        ];
        let items = said.into_iter().filter(|(_, text)| !text.trim().is_empty());
        let mut items: Vec<Item> =
            items.map(|(lead, text)| Item { lead: lead.into(), text, ..Item::default() }).collect();
        let done = cause.completed_by.as_deref().zip(cause.completed_at);
        let stands = done.map_or_else(
            || "Not complete yet".to_owned(),
            |(name, at)| format!("Completed by {}", by(name, at)),
        );
        items.push(Item { text: stands, ..Item::default() });
        blocks.push(Block::List(items));
    }
}

pub(super) fn timeline(told: &[(Option<i32>, Told)], blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("Every line of the trail about it".into()));
    blocks.push(Block::Note("The number is the line's place in the provider's trail. The lines themselves are in trail/lines.jsonl.".into()));
    let item = |(action, line): &(Option<i32>, Told)| {
        let about = action.map_or_else(String::new, |n| format!(", {}", Reference::action(n)));
        let who = line.actor.as_deref().unwrap_or("Automatic");
        let texts = line.texts.iter().filter(|_| told_in_words(line.kind));
        let texts = texts.map(|(name, text)| format!("{}: {text}", words::capital(&name.replace('_', " "))));
        Item {
            lead: format!("Line {}: {}{about}", line.seq, line.kind.label()),
            text: texts.collect::<Vec<_>>().join("\n"),
            meta: by(who, line.at),
            ..Item::default()
        }
    };
    blocks.push(Block::List(told.iter().map(item).collect()));
}

/// Whether the words beside a line are told with it: those of evidence stand with the evidence, where they may be kept back.
const fn told_in_words(kind: EventKind) -> bool {
    !matches!(kind, EventKind::EvidenceAdded | EventKind::EvidenceWithdrawn)
}
