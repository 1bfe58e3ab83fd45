//! Whether closures were lawful, told from the papers and from the trail, without asking the rule.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlx::postgres::PgConnection;

/// Closed actions that should not be, from the papers as they stand now: a closed action and its papers do not change.
pub async fn standing(c: &mut PgConnection) -> i64 {
    let ask = "SELECT count(*) FROM actions a JOIN closures c ON c.provider_id = a.provider_id AND c.id = a.closure_id
        JOIN verifications v ON v.provider_id = c.provider_id AND v.id = c.verification_id
      WHERE a.status = 'closed' AND a.number >= 70 AND (v.outcome <> 'complete' OR v.cycle <> a.cycle OR v.action_id <> a.id
        OR EXISTS (SELECT 1 FROM action_requirements r WHERE r.action_id = a.id AND NOT EXISTS (SELECT 1 FROM evidence e
          WHERE e.action_id = a.id AND e.cycle = a.cycle AND e.kind = r.kind AND e.withdrawn_at IS NULL))
        OR EXISTS (SELECT 1 FROM evidence e WHERE e.action_id = a.id AND e.cycle = a.cycle AND e.withdrawn_at IS NULL AND e.author_id = v.verifier_id)
        OR a.owner_id IN (v.verifier_id, c.closed_by))";
    sqlx::query_scalar(ask).fetch_one(c).await.unwrap()
}

#[derive(Default)]
struct Story {
    owner: String,
    owners: BTreeSet<String>,
    live: BTreeMap<String, (String, String)>,
    verdict: Option<(String, BTreeSet<String>)>,
    closed: bool,
}

impl Story {
    /// What is wrong with closing now.
    fn wrong(&self, closer: &str) -> Option<&'static str> {
        let Some((verifier, judged)) = &self.verdict else { return Some("nobody checked it in this cycle") };
        let kinds: BTreeSet<&str> = self.live.values().map(|(kind, _)| kind.as_str()).collect();
        if self.closed {
            Some("it was closed already")
        } else if kinds.len() < 2 {
            Some("a kind of evidence is missing")
        } else if *judged != self.live.keys().cloned().collect() {
            Some("the evidence is not what was judged")
        } else if self.live.values().any(|(_, author)| author == verifier) {
            Some("the verifier gave evidence")
        } else if self.owners.contains(verifier) || self.owners.contains(closer) {
            Some("the verifier or the closer has owned it")
        } else {
            None
        }
    }
}

/// Every closure that was not lawful at its instant. The lines of a trail stand in the order of the commits, because
/// its head is locked until the commit.
pub async fn false_closures(c: &mut PgConnection) -> Vec<String> {
    let lines = "SELECT e.action_id::text, e.line::jsonb -> 'detail' FROM events e JOIN actions a ON a.id = e.action_id
        WHERE a.number >= 70 AND e.line::jsonb -> 'detail' ? 'deed' ORDER BY e.seq";
    let lines: Vec<(String, Value)> = sqlx::query_as(lines).fetch_all(c).await.unwrap();
    let owner = super::world::id("care").to_string();
    let mut stories: BTreeMap<String, Story> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (number, (action, told)) in lines.into_iter().enumerate() {
        let story = stories.entry(action.clone()).or_insert_with(|| Story {
            owner: owner.clone(),
            owners: BTreeSet::from([owner.clone()]),
            ..Story::default()
        });
        let word = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        match word("deed").as_str() {
            "add" => drop(story.live.insert(word("evidence"), (word("kind"), word("by")))),
            "withdraw" => drop(story.live.remove(&word("evidence"))),
            "reassign" => {
                story.owner = word("to");
                story.owners.insert(word("to"));
            }
            "verify" => {
                let judged = told["judged"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|e| e.as_str().unwrap().to_owned())
                    .collect();
                story.verdict = Some((word("by"), judged));
            }
            "close" => {
                if let Some(why) = story.wrong(&word("by")) {
                    wrong.push(format!("deed {number} on {action}: {why}"));
                }
                story.closed = true;
            }
            "reopen" => {
                *story = Story {
                    owner: story.owner.clone(),
                    owners: BTreeSet::from([story.owner.clone()]),
                    ..Story::default()
                };
            }
            _ => {}
        }
    }
    wrong
}
