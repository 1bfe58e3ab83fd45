//! What a pack says of itself: what it is about, and how it is checked.

use chrono::{DateTime, Utc};

use crate::domain::redaction::Naming;
use crate::domain::trail::Head;
use crate::domain::words;
use crate::pack::manifest::Provider;
use crate::report::{Block, Paper};
use crate::store::pack::Pack;

/// "Rowan Care: Rowan House and Rowan Visits".
pub(super) fn place(provider: &Provider, pack: &Pack) -> String {
    format!("{}: {}", provider.name, words::list(&pack.services))
}

/// What was chosen, in words: "found from 1 May 2026 until 31 October 2026".
#[must_use]
pub fn period(pack: &Pack) -> String {
    match (pack.from, pack.to) {
        (None, None) => "Everything found so far".into(),
        (Some(from), None) => format!("Found from {} on", words::date(from)),
        (None, Some(to)) => format!("Found until {}", words::date(to)),
        (Some(from), Some(to)) => format!("Found from {} until {}", words::date(from), words::date(to)),
    }
}

pub(super) fn head(
    provider: &Provider,
    pack: &Pack,
    head: &Head,
    made: DateTime<Utc>,
) -> Vec<(&'static str, String)> {
    let themes: Vec<&str> = pack.themes.iter().map(|theme| theme.label()).collect();
    let themes = if themes.is_empty() { "All".to_owned() } else { words::list(&themes) };
    let named = match pack.naming {
        Naming::Titles => {
            "By job title; the same title always means the same person. Files of evidence are as they were given"
        }
        Naming::Names => "By name",
    };
    vec![
        ("Provider", provider.name.clone()),
        ("Services", words::list(&pack.services)),
        ("Found", period(pack)),
        ("Themes", themes),
        ("Findings", words::number(u64::try_from(pack.findings).unwrap_or(0))),
        ("Members are named", named.into()),
        ("As it stood", words::instant(made)),
        (
            "Trail",
            format!(
                "{} lines; the last has the hash {}",
                words::number(u64::try_from(head.seq).unwrap_or(0)),
                head.hash
            ),
        ),
    ]
}

pub(super) fn check(provider: &Provider, head: &Head) -> String {
    format!(
        "Everything done in {} is written into a trail, in which every line holds the hash of the one before. This pack holds the lines about what is in it, and for all others the hashes that show where these stand among the {} lines there were. When it was made, a further line was written into the trail with the hash of the list of its files: the seal. Ask the provider for the hash of that line by another way than this file came, and run: throughline trail verify PACK.zip --head HASH, or: python3 verify.py PACK.zip --head HASH. Both say that it is intact, or name the first thing that is not. What happened later is not in it.",
        provider.name,
        words::number(u64::try_from(head.seq).unwrap_or(0)),
    )
}

/// The page for whoever opens the ZIP file first.
pub(super) fn readme(provider: &Provider, pack: &Pack) -> String {
    let named = match pack.naming {
        Naming::Titles => {
            "Members of staff are told by their job titles. The same title always means the same\nperson. Files of evidence are handed out as they were given.\n"
        }
        Naming::Names => "Members of staff are told by their names.\n",
    };
    format!(
        "EVIDENCE PACK\n{}\n{}\n\nOpen index.html in any browser: it needs no network and runs no program. pack.pdf tells\nthe same for paper; with more than 60 findings it is the start page alone.\n\n  findings/    the whole line of each finding, from its source to its outcome\n  files/       the evidence itself, named by action and number\n  trail/       the lines of the provider's trail about what is in here, and the proof\n               that they belong to that trail\n  manifest.json, seal.json, verify.py   for checking\n\n{named}\nTO CHECK THAT NOTHING WAS ALTERED\nAsk the provider for the hash of the seal by another way than this file came: on paper, by\ntelephone, or on their screen. Then run one of these beside the ZIP file as you got it, not\nunpacked and packed again:\n\n  throughline trail verify PACK.zip --head HASH\n  python3 verify.py PACK.zip --head HASH\n\nWithout the hash both can only say that the parts fit one another: somebody who made the\nwhole file anew would not be found out.\n",
        pack.purpose,
        place(provider, pack),
    )
}

/// Papers one after the other as one, each on a new page; none when there are none.
pub(super) fn bound(papers: &[Paper]) -> Option<Paper> {
    let (first, rest) = papers.split_first()?;
    let mut all = first.clone();
    for paper in rest {
        all.blocks.push(Block::NewPage);
        all.blocks.push(Block::Heading(format!("{}: {}", paper.title, paper.place)));
        all.blocks.extend(paper.head.iter().map(|(name, said)| Block::Note(format!("{name}: {said}"))));
        all.blocks.extend(paper.blocks.iter().cloned());
    }
    Some(all)
}
