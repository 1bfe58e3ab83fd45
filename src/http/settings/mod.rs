//! Settings, for the administrator: people, services, rules, each with its history.

use askama::Template;
use axum::response::Response;

use crate::app::AppState;
use crate::domain::access::Verb;
use crate::error::AppError;
use crate::http::Routes;
use crate::http::page::{self, Layout};
use crate::http::signed::Signed;

/// One-time codes.
pub mod codes;
/// Somebody leaves.
pub mod departure;
/// Who took which list.
pub mod downloads;
/// What happened to people, places and rules.
pub mod history;
/// Invitations.
pub mod invitation;
/// Keys for other programs.
pub mod key;
/// Members.
pub mod member;
/// A member's place.
pub mod place;
/// The escalation policy.
pub mod policy;
/// Services and their units.
pub mod service;
/// Closure standards, and the days to do something.
pub mod standard;
/// What changed in them, in words.
mod standard_told;

/// The addresses of the settings.
#[must_use]
pub fn routes() -> Routes<AppState> {
    Routes::new()
        .get("/p/{provider}/settings", index)
        .merge(member::routes())
        .merge(place::routes())
        .merge(policy::routes())
        .merge(standard::routes())
        .merge(departure::routes())
        .merge(service::routes())
        .merge(invitation::routes())
        .merge(codes::routes())
        .merge(history::routes())
        .merge(downloads::routes())
        .merge(key::routes())
}

#[derive(Template)]
#[template(path = "settings/index.html")]
struct IndexPage {
    layout: Layout,
    groups: Vec<Group>,
}

/// One part of the settings.
struct Group {
    title: &'static str,
    what: &'static str,
    href: String,
}

async fn index(signed: Signed) -> Result<Response, AppError> {
    signed.need(Verb::ManagePeople)?;
    let group =
        |title, what, path: &str| Group { title, what, href: signed.path(&format!("settings/{path}")) };
    page::render(&IndexPage {
        layout: layout(&signed, "Settings"),
        groups: vec![
            group(
                "Members",
                "Who is here, in which role and services; handing over when somebody leaves",
                "members",
            ),
            group(
                "Invitations",
                "New members, by mail or by a printed code for those without mail",
                "invitations",
            ),
            group(
                "One-time codes",
                "Which roles enter a code beside their password; resets for whoever lost theirs",
                "codes",
            ),
            group("Services", "Kind, nation for bank holidays, units", "services"),
            group("Escalation policy", "After how many working days each level hears", "escalation"),
            group(
                "Closure standards",
                "What closes an action: evidence, windows, who approves; days to do something",
                "standards",
            ),
            group(
                "Keys for other programs",
                "What a program of yours may read, of which service, and until when",
                "keys",
            ),
            group("Downloads", "Who took which list out of Throughline, and how much of it", "downloads"),
            Group {
                title: "Imports",
                what: "Actions brought from a spreadsheet, and undoing that for a day",
                href: signed.path("imports"),
            },
            group("History", "What happened to people, services and rules, and who did it", "history"),
        ],
    })
}

/// The layout of a page of the settings.
fn layout(signed: &Signed, title: impl Into<String>) -> Layout {
    signed.layout(title).at(&signed.path("settings"))
}
