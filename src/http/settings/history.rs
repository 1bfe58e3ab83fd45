//! What happened to people, places and rules, in plain words.

use crate::domain::event::EventKind;
use crate::domain::member::Role;
use crate::domain::text_enum::TextEnum;
use crate::domain::words;
use crate::http::told;
use crate::http::view::Timeline;
use crate::store::trail::Told;

/// How many lines a history shows.
pub const LINES: i64 = 100;

/// The history as a timeline, in the order given.
#[must_use]
pub fn timeline(lines: &[Told]) -> Timeline {
    Timeline {
        moments: lines
            .iter()
            .map(|line| {
                let mut moment = told::moment(line);
                if let Some((what, detail)) = words_for(line) {
                    (moment.what, moment.detail) = (what.into(), detail.into());
                }
                moment
            })
            .collect(),
    }
}

/// What happened, and more about it; none where the trail's own words say it.
fn words_for(line: &Told) -> Option<(String, String)> {
    let name = text(line, "name");
    match line.kind {
        EventKind::MemberAdded => Some((
            format!("{} joined", who(name)),
            role(line).map(|r| r.label().to_owned()).unwrap_or_default(),
        )),
        EventKind::MemberLeft => Some((format!("{} left", who(name)), left(line))),
        EventKind::ServiceAdded => Some((format!("Service added: {name}"), String::new())),
        EventKind::UnitAdded => Some((format!("Unit added: {name}"), String::new())),
        EventKind::ProviderAdded => Some((format!("Provider added: {name}"), String::new())),
        _ => None,
    }
}

fn left(line: &Told) -> String {
    let number = |name: &str| line.detail.get(name).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let (handed, unowned) = (number("handed_over"), number("unowned"));
    let mut said = Vec::new();
    if handed > 0 {
        said.push(format!("{} handed over", words::count(handed, "action")));
    }
    if unowned > 0 {
        said.push(format!("{} left without an owner", words::count(unowned, "action")));
    }
    if !text(line, "reason").is_empty() {
        said.push(format!("Reason: {}", text(line, "reason")));
    }
    told::sentences(&said)
}

fn who(name: &str) -> &str {
    if name.is_empty() { "A member" } else { name }
}

fn role(line: &Told) -> Option<Role> {
    Role::from_text(line.detail.get("role")?.as_str()?)
}

fn text<'a>(line: &'a Told, name: &str) -> &'a str {
    line.texts.iter().find(|(n, _)| n == name).map_or("", |(_, body)| body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_line_says_who_and_what() {
        let told = |kind, detail, texts: &[(&str, &str)]| Told {
            seq: 1,
            at: "2026-11-12T16:12:00Z".parse().unwrap(),
            kind,
            actor: Some("Nina Patel".into()),
            detail,
            texts: texts.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect(),
        };
        for (line, what, detail) in [
            (
                told(EventKind::MemberAdded, json!({"role": "care_staff"}), &[("name", "Amara Bello")]),
                "Amara Bello joined",
                "Care staff",
            ),
            (
                told(
                    EventKind::MemberLeft,
                    json!({"handed_over": 2, "unowned": 1}),
                    &[("name", "Amara Bello"), ("reason", "New job")],
                ),
                "Amara Bello left",
                "2 actions handed over. 1 action left without an owner. Reason: New job.",
            ),
            (told(EventKind::MemberLeft, json!({}), &[]), "A member left", ""),
            (told(EventKind::UnitAdded, json!({}), &[("name", "Beech")]), "Unit added: Beech", ""),
        ] {
            assert_eq!(words_for(&line), Some((what.to_owned(), detail.to_owned())));
        }
    }
}
