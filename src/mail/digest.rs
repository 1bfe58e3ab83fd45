//! What the digest of a week says: for each part the first actions, and how many there are; and the mail that tells of
//! several actions assigned at once.

use askama::Template;

use super::message::{Mail, To, one_line};
use crate::domain::digest::{Part, subject};
use crate::domain::message::MessageKind;
use crate::domain::words;

/// A part with something in it.
#[derive(Clone, Debug)]
pub struct Section {
    /// Which.
    pub part: Part,
    /// How many actions it has.
    pub total: u64,
    /// The first of them.
    pub rows: Vec<Row>,
}

/// One action.
#[derive(Clone, Debug)]
pub struct Row {
    /// A-0142.
    pub reference: String,
    /// What is to be done.
    pub title: String,
    /// Its service.
    pub service: String,
    /// Its date, in words.
    pub day: Option<String>,
}

impl Section {
    /// "2 more".
    fn more(&self) -> Option<String> {
        let hidden = self.total.saturating_sub(self.rows.len() as u64);
        (hidden > 0).then(|| format!("{} more", words::number(hidden)))
    }

    /// What is only counted: "3 minor actions are late or blocked".
    fn counted(&self) -> Option<String> {
        (self.part == Part::Minor).then(|| {
            let (one, more) = ("minor action is", "minor actions are");
            format!("{} late or blocked, and left out here", words::count_of(self.total, one, more))
        })
    }

    /// What its date is.
    const fn dated(&self) -> &'static str {
        match self.part {
            Part::ToVerify => "check by",
            Part::Late | Part::TeamLate => "was due",
            Part::Back | Part::Week | Part::Blocked | Part::Minor => "due",
        }
    }
}

#[derive(Template)]
#[template(path = "mail/digest.txt")]
struct DigestText<'a> {
    to: To<'a>,
    sections: &'a [Section],
    here: &'a str,
    choose: &'a str,
}

#[derive(Template)]
#[template(path = "mail/digest.html")]
struct DigestHtml<'a> {
    to: To<'a>,
    sections: &'a [Section],
    here: &'a str,
    choose: &'a str,
    subject: &'a str,
}

/// Writes a digest. `public_url` is the address people reach the program at.
///
/// # Errors
/// A template could not be rendered.
pub fn compose(to: &To<'_>, sections: &[Section], public_url: &str) -> Result<Mail, askama::Error> {
    let base = public_url.trim_end_matches('/');
    let here = &format!("{base}/p/{}", to.provider_slug);
    let choose = &to.choose(base);
    let sections: Vec<Section> = sections.iter().map(plain).collect();
    let sections = &sections[..];
    let counts: Vec<_> = sections.iter().map(|section| (section.part, section.total)).collect();
    let subject = subject(&counts);
    let text = DigestText { to: *to, sections, here, choose }.render()?;
    let html = DigestHtml { to: *to, sections, here, choose, subject: &subject }.render()?;
    Ok(to.mail(base, subject, text, html))
}

/// How many actions a mail about several names; the rest is a link.
const NAMED: usize = 50;

/// Whether messages of a kind that were queued together come in one mail.
#[must_use]
pub const fn tells_several(kind: MessageKind) -> bool {
    matches!(kind, MessageKind::Assigned | MessageKind::Escalated | MessageKind::VerificationLate)
}

/// Subject, first sentence, and where all of them are.
fn opening(kind: MessageKind, count: usize) -> (String, String, &'static str) {
    let actions = words::count(count as u64, "action");
    match kind {
        MessageKind::Escalated => (
            format!("Escalated: {actions}"),
            format!(
                "{actions} need you: they are late, or what is found about them is. Record a decision on each."
            ),
            "escalations",
        ),
        MessageKind::VerificationLate => (
            format!("Not checked in time: {actions}"),
            format!("{actions} were not checked within their window."),
            "escalations",
        ),
        _ => (format!("Assigned to you: {actions}"), format!("You have been given {actions}."), "my-actions"),
    }
}

#[derive(Template)]
#[template(path = "mail/several.txt")]
struct SeveralText<'a> {
    to: To<'a>,
    first: &'a str,
    rows: &'a [Row],
    more: &'a str,
    all: &'a str,
    here: &'a str,
    choose: &'a str,
}

#[derive(Template)]
#[template(path = "mail/several.html")]
struct SeveralHtml<'a> {
    to: To<'a>,
    first: &'a str,
    rows: &'a [Row],
    more: &'a str,
    all: &'a str,
    here: &'a str,
    choose: &'a str,
    subject: &'a str,
}

/// Writes the one mail that tells of several actions assigned or escalated at once.
///
/// # Errors
/// A template could not be rendered.
pub fn several(
    to: &To<'_>,
    kind: MessageKind,
    rows: &[Row],
    public_url: &str,
) -> Result<Mail, askama::Error> {
    let base = public_url.trim_end_matches('/');
    let here = &format!("{base}/p/{}", to.provider_slug);
    let choose = &to.choose(base);
    let (subject, first, all) = opening(kind, rows.len());
    let hidden = rows.len().saturating_sub(NAMED);
    let more = if hidden > 0 { format!("{} more", words::number(hidden as u64)) } else { String::new() };
    let rows: Vec<Row> = rows.iter().take(NAMED).map(one_lined).collect();
    let (rows, first, more) = (&rows[..], first.as_str(), more.as_str());
    let text = SeveralText { to: *to, first, rows, more, all, here, choose }.render()?;
    let html = SeveralHtml { to: *to, first, rows, more, all, here, choose, subject: &subject }.render()?;
    Ok(to.mail(base, subject, text, html))
}

fn one_lined(row: &Row) -> Row {
    Row { title: one_line(&row.title, 160), ..row.clone() }
}

/// With titles of one line.
fn plain(section: &Section) -> Section {
    Section { rows: section.rows.iter().map(one_lined).collect(), ..section.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MessageId;
    use uuid::Uuid;

    #[test]
    fn it_says_what_there_is_and_how_much_more() {
        let to = To {
            id: MessageId::from(Uuid::from_u128(7)),
            name: "Amina Okafor",
            email: "amina@willowbrook.example",
            provider_name: "Willowbrook",
            provider_slug: "willowbrook",
            stop: Some("https://care.example/mail/willowbrook/secret"),
        };
        let row = |number: u32, title: &str| Row {
            reference: format!("A-{number:04}"),
            title: title.to_owned(),
            service: "Beech House".to_owned(),
            day: Some("19 November 2026".to_owned()),
        };
        let sections = [
            Section {
                part: Part::Late,
                total: 3,
                rows: vec![row(7, "Fix <this>\nBcc: all"), row(8, "Then that")],
            },
            Section { part: Part::Minor, total: 12, rows: vec![] },
            Section { part: Part::ToVerify, total: 1, rows: vec![row(9, "Look at this")] },
        ];
        let mail = compose(&to, &sections, "https://care.example").unwrap();
        assert_eq!(mail.subject, "Your week: 3 late, 12 minor, late or blocked, 1 to verify");
        for part in [
            "Late (3)\n",
            "A-0007: Fix <this> Bcc: all\nBeech House, was due 19 November 2026\nhttps://care.example/p/willowbrook/actions/A-0007\n",
            "1 more: https://care.example/p/willowbrook/my-actions\n",
            "12 minor actions are late or blocked, and left out here: https://care.example/p/willowbrook/actions?show=open&significance=minor\n",
            "Waiting for your check (1)\n",
            "Beech House, check by 19 November 2026\n",
            "https://care.example/mail/willowbrook/secret",
        ] {
            assert!(mail.text.contains(part), "{part} is not in {}", mail.text);
        }
        assert!(!mail.text.contains("\n\n\n"), "{}", mail.text);
        assert!(mail.html.contains("Fix &#60;this&#62; Bcc: all"), "{}", mail.html);
        assert!(mail.html.contains("href=\"https://care.example/p/willowbrook/verify\""), "{}", mail.html);
    }
}
