//! Whether a provider's trail is unbroken: every line is the one the next was chained to, none is missing, none was put
//! in, and the texts beside it are those that were written, or are marked as erased (migrations/0005).
//!
//! Lines are looked at in order, one at a time, so that a trail of any length is verified in little memory. When two
//! neighbours do not fit, the line after them tells which of the two was changed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::tree;
use crate::ids::ProviderId;

/// A free text beside a line.
#[derive(Clone, Debug)]
pub struct Text {
    /// What it is: "note", "reason".
    pub name: String,
    /// Salt and text; none when it was erased.
    pub kept: Option<(Vec<u8>, String)>,
}

/// What the database holds about a line in columns, to find and show it: has to be what the line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened, as the stored word.
    pub kind: String,
    /// Who did it.
    pub actor: Option<Uuid>,
    /// The review concerned.
    pub review: Option<Uuid>,
    /// The finding concerned.
    pub finding: Option<Uuid>,
    /// The action concerned.
    pub action: Option<Uuid>,
}

/// A line as it is stored.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its place, from 1.
    pub seq: i64,
    /// The exact text that is hashed.
    pub line: String,
    /// What stands about it in columns.
    pub columns: Columns,
    /// The texts beside it.
    pub texts: Vec<Text>,
}

/// Where the chain ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of lines.
    pub seq: i64,
    /// The hash of the last.
    pub hash: String,
}

/// An unbroken trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many lines it has.
    pub lines: i64,
    /// The hash of the last; written down elsewhere, it shows later that nothing was rewritten.
    pub head: String,
}

/// Where a trail breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The first line that is not as it was written, from 1.
    pub at: i64,
    /// In what way.
    pub why: Why,
}

/// In what way a line is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is not there.
    Missing,
    /// It was put in, or added after the end.
    PutIn,
    /// Another line stands in its place.
    Misplaced,
    /// Its words are not those the next line, or the head, was chained to.
    Altered,
    /// What stands about it in this column is not what the line says.
    Column(&'static str),
    /// This text beside it is not the one that was written.
    Text(String),
    /// This text beside it is gone without being marked as erased.
    TextMissing(String),
    /// This text was put beside it.
    TextPutIn(String),
    /// It is the line of another provider.
    OtherProvider,
    /// Its hash is not the one that was written down of it elsewhere, so it or a line before it was rewritten.
    NotAsWrittenDown,
    /// The trail ends before this line, of which a hash was written down.
    EndsBefore(i64),
    /// The evidence pack it seals was made from another trail.
    SealsAnother,
}

impl Broken {
    /// The sentence for the person who asked.
    #[must_use]
    pub fn sentence(&self) -> String {
        let at = self.at;
        match &self.why {
            Why::Missing => format!("The trail breaks at line {at}: the line is missing."),
            Why::PutIn => format!("The trail breaks at line {at}: the line was put in later."),
            Why::Misplaced => format!("The trail breaks at line {at}: another line stands in its place."),
            Why::Altered => {
                format!("The trail breaks at line {at}: the line, or what the chain says of it, was changed.")
            }
            Why::Column(name) => {
                format!(
                    "The trail breaks at line {at}: the line says another \"{name}\" than the table beside it."
                )
            }
            Why::Text(name) => format!("The trail breaks at line {at}: the text \"{name}\" was changed."),
            Why::TextMissing(name) => {
                format!("The trail breaks at line {at}: the text \"{name}\" is missing.")
            }
            Why::TextPutIn(name) => {
                format!("The trail breaks at line {at}: the text \"{name}\" was put in later.")
            }
            Why::OtherProvider => {
                format!("The trail breaks at line {at}: the line belongs to another provider.")
            }
            Why::NotAsWrittenDown => format!(
                "The trail is not the one the hash was written down of: line {at} has another hash, so this line or one before it was rewritten."
            ),
            Why::SealsAnother => {
                format!(
                    "The trail breaks at line {at}: the evidence pack it seals was made from another trail."
                )
            }
            Why::EndsBefore(line) => {
                format!("The trail ends before line {line}: line {at} and those after it were taken out.")
            }
        }
    }
}

/// The hash of a line, as the next one is chained to it.
#[must_use]
pub fn hash_of(line: &str) -> String {
    sha256(&[line.as_bytes()])
}

/// What somebody typed from a printed page as the hash of a line: 64 letters and figures, however they were spaced. None
/// for anything else.
#[must_use]
pub fn typed_hash(text: &str) -> Option<String> {
    let hash: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    (hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hash)
}

/// What a line says.
#[derive(Deserialize)]
struct Written {
    n: i64,
    prev: String,
    provider: Uuid,
    at: String,
    kind: String,
    actor: Option<Uuid>,
    review: Option<Uuid>,
    finding: Option<Uuid>,
    action: Option<Uuid>,
    texts: BTreeMap<String, String>,
}

/// What a line that seals an evidence pack says of the trail it was made from.
#[derive(Deserialize)]
struct Seals {
    detail: Sealed,
}

#[derive(Deserialize)]
struct Sealed {
    lines: i64,
    tree: String,
}

/// Looks at a trail line by line.
#[derive(Debug)]
pub struct Verifier {
    provider: Uuid,
    seq: i64,
    hash: String,
    before: String,
    /// The last two lines do not fit: the next one says which of them was changed.
    in_doubt: bool,
    /// A line and the hash that was written down of it elsewhere.
    written_down: Option<Head>,
    /// The tree over the lines so far, and its roots after those that packs were made from.
    tree: tree::Growing,
    roots: BTreeMap<i64, Option<tree::Hash>>,
}

impl Verifier {
    /// Before the first line: a chain begins with the hash of its provider's id.
    #[must_use]
    pub fn new(provider: ProviderId) -> Self {
        let hash = sha256(&[provider.to_string().as_bytes()]);
        Self {
            provider: provider.uuid(),
            seq: 0,
            before: hash.clone(),
            hash,
            in_doubt: false,
            written_down: None,
            tree: tree::Growing::default(),
            roots: BTreeMap::new(),
        }
    }

    /// The same, and the trail has to hold a line with the hash that was written down of it elsewhere: so a trail that was
    /// rewritten as a whole is found out, and one whose end was cut off.
    #[must_use]
    pub fn against(self, written_down: Option<Head>) -> Self {
        Self { written_down, ..self }
    }

    /// The same, and each line that seals an evidence pack has to name the tree over the lines there were: `lines` are how many
    /// each of them names.
    #[must_use]
    pub fn sealing(self, lines: &[i64]) -> Self {
        Self { roots: lines.iter().map(|n| (*n, None)).collect(), ..self }
    }

    /// The number of the last line looked at; 0 before the first.
    #[must_use]
    pub const fn seen(&self) -> i64 {
        self.seq
    }

    /// Looks at the next line.
    ///
    /// # Errors
    /// The first line that is not as it was written.
    pub fn push(&mut self, line: &Line) -> Result<(), Broken> {
        let seq = self.seq + 1;
        let says: Option<Written> = serde_json::from_str(&line.line).ok();
        if self.in_doubt {
            let fits = line.seq == seq && says.is_some_and(|w| w.prev == self.hash);
            return Err(self.decide(fits));
        }
        if line.seq < seq {
            return Err(Broken { at: line.seq, why: Why::PutIn });
        }
        if line.seq > seq {
            return Err(Broken { at: seq, why: Why::Missing });
        }
        let Some(says) = says else { return Err(Broken { at: seq, why: Why::Altered }) };
        if says.n == seq - 1 && seq > 1 && says.prev == self.before {
            return Err(Broken { at: seq - 1, why: Why::PutIn });
        }
        if says.n != seq {
            return Err(Broken { at: seq, why: Why::Misplaced });
        }
        self.before = std::mem::replace(&mut self.hash, sha256(&[line.line.as_bytes()]));
        self.seq = seq;
        if says.prev != self.before {
            // before the first line there is none that could have been changed
            self.in_doubt = seq > 1;
            return if self.in_doubt { Ok(()) } else { Err(Broken { at: seq, why: Why::Altered }) };
        }
        if self.written_down.as_ref().is_some_and(|head| head.seq == seq && head.hash != self.hash) {
            return Err(Broken { at: seq, why: Why::NotAsWrittenDown });
        }
        self.grow(&line.line);
        let why = self.beside(line, &says).or_else(|| self.seals(line, &says));
        why.map_or(Ok(()), |why| Err(Broken { at: seq, why }))
    }

    /// After the last line: is it the one the head names?
    ///
    /// # Errors
    /// The first line that is not as it was written.
    pub fn finish(self, head: &Head) -> Result<Verified, Broken> {
        if self.in_doubt {
            return Err(self.decide(head.seq == self.seq && head.hash == self.hash));
        }
        if head.seq > self.seq {
            return Err(Broken { at: self.seq + 1, why: Why::Missing });
        }
        if head.seq < self.seq {
            return Err(Broken { at: head.seq + 1, why: Why::PutIn });
        }
        if head.hash != self.hash {
            return Err(Broken { at: self.seq.max(1), why: Why::Altered });
        }
        if let Some(line) = self.written_down.map(|head| head.seq).filter(|line| *line > self.seq) {
            return Err(Broken { at: self.seq + 1, why: Why::EndsBefore(line) });
        }
        Ok(Verified { lines: self.seq, head: self.hash })
    }

    /// The last two lines do not fit. When what follows was chained to the second as it is now, the first was changed.
    const fn decide(&self, second_is_whole: bool) -> Broken {
        Broken { at: if second_is_whole { self.seq - 1 } else { self.seq }, why: Why::Altered }
    }

    /// Takes a line into the tree, as long as a pack was made from it or from a later one.
    fn grow(&mut self, line: &str) {
        if self.roots.last_key_value().is_some_and(|(last, _)| *last >= self.seq) {
            self.tree.push(line.as_bytes());
            if let Some(root) = self.roots.get_mut(&self.seq) {
                *root = Some(self.tree.root());
            }
        }
    }

    /// Whether a line that seals a pack names another tree than the one over the lines before it.
    fn seals(&self, line: &Line, says: &Written) -> Option<Why> {
        if says.kind != "pack_sealed" {
            return None;
        }
        let sealed = serde_json::from_str::<Seals>(&line.line).ok().map(|seals| seals.detail);
        let root = |sealed: &Sealed| self.roots.get(&sealed.lines).copied().flatten().map(hex::encode);
        let same = sealed.is_some_and(|sealed| root(&sealed).as_ref() == Some(&sealed.tree));
        (!same).then_some(Why::SealsAnother)
    }

    /// What stands beside a line that is itself as it was written.
    fn beside(&self, line: &Line, says: &Written) -> Option<Why> {
        if says.provider != self.provider {
            return Some(Why::OtherProvider);
        }
        let columns = &line.columns;
        let column = [
            ("kind", says.kind == columns.kind),
            ("actor", says.actor == columns.actor),
            ("review", says.review == columns.review),
            ("finding", says.finding == columns.finding),
            ("action", says.action == columns.action),
            ("at", says.at == columns.at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()),
        ];
        if let Some((name, _)) = column.into_iter().find(|(_, same)| !same) {
            return Some(Why::Column(name));
        }
        let mut expected = says.texts.clone();
        for text in &line.texts {
            let Some(hash) = expected.remove(&text.name) else {
                return Some(Why::TextPutIn(text.name.clone()));
            };
            if text.kept.as_ref().is_some_and(|(salt, body)| sha256(&[salt, body.as_bytes()]) != hash) {
                return Some(Why::Text(text.name.clone()));
            }
        }
        expected.into_keys().next().map(Why::TextMissing)
    }
}

/// Verifies a whole trail.
///
/// # Errors
/// The first line that is not as it was written.
pub fn verify(
    provider: ProviderId,
    lines: impl IntoIterator<Item = Line>,
    head: &Head,
) -> Result<Verified, Broken> {
    let mut verifier = Verifier::new(provider);
    for line in lines {
        verifier.push(&line)?;
    }
    verifier.finish(head)
}

/// SHA-256 of the parts one after the other, in lower-case hex.
fn sha256(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> ProviderId {
        "01234567-89ab-7def-8123-456789abcdef".parse().unwrap()
    }

    /// A trail of `n` lines as the database writes it, each with a note.
    fn trail(n: i64) -> (Vec<Line>, Head) {
        let mut hash = sha256(&[provider().to_string().as_bytes()]);
        let mut lines = Vec::new();
        for seq in 1..=n {
            let (salt, body) = (vec![7; 32], format!("note {seq}"));
            let text = sha256(&[&salt, body.as_bytes()]);
            let line = format!(
                r#"{{"n" : {seq}, "prev" : "{hash}", "provider" : "{}", "at" : "2026-11-21T16:12:00.000000Z", "recorded" : "x",
                   "kind" : "update_added", "actor" : null, "review" : null, "finding" : null, "action" : null, "detail" : {{"x": {seq}}},
                   "texts" : {{"note": "{text}"}}}}"#,
                provider()
            );
            hash = sha256(&[line.as_bytes()]);
            let at = "2026-11-21T16:12:00Z".parse().unwrap();
            let columns = Columns {
                at,
                kind: "update_added".into(),
                actor: None,
                review: None,
                finding: None,
                action: None,
            };
            lines.push(Line {
                seq,
                line,
                columns,
                texts: vec![Text { name: "note".into(), kept: Some((salt, body)) }],
            });
        }
        (lines, Head { seq: n, hash })
    }

    fn broken(lines: Vec<Line>, head: &Head) -> (i64, Why) {
        let broken = verify(provider(), lines, head).unwrap_err();
        assert!(broken.sentence().contains(&format!("line {}", broken.at)));
        (broken.at, broken.why)
    }

    #[test]
    fn an_unbroken_trail_of_any_length_is_verified() {
        for n in [0, 1, 2, 50] {
            let (lines, head) = trail(n);
            assert_eq!(verify(provider(), lines, &head), Ok(Verified { lines: n, head: head.hash.clone() }));
        }
    }

    /// A line that seals a pack names the tree over the lines before it; another tree is found.
    #[test]
    fn a_seal_over_another_trail_is_found() {
        let (mut lines, head) = trail(6);
        let leaves: Vec<tree::Hash> =
            lines.iter().take(4).map(|line| tree::leaf(line.line.as_bytes())).collect();
        let root = hex::encode(tree::root(&leaves));
        for (tree, holds) in [(root, true), ("0".repeat(64), false)] {
            let line = format!(
                r#"{{"n" : 7, "prev" : "{}", "provider" : "{}", "at" : "2026-11-21T16:12:00.000000Z", "kind" : "pack_sealed", "actor" : null,
                   "review" : null, "finding" : null, "action" : null, "detail" : {{"lines": 4, "tree": "{tree}"}}, "texts" : {{}}}}"#,
                head.hash,
                provider()
            );
            let at = "2026-11-21T16:12:00Z".parse().unwrap();
            let kind = "pack_sealed".to_owned();
            let columns = Columns { at, kind, actor: None, review: None, finding: None, action: None };
            lines.truncate(6);
            lines.push(Line { seq: 7, line, columns, texts: vec![] });
            let mut verifier = Verifier::new(provider()).sealing(&[4]);
            let found = lines.iter().try_for_each(|line| verifier.push(line));
            assert_eq!(found, if holds { Ok(()) } else { Err(Broken { at: 7, why: Why::SealsAnother }) });
        }
    }

    #[test]
    fn an_erased_text_still_verifies() {
        let (mut lines, head) = trail(9);
        lines[4].texts[0].kept = None;
        assert!(verify(provider(), lines, &head).is_ok());
    }

    #[test]
    fn every_change_is_named_at_its_line_wherever_it_is() {
        for k in 1..=7_usize {
            let at = i64::try_from(k).unwrap();
            let (whole, head) = trail(7);
            let with = |change: &dyn Fn(&mut Vec<Line>)| {
                let mut lines = whole.clone();
                change(&mut lines);
                broken(lines, &head)
            };
            assert_eq!(
                with(&|l| l[k - 1].line = l[k - 1].line.replace("\"x\":", "\"y\":")),
                (at, Why::Altered)
            );
            assert_eq!(
                with(&|l| l[k - 1].line = l[k - 1].line.replace("\"prev\" : \"", "\"prev\" : \"0")),
                (at, Why::Altered)
            );
            assert_eq!(with(&|l| l[k - 1].line.push('}')), (at, Why::Altered));
            assert_eq!(with(&|l| drop(l.remove(k - 1))), (at, Why::Missing));
            assert_eq!(with(&|l| l[k - 1].columns.kind = "closed".into()), (at, Why::Column("kind")));
            assert_eq!(with(&|l| l[k - 1].columns.actor = Some(Uuid::nil())), (at, Why::Column("actor")));
            assert_eq!(
                with(&|l| l[k - 1].texts[0].kept = Some((vec![7; 32], "better".into()))),
                (at, Why::Text("note".into()))
            );
            assert_eq!(with(&|l| l[k - 1].texts.clear()), (at, Why::TextMissing("note".into())));
            assert_eq!(
                with(&|l| l[k - 1].texts.push(Text { name: "more".into(), kept: None })),
                (at, Why::TextPutIn("more".into()))
            );
            for j in k + 1..=7 {
                let swapped = with(&|l| {
                    let (a, b) = (l[k - 1].line.clone(), l[j - 1].line.clone());
                    (l[k - 1].line, l[j - 1].line) = (b, a);
                });
                assert_eq!(swapped, (at, Why::Misplaced), "{k} and {j}");
            }
            let put_in = with(&|l| {
                let mut copy = l[k - 1].clone();
                copy.line = copy.line.replace("\"x\":", "\"y\":");
                l[k - 1..].iter_mut().for_each(|line| line.seq += 1);
                l.insert(k - 1, copy);
            });
            assert_eq!(put_in, (at, Why::PutIn));
        }
    }

    #[test]
    fn the_head_is_the_last_line() {
        let (lines, head) = trail(3);
        let named = |seq, hash: &str| broken(lines.clone(), &Head { seq, hash: hash.into() });
        assert_eq!(named(3, "00"), (3, Why::Altered));
        assert_eq!(named(4, &head.hash), (4, Why::Missing));
        assert_eq!(named(2, &head.hash), (3, Why::PutIn));
        assert_eq!(broken(Vec::new(), &head), (1, Why::Missing));
    }

    #[test]
    fn another_providers_trail_is_not_ours() {
        let (lines, head) = trail(2);
        assert_eq!(verify(ProviderId::new(), lines, &head).unwrap_err(), Broken { at: 1, why: Why::Altered });
    }

    #[test]
    fn a_hash_written_down_shows_a_trail_rewritten_as_a_whole_and_one_cut_short() {
        let (lines, head) = trail(6);
        let look = |lines: &[Line], head: &Head, kept: &Head| {
            let mut verifier = Verifier::new(provider()).against(Some(kept.clone()));
            lines.iter().try_for_each(|line| verifier.push(line))?;
            verifier.finish(head)
        };
        let kept = |n: usize| Head { seq: lines[n - 1].seq, hash: hash_of(&lines[n - 1].line) };
        for n in 1..=6 {
            assert_eq!(look(&lines, &head, &kept(n)).unwrap().lines, 6, "line {n}");
            let other = Head { hash: hash_of("another"), ..kept(n) };
            let at = i64::try_from(n).unwrap();
            assert_eq!(look(&lines, &head, &other).unwrap_err(), Broken { at, why: Why::NotAsWrittenDown });
        }
        // cut off together with its head, as nothing in the trail itself would show
        let short = Head { seq: 4, hash: hash_of(&lines[3].line) };
        assert!(verify(provider(), lines[..4].to_vec(), &short).is_ok());
        assert_eq!(
            look(&lines[..4], &short, &kept(6)).unwrap_err(),
            Broken { at: 5, why: Why::EndsBefore(6) }
        );
    }

    #[test]
    fn a_hash_is_read_however_it_was_spaced() {
        let hash = hash_of("a line");
        let spaced = format!(" {} {}\n", &hash[..32].to_uppercase(), &hash[32..]);
        assert_eq!(typed_hash(&spaced), Some(hash.clone()));
        for wrong in ["", &hash[1..], &format!("{hash}0"), &hash.replace(&hash[..1], "g")] {
            assert_eq!(typed_hash(wrong), None, "{wrong}");
        }
    }
}
