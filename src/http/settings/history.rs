//! What happened to people, places and rules, in plain words.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::api_key::Reads;
use crate::domain::event::EventKind;
use crate::domain::member::Role;
use crate::domain::text_enum::TextEnum;
use crate::domain::topic::{Risk, Theme};
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::asked::one_of;
use crate::http::export::{self, BATCH, Batch, List, Of};
use crate::http::extract::Query;
use crate::http::page::{self, Layout, Pager};
use crate::http::settings::{layout, standard_told};
use crate::http::signed::Signed;
use crate::http::told;
use crate::http::view::{Moment, Pages, Timeline};
use crate::sheet::Column;
use crate::store::TenantTx;
use crate::store::trail::{self, Told};

/// How many lines a history shows.
pub const LINES: i64 = 100;

/// The address of the whole history.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new().get("/p/{provider}/settings/history", show)
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    after: Option<i64>,
    /// As a file, all of it.
    #[serde(rename = "as")]
    format: String,
}

/// The history as a file.
struct History(Option<i64>);

impl List for History {
    const COLUMNS: &'static [Column] = &[
        Column::new("When", 24),
        Column::new("Who", 28),
        Column::new("What happened", 60),
        Column::new("More about it", 70),
        Column::new("Line of the trail", 12),
    ];

    async fn next(&mut self, tx: &mut TenantTx) -> Result<Batch, AppError> {
        let lines = trail::of_provider(tx, &json!({}), self.0, BATCH).await?;
        self.0 = lines.last().map(|line| line.seq);
        Ok(Batch::of(&lines, |line| {
            let moment = moment(line);
            vec![
                line.at.into(),
                line.actor.clone().unwrap_or_else(|| "Throughline".into()).into(),
                moment.what.into_owned().into(),
                moment.detail.into_owned().into(),
                line.seq.into(),
            ]
        }))
    }
}

#[derive(Template)]
#[template(path = "settings/history.html")]
struct HistoryPage {
    layout: Layout,
    back: String,
    history: Timeline,
    pages: Pages,
}

async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Query(from): Query<Place>,
) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    if let Some(format) = one_of(&from.format)? {
        let of = Of::new("settings_history", "History of the settings");
        return export::answer(&app, &signed, format, &of, History(None)).await;
    }
    let mut tx = signed.actor.begin(&app).await?;
    let mut lines = trail::of_provider(&mut tx, &json!({}), from.after, LINES + 1).await?;
    tx.commit().await?;
    let full = usize::try_from(LINES).unwrap_or(usize::MAX);
    let more = lines.len() > full;
    lines.truncate(full);
    let last = lines.last().filter(|_| more).map(|line| line.seq.to_string());
    let here = signed.path("settings/history");
    page::render(&HistoryPage {
        layout: layout(&signed, "History of the settings").handing_out(&here, &[]),
        back: signed.path("settings"),
        history: timeline(&lines),
        pages: Pages(Pager::new(&here, &[], None, last.as_deref())),
    })
}

/// The history as a timeline, in the order given.
#[must_use]
pub fn timeline(lines: &[Told]) -> Timeline {
    Timeline { moments: lines.iter().map(moment).collect() }
}

fn moment(line: &Told) -> Moment {
    let mut moment = told::moment(line);
    if let Some((what, detail)) = words_for(line) {
        (moment.what, moment.detail) = (what.into(), detail.into());
    }
    moment
}

/// What happened, and more about it; none where the trail's own words say it.
fn words_for(line: &Told) -> Option<(String, String)> {
    let name = text(line, "name");
    match line.kind {
        EventKind::MemberAdded => Some((format!("{} joined", who(name)), joined(line))),
        EventKind::MemberLeft => Some((format!("{} left", who(name)), left(line))),
        EventKind::Invited => Some((format!("{} was invited", who(name)), role_label(line))),
        EventKind::InvitationRenewed => {
            Some((format!("The invitation of {} was renewed", who(name)), String::new()))
        }
        EventKind::InvitationWithdrawn => {
            Some((format!("The invitation of {} was withdrawn", who(name)), String::new()))
        }
        EventKind::CodesRuleChanged => Some((line.kind.label().to_owned(), codes_rule(line))),
        EventKind::CodesResetAsked => {
            let why = text(line, "reason");
            let why = if why.is_empty() { String::new() } else { format!("Reason: {why}") };
            Some((format!("A reset of {}’s one-time codes was asked for", who(name)), why))
        }
        EventKind::CodesResetWithdrawn => {
            Some((format!("The reset of {}’s one-time codes was withdrawn", who(name)), String::new()))
        }
        EventKind::CodesReset => Some((format!("{}’s one-time codes were reset", who(name)), String::new())),
        EventKind::MemberChanged => Some((format!("{} has another place", who(name)), changed(line))),
        EventKind::ServiceChanged => Some((format!("Service changed: {name}"), service_changed(line))),
        EventKind::UnitRenamed => {
            Some((format!("Unit renamed: {name}"), before("Before", text(line, "name_before"))))
        }
        EventKind::ServiceAdded => Some((format!("Service added: {name}"), String::new())),
        EventKind::UnitAdded => Some((format!("Unit added: {name}"), String::new())),
        EventKind::RulesSet if line.detail.get("escalation").is_some() => {
            Some((format!("Escalation policy changed{}", policy_theme(line)), policy_changed(line)))
        }
        EventKind::RulesSet => standard_told::words_for(&line.detail, text(line, "reason")),
        EventKind::ApiKeyMade | EventKind::ApiKeyEnded => {
            Some((format!("{}: {name}", line.kind.label()), key_reads(line)))
        }
        EventKind::ProviderAdded => Some((format!("Provider added: {name}"), String::new())),
        _ => None,
    }
}

fn before(label: &str, was: &str) -> String {
    if was.is_empty() { String::new() } else { format!("{label}: {was}") }
}

fn changed(line: &Told) -> String {
    let title = match (text(line, "job_title_before"), text(line, "job_title")) {
        ("", "") => String::new(),
        ("", title) => format!("Job title: {title}"),
        (was, "") => format!("Job title taken away: {was}"),
        (was, title) => format!("Job title: from {was} to {title}"),
    };
    let services = |name: &str, said: &str| match line.detail.get(name).and_then(Value::as_array) {
        Some(list) if !list.is_empty() => format!("{} {said}", words::count(list.len() as u64, "service")),
        _ => String::new(),
    };
    told::sentences(&[
        before("Name before", text(line, "name_before")),
        pair::<Role>(line, "role", "Role"),
        title,
        services("services_given", "given"),
        services("services_taken", "taken away"),
    ])
}

fn codes_rule(line: &Told) -> String {
    let roles = |name: &str, said: &str| {
        let list = line.detail.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let words: Vec<String> = list
            .iter()
            .filter_map(|word| word.as_str().and_then(Role::from_text))
            .map(|role| role.label().to_lowercase())
            .collect();
        if words.is_empty() { String::new() } else { format!("{said}: {}", words::list(&words)) }
    };
    told::sentences(&[roles("asked_of", "Asked of"), roles("no_longer_of", "No longer asked of")])
}

fn service_changed(line: &Told) -> String {
    told::sentences(&[
        before("Name before", text(line, "name_before")),
        pair::<crate::domain::topic::ServiceKind>(line, "kind", "Kind"),
        pair::<crate::domain::calendar::Nation>(line, "nation", "Nation"),
    ])
}

/// "Low risk: the registered manager after 2 working days instead of 0".
fn policy_changed(line: &Told) -> String {
    let facts = line.detail.get("escalation");
    let mut said = Vec::new();
    if facts.and_then(|f| f.get("follows_every_theme")).and_then(Value::as_bool) == Some(true) {
        said.push("It follows the policy for every theme again".to_owned());
    }
    for risk in Risk::ALL {
        let at = |place: usize, part: &str| facts?.get(risk.as_str())?.get(place)?.get(part);
        // "leadership" where an earlier line does not say whether the quality lead hears alone
        let second = if at(1, "alone").is_some() { "the quality lead" } else { "leadership" };
        for (part, who) in [
            ("manager", "the registered manager"),
            ("leadership", second),
            ("nominated", "the nominated individual"),
        ] {
            let (Some(was), Some(is)) = (at(0, part), at(1, part)) else { continue };
            let days = |value: &Value| {
                value.as_u64().map_or_else(
                    || "never".to_owned(),
                    |n| format!("after {}", words::count(n, "working day")),
                )
            };
            if was != is {
                said.push(format!("{} risk: {who} {} instead of {}", risk.label(), days(is), days(was)));
            }
        }
        match (at(0, "alone").and_then(Value::as_bool), at(1, "alone").and_then(Value::as_bool)) {
            (Some(false), Some(true)) => {
                said.push(format!("{} risk: the quality lead hears alone", risk.label()));
            }
            (Some(true), Some(false)) => {
                said.push(format!(
                    "{} risk: the nominated individual hears with the quality lead",
                    risk.label()
                ));
            }
            _ => {}
        }
    }
    told::sentences(&said)
}

/// The theme whose policy changed, to follow "Escalation policy changed".
fn policy_theme(line: &Told) -> String {
    let word = line.detail.get("escalation").and_then(|f| f.get("theme")).and_then(Value::as_str);
    word.and_then(Theme::from_text).map(|t| format!(": {}", t.label().to_lowercase())).unwrap_or_default()
}

/// "Role: from care staff to team leader", when the two words differ; earlier lines hold the new one alone.
fn pair<T: TextEnum>(line: &Told, name: &str, label: &str) -> String {
    let word = |value: &Value| value.as_str().and_then(T::from_text).map(TextEnum::label);
    match line.detail.get(name) {
        Some(Value::Array(both)) => match (both.first().and_then(word), both.get(1).and_then(word)) {
            (Some(was), Some(is)) if was != is => format!("{label}: from {was} to {is}"),
            _ => String::new(),
        },
        Some(one) => word(one).map(|is| format!("{label}: {is}")).unwrap_or_default(),
        None => String::new(),
    }
}

fn left(line: &Told) -> String {
    let number = |name: &str| line.detail.get(name).and_then(Value::as_u64).unwrap_or_default();
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

/// What a key reads: "Reads findings and actions".
fn key_reads(line: &Told) -> String {
    let reads = line.detail.get("reads").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let reads: Vec<String> = reads
        .iter()
        .filter_map(|word| word.as_str().and_then(Reads::from_text))
        .map(|reads| reads.label().to_lowercase())
        .collect();
    if reads.is_empty() { String::new() } else { format!("Reads {}", words::list(&reads)) }
}

fn who(name: &str) -> &str {
    if name.is_empty() { "A member" } else { name }
}

fn joined(line: &Told) -> String {
    let invited = line.detail.get("invitation").is_some();
    told::sentences(&[if invited { "By invitation".into() } else { String::new() }, role_label(line)])
}

fn role_label(line: &Told) -> String {
    let word = line.detail.get("role").and_then(Value::as_str).and_then(Role::from_text);
    word.map(|role| role.label().to_owned()).unwrap_or_default()
}

fn text<'a>(line: &'a Told, name: &str) -> &'a str {
    line.texts.iter().find(|(n, _)| n == name).map_or("", |(_, body)| body)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (
                told(
                    EventKind::MemberChanged,
                    json!({"role": ["care_staff", "team_leader"], "services_given": ["x"], "services_taken": []}),
                    &[("name", "Amara Bello"), ("job_title", "shift lead")],
                ),
                "Amara Bello has another place",
                "Role: from Care staff to Team leader. Job title: shift lead. 1 service given.",
            ),
            (
                told(EventKind::MemberChanged, json!({"role": "care_staff"}), &[("name", "Amara Bello")]),
                "Amara Bello has another place",
                "Role: Care staff",
            ),
            (
                told(
                    EventKind::ServiceChanged,
                    json!({"kind": ["nursing", "nursing"], "nation": ["england", "wales"]}),
                    &[("name", "Rowan House")],
                ),
                "Service changed: Rowan House",
                "Nation: from England to Wales",
            ),
            (told(EventKind::UnitAdded, json!({}), &[("name", "Beech")]), "Unit added: Beech", ""),
        ] {
            assert_eq!(words_for(&line), Some((what.to_owned(), detail.to_owned())));
        }
    }
}
