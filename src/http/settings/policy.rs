//! The escalation policy: how many working days until each level hears, with what a change would have done (R12). For
//! every theme, or for one theme that needs another.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::domain::escalation::{Ladder, Policy, default_policy};
use crate::domain::member::Role;
use crate::domain::text_enum::TextEnum;
use crate::domain::topic::Theme;
use crate::domain::words;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::banner;
use crate::http::extract::Query;
use crate::http::form::Draft;
use crate::http::page::{self, Layout};
use crate::http::settings::{history, layout};
use crate::http::signed::Signed;
use crate::http::verb::{Answer, answer};
use crate::http::view::Timeline;
use crate::store::trail;
use crate::workflow::policy::{
    self, CHOSEN, Given, HEARERS, MOST_DAYS, Part, Preview, field, fingerprint_of, print_of,
};

/// The address of this feature.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/settings/escalation", show)
        .post("/p/{provider}/settings/escalation", change)
}

/// Which theme's policy; every theme's when empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Of {
    theme: String,
}

impl Of {
    /// The theme. Safeguarding has none to be changed: it goes up at once.
    fn theme(&self) -> Result<Option<Theme>, AppError> {
        match self.theme.as_str() {
            "" => Ok(None),
            word => match Theme::from_text(word) {
                Some(Theme::Safeguarding) | None => Err(AppError::NotFound),
                Some(theme) => Ok(Some(theme)),
            },
        }
    }
}

#[derive(Template)]
#[template(path = "settings/escalation.html")]
struct PolicyPage {
    layout: Layout,
    draft: Draft,
    back: Option<String>,
    whole: Option<String>,
    title: String,
    post: String,
    seen: String,
    /// Whether the theme has a policy of its own, which it could give up.
    own: bool,
    groups: Vec<Group>,
    themes: Vec<ThemeLink>,
    shown: Option<Shown>,
    history: Timeline,
}

/// The fields of one risk.
struct Group {
    title: String,
    manager: &'static str,
    leadership: &'static str,
    alone: &'static str,
    nominated: &'static str,
}

/// A theme, and whether it has a policy of its own.
struct ThemeLink {
    label: &'static str,
    href: String,
    own: bool,
}

/// What the typed policy would have done, in words.
struct Shown {
    print: String,
    sentences: Vec<String>,
    named: Vec<Named>,
    more: usize,
}

struct Named {
    reference: String,
    href: String,
    says: String,
}

fn the(who: Role) -> String {
    format!("the {}", who.label().to_lowercase())
}

fn shown(signed: &Signed, given: &Given, preview: &Preview) -> Shown {
    let mut sentences = vec![format!("Late today: {}.", words::count(preview.late as u64, "action"))];
    for (who, [is, would]) in HEARERS.iter().zip(preview.heard) {
        let who = who.label().to_lowercase();
        sentences.push(format!("The {who} would have heard of: {is} now, {would} with the change."));
    }
    Shown {
        print: print_of(given),
        sentences,
        named: preview
            .differs
            .iter()
            .map(|d| Named {
                reference: d.action.to_string(),
                href: signed.path(&format!("actions/{}", d.action)),
                says: if d.hears {
                    format!("{} would have heard of it already", the(d.who))
                } else {
                    format!("{} would not have heard of it yet", the(d.who))
                },
            })
            .collect(),
        more: preview.differing.saturating_sub(preview.differs.len()),
    }
}

fn address(signed: &Signed, theme: Option<Theme>) -> String {
    let theme = theme.map_or("", |t| t.as_str());
    page::with_query(&signed.path("settings/escalation"), &[("theme", theme)], None)
}

async fn draw(
    signed: &Signed,
    app: &AppState,
    theme: Option<Theme>,
    draft: Draft,
    (now, shown): (&Ladder, Option<Shown>),
) -> Result<PolicyPage, AppError> {
    let mut tx = signed.actor.begin(app).await?;
    let lines = trail::of_provider(&mut tx, &json!({ "escalation": {} }), None, history::LINES).await?;
    tx.commit().await?;
    let own = |theme| CHOSEN.iter().any(|risk| now.own(*risk, Some(theme)).is_some());
    let title = theme.map_or_else(
        || "Escalation policy".to_owned(),
        |theme| format!("Escalation policy: {}", theme.label().to_lowercase()),
    );
    let others = Theme::ALL.iter().filter(|t| **t != Theme::Safeguarding);
    Ok(PolicyPage {
        layout: layout(signed, title.clone()).with_errors(!draft.is_ok()),
        draft,
        back: signed.can(Verb::ManagePeople).then(|| signed.path("settings")),
        whole: theme.map(|_| address(signed, None)),
        title,
        post: address(signed, theme),
        seen: fingerprint_of(now, theme),
        own: theme.is_some_and(own),
        groups: CHOSEN
            .iter()
            .map(|risk| Group {
                title: format!("{} risk", risk.label()),
                manager: field(*risk, Part::Manager),
                leadership: field(*risk, Part::Leadership),
                alone: field(*risk, Part::Alone),
                nominated: field(*risk, Part::Nominated),
            })
            .collect(),
        themes: others
            .map(|t| ThemeLink { label: t.label(), href: address(signed, Some(*t)), own: own(*t) })
            .collect(),
        shown,
        history: history::timeline(&lines),
    })
}

async fn show(
    signed: Signed,
    State(app): State<AppState>,
    Query(of): Query<Of>,
) -> Result<Response, AppError> {
    signed.need(Verb::SetPolicy)?;
    let theme = of.theme()?;
    let now = policy::read(&app, &signed.actor).await?;
    let policy = |risk| match theme {
        Some(theme) => now.policy(risk, theme),
        None => now.own(risk, None).unwrap_or(default_policy(risk)),
    };
    let filled = CHOSEN.iter().fold(Draft::new(), |draft, risk| {
        let policy = policy(*risk);
        let days = |after: Option<u16>| after.map(|days| days.to_string()).unwrap_or_default();
        draft
            .with(field(*risk, Part::Manager), policy.manager_after.to_string())
            .with(field(*risk, Part::Leadership), days(policy.leadership_after))
            .with(field(*risk, Part::Alone), if policy.alone { "yes" } else { "" })
            .with(field(*risk, Part::Nominated), days(policy.nominated_after))
    });
    page::render(&draw(&signed, &app, theme, filled, (&now, None)).await?)
}

/// The form, when all of it can be read.
fn typed(draft: &mut Draft, theme: Option<Theme>) -> Option<Given> {
    if theme.is_some() && draft.ticked("general") {
        return Some(Given { theme, rows: Vec::new() });
    }
    let days = |n: i64| u16::try_from(n).unwrap_or(MOST_DAYS);
    let range = 0..=i64::from(MOST_DAYS);
    let mut rows = Vec::new();
    for risk in CHOSEN {
        let first = draft.number(
            field(risk, Part::Manager),
            range.clone(),
            "Enter after how many working days the registered manager hears",
        );
        let up = draft.optional_number(field(risk, Part::Leadership), range.clone());
        let third = draft.optional_number(field(risk, Part::Nominated), range.clone());
        let alone = draft.ticked(field(risk, Part::Alone)) && up.is_some();
        if let Some(first) = first {
            let (leadership_after, nominated_after) = (up.map(days), third.map(days));
            rows.push((
                risk,
                Policy { manager_after: days(first), leadership_after, alone, nominated_after },
            ));
        }
    }
    draft.is_ok().then_some(Given { theme, rows })
}

async fn change(
    signed: Signed,
    State(app): State<AppState>,
    Query(of): Query<Of>,
    mut draft: Draft,
) -> Result<Response, AppError> {
    signed.need(Verb::SetPolicy)?;
    let theme = of.theme()?;
    let (seen, previewed) = (draft.carried("seen").to_owned(), draft.carried("previewed").to_owned());
    let now = policy::read(&app, &signed.actor).await?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let mut preview = None;
    if fingerprint_of(&now, theme) != seen {
        status = StatusCode::CONFLICT;
    } else if let Some(given) = typed(&mut draft, theme) {
        // saved is what was looked at; anything else is looked at first
        let saves = previewed == print_of(&given);
        match answer(policy::preview(&app, &signed.actor, &given).await, &mut draft)? {
            Answer::Done(done) => {
                status = StatusCode::OK;
                preview = Some(shown(&signed, &given, &done));
            }
            Answer::Again(again) => status = again,
        }
        if saves && preview.is_some() {
            match answer(policy::set(&app, &signed.actor, &seen, &given).await, &mut draft)? {
                Answer::Done(()) => {
                    return Ok(page::done(&address(&signed, theme), banner::Done::SettingChanged, ""));
                }
                Answer::Again(again) => (status, preview) = (again, None),
            }
        }
    }
    if status == StatusCode::CONFLICT {
        draft.refuse(
            "low_manager",
            "Somebody changed the policy since you opened it. Look at what you typed again, then send it",
        );
    }
    page::render_as(status, &draw(&signed, &app, theme, draft, (&now, preview)).await?)
}
