//! What a leader's view leaves out is said, with a link to it: nothing minor vanishes unseen, least of all what is late
//! (R4, R11).

use askama::Template;
use askama::filters::HtmlSafe;

use crate::domain::words;

/// How many minor actions a view leaves out, and where they are: `{{ left_out }}`.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/left_out.html")]
pub struct LeftOut {
    count: String,
    href: String,
    one: bool,
    parts: Vec<(String, String)>,
    all: String,
}
impl HtmlSafe for LeftOut {}

impl LeftOut {
    /// So many, listed at `href`; `all` is the same view with them. `None` when nothing is left out.
    #[must_use]
    pub fn new(count: i64, href: String, all: String) -> Option<Self> {
        let count = u64::try_from(count).unwrap_or(0);
        let parts = Vec::new();
        (count > 0).then(|| Self {
            count: words::count(count, "minor action"),
            href,
            one: count == 1,
            parts,
            all,
        })
    }

    /// Some of them, said and listed apart: "3 late".
    #[must_use]
    pub fn of_them(mut self, count: i64, what: &str, href: impl FnOnce() -> String) -> Self {
        if count > 0 {
            self.parts.push((format!("{count} {what}"), href()));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(count: i64, late: i64, unowned: i64) -> String {
        let left = LeftOut::new(count, "/minor".into(), "/all".into()).unwrap();
        let left = left.of_them(late, "late", || "/late".into());
        left.of_them(unowned, "without an owner", || "/unowned".into()).to_string()
    }

    #[test]
    fn every_number_is_a_link() {
        let text = |html: &str| {
            html.split('<').map(|tag| tag.split_once('>').map_or(tag, |(_, text)| text)).collect::<String>()
        };
        let html = said(12, 3, 1);
        assert_eq!(
            text(&html),
            "12 minor actions are left out here: 3 late, 1 without an owner. Show them too"
        );
        for href in ["/minor", "/late", "/unowned", "/all"] {
            assert!(html.contains(&format!("href=\"{href}\"")), "{html}");
        }
        assert_eq!(text(&said(1, 0, 0)), "1 minor action is left out here. Show it too");
        assert_eq!(LeftOut::new(0, String::new(), String::new()), None);
    }
}
