//! What every page has around its content, and the ways to answer with a page.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::AppError;
use crate::http::banner::{Banner, Done};
use crate::sheet::Format;

/// Everything `base.html` shows around a page's own content. A page's template has it as a field named `layout`.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The title of the page, without the name of the program.
    pub title: String,
    /// Whether the page shows a form that could not be accepted: "Error: " comes before the title.
    pub error_title: bool,
    /// The short name of the person signed in; empty when nobody is.
    pub person: String,
    /// Their mark in the forms drawn for them ([`crate::http::kept`]); empty when nobody is signed in.
    pub by: String,
    /// The provider the page belongs to.
    pub provider: Option<ProviderLink>,
    /// The other providers this person is a member of.
    pub others: Vec<ProviderLink>,
    /// The menu, by role.
    pub menu: Vec<MenuItem>,
    /// The way to what they were told; on pages of a provider.
    pub bell: Option<Bell>,
    /// What was just done.
    pub banner: Option<Banner>,
    /// Where the list of the page can be had as a file.
    pub downloads: Option<Downloads>,
}

/// A list as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloads {
    /// For programs for spreadsheets.
    pub xlsx: String,
    /// For all others.
    pub csv: String,
}

/// The bell in the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bell {
    /// Where it leads.
    pub href: String,
    /// How many notices are unread, a hundred at most.
    pub unread: i64,
}

impl Bell {
    /// The number beside it: "3", "99+"; empty when everything is read.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.unread {
            ..=0 => String::new(),
            1..=99 => self.unread.to_string(),
            _ => "99+".to_owned(),
        }
    }
}

/// A provider as the header names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderLink {
    /// Its name.
    pub name: String,
    /// The part of the address that means it.
    pub slug: String,
}

/// One item of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuItem {
    /// What is read.
    pub label: &'static str,
    /// Where it leads.
    pub href: String,
    /// Whether this is the page shown, or one below it.
    pub current: bool,
    /// How many things wait there; not shown when unknown or none.
    pub count: Option<i64>,
}

impl MenuItem {
    /// An item that is not current and has no count.
    pub fn new(label: &'static str, href: impl Into<String>) -> Self {
        Self { label, href: href.into(), current: false, count: None }
    }

    /// The same item with the number of things that wait there.
    #[must_use]
    pub const fn count(mut self, count: i64) -> Self {
        self.count = if count > 0 { Some(count) } else { None };
        self
    }

    /// The number of things that wait there, zero when nothing does.
    #[must_use]
    pub fn waiting(&self) -> i64 {
        self.count.unwrap_or(0)
    }
}

impl Layout {
    /// The layout of a page for somebody who is not signed in.
    pub fn signed_out(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// The same layout with another title.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The same layout, saying in its title that the form has to be put right when `wrong`.
    #[must_use]
    pub const fn with_errors(mut self, wrong: bool) -> Self {
        self.error_title = wrong;
        self
    }

    /// The same layout with the menu item current whose address is `href`.
    #[must_use]
    pub fn at(mut self, href: &str) -> Self {
        for item in &mut self.menu {
            item.current = item.href == href;
        }
        self
    }

    /// The same layout, offering at its foot all rows of the list at `path` with these filters as a file ([`crate::http::export`]).
    #[must_use]
    pub fn handing_out(mut self, path: &str, filters: &[(&str, &str)]) -> Self {
        let link = |format: Format| with_query(path, filters, Some(("as", format.as_str())));
        self.downloads = Some(Downloads { xlsx: link(Format::Xlsx), csv: link(Format::Csv) });
        self
    }

    /// The name of the provider; empty without one.
    #[must_use]
    pub fn provider_name(&self) -> &str {
        self.provider.as_ref().map_or("", |provider| &provider.name)
    }

    /// Where the logo leads: the landing page, which knows the role.
    #[must_use]
    pub fn home(&self) -> String {
        self.provider.as_ref().map_or_else(|| "/".to_owned(), |provider| format!("/p/{}", provider.slug))
    }
}

/// A page, 200.
///
/// # Errors
/// [`AppError::Internal`] when the template fails.
pub fn render(page: &impl Template) -> Result<Response, AppError> {
    render_as(StatusCode::OK, page)
}

/// The same form again with what has to be put right, 422.
///
/// # Errors
/// [`AppError::Internal`] when the template fails.
pub fn unprocessable(page: &impl Template) -> Result<Response, AppError> {
    render_as(StatusCode::UNPROCESSABLE_ENTITY, page)
}

/// A page with another status (409 when a page shows both versions).
///
/// # Errors
/// [`AppError::Internal`] when the template fails.
pub fn render_as(status: StatusCode, page: &impl Template) -> Result<Response, AppError> {
    let html = page.render()?;
    Ok((status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
}

/// A path of our own that a request named as its next page; `None` for everything that could lead elsewhere, or in
/// circles.
#[must_use]
pub fn own_path(path: &str) -> Option<&str> {
    let leads_away = !path.starts_with('/') || path.starts_with("//") || path.len() > 2_000;
    let strange = path.bytes().any(|byte| !(0x21..0x7f).contains(&byte) || byte == b'\\');
    let in_circles = path.starts_with("/sign-");
    (!leads_away && !strange && !in_circles).then_some(path)
}

/// Where somebody with a place in these providers starts.
#[must_use]
pub fn start_of<'a>(places: impl IntoIterator<Item = &'a str>) -> String {
    let mut places = places.into_iter();
    match (places.next(), places.next()) {
        (Some(only), None) => format!("/p/{only}"),
        _ => "/providers".to_owned(),
    }
}

/// Go and look at `path`, 303. Only paths of our own are taken: anything else leads to the start.
#[must_use]
pub fn see_other(path: &str) -> Response {
    let own = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    let location = HeaderValue::from_str(path).ok().filter(|_| own).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// Go to `path`, and say there what was done to `reference` (empty for none).
#[must_use]
pub fn done(path: &str, done: Done, reference: &str) -> Response {
    let mut response = see_other(path);
    Banner::about(done, reference).set_on(&mut response);
    response
}

/// Links to the pages of a list before and after this one, by key: the place is the first or last row shown, so that
/// rows that come or go meanwhile neither repeat nor hide others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pager {
    /// Where the page before is.
    pub previous: Option<String>,
    /// Where the page after is.
    pub next: Option<String>,
}

impl Pager {
    /// Links below `path` that keep `filters` (empty ones are left out). `before` and `after` are the keys of the
    /// first and last row shown, when there is something on that side; they become `before=…` and `after=…`.
    #[must_use]
    pub fn new(path: &str, filters: &[(&str, &str)], before: Option<&str>, after: Option<&str>) -> Self {
        let link = |name: &str, key: &str| with_query(path, filters, Some((name, key)));
        Self { previous: before.map(|key| link("before", key)), next: after.map(|key| link("after", key)) }
    }

    /// Whether the list has other pages at all.
    #[must_use]
    pub const fn is_needed(&self) -> bool {
        self.previous.is_some() || self.next.is_some()
    }
}

/// `path` with those of `filters` that are not empty, and one more field, as a query.
#[must_use]
pub fn with_query(path: &str, filters: &[(&str, &str)], more: Option<(&str, &str)>) -> String {
    let fields: Vec<(&str, &str)> =
        filters.iter().copied().filter(|(_, value)| !value.is_empty()).chain(more).collect();
    match serde_html_form::to_string(fields) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_here() {
        for (path, location) in [
            ("/p/rowan/actions/A-0142", "/p/rowan/actions/A-0142"),
            ("/p/rowan?risk=high#top", "/p/rowan?risk=high#top"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nset-cookie: x=y", "/"),
            ("", "/"),
        ] {
            let response = see_other(path);
            assert_eq!(response.status(), StatusCode::SEE_OTHER);
            assert_eq!(response.headers().get(header::LOCATION).unwrap(), location, "{path}");
        }
    }

    #[test]
    fn the_next_page_is_one_of_ours() {
        for path in ["/", "/p/rowan/actions/A-0142?x=1#top", "/account"] {
            assert_eq!(own_path(path), Some(path));
        }
        let long = format!("/{}", "a".repeat(2_000));
        for path in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/a\r\nset-cookie: x=y",
            "/caf\u{e9}",
            "/sign-in",
            "/sign-out",
            &long,
        ] {
            assert_eq!(own_path(path), None, "{path:?}");
        }
    }

    #[test]
    fn one_place_needs_no_choice() {
        assert_eq!(start_of(["rowan"]), "/p/rowan");
        assert_eq!(start_of(["rowan", "ash"]), "/providers");
        assert_eq!(start_of([]), "/providers");
    }

    #[test]
    fn pages_keep_their_filters() {
        let filters = [("risk", "high"), ("service", ""), ("words", "falls & trips")];
        let pager = Pager::new("/p/rowan/findings", &filters, None, Some("2026-11-02.F-0088"));
        assert_eq!(pager.previous, None);
        assert_eq!(
            pager.next.as_deref(),
            Some("/p/rowan/findings?risk=high&words=falls+%26+trips&after=2026-11-02.F-0088")
        );
        assert!(pager.is_needed());
        assert!(!Pager::new("/x", &filters, None, None).is_needed());
        assert_eq!(with_query("/x", &[("a", "")], None), "/x");
    }

    #[test]
    fn only_the_exact_address_is_current() {
        let layout = Layout {
            menu: vec![
                MenuItem::new("Dashboard", "/p/a/dashboard"),
                MenuItem::new("Findings", "/p/a/findings").count(0),
            ],
            ..Layout::default()
        }
        .at("/p/a/findings");
        assert_eq!(layout.menu.iter().map(|item| item.current).collect::<Vec<_>>(), [false, true]);
        assert_eq!(layout.menu[1].count, None);
    }
}
