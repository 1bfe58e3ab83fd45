//! What a message says: subject, plain text and HTML, made from `templates/mail/`.
//!
//! A mail leaves the program and is read on phones and in shared inboxes: it carries the names of members, the
//! action's reference, title, service and date, and nothing else. Everything more is behind the link, which is the
//! page's plain address: signing in comes in between and leads back to it.

use askama::Template;
use chrono::NaiveDate;

use crate::domain::escalation::Level;
use crate::domain::message::MessageKind;
use crate::ids::MessageId;

/// Whom a message goes to, and from which provider. Resolved when it is sent, not when it was queued.
#[derive(Clone, Copy, Debug)]
pub struct To<'a> {
    /// The outbox row's id: the same for every try, so that a mail delivered twice is shown once.
    pub id: MessageId,
    /// The reader's name.
    pub name: &'a str,
    /// The reader's address.
    pub email: &'a str,
    /// The provider's name.
    pub provider_name: &'a str,
    /// The provider's part of the address.
    pub provider_slug: &'a str,
    /// The address that switches this kind of mail off; none for what always comes.
    pub stop: Option<&'a str>,
}

impl To<'_> {
    /// The page on which the reader chooses what is sent.
    pub(super) fn choose(&self, base: &str) -> String {
        format!("{base}/p/{}/notices/mail", self.provider_slug)
    }

    /// The message around its words.
    pub(super) fn mail(&self, base: &str, subject: String, text: String, html: String) -> Mail {
        Mail {
            message_id: format!("<{}@{}>", self.id, host_of(base)),
            to_name: one_line(self.name, 120),
            to_address: self.email.to_owned(),
            subject,
            text,
            html,
            stop: self.stop.map(str::to_owned),
        }
    }
}

/// What a message about an action may tell.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Whom it goes to.
    pub to: To<'a>,
    /// The service's name.
    pub service_name: &'a str,
    /// The action's reference, such as A-0142.
    pub reference: &'a str,
    /// What is to be done, as the action says it.
    pub title: &'a str,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
    /// When that is, seen from the day it is sent: "in 3 working days".
    pub due_when: &'a str,
    /// How high an escalation went; none when it tells of none.
    pub level: Option<Level>,
}

impl Facts<'_> {
    /// Which level it is, where it is not the first.
    fn nth(&self) -> &'static str {
        match self.level {
            None | Some(Level::Manager) => "",
            Some(Level::QualityLead | Level::Leadership) => ", second level",
            Some(Level::Nominated) => ", third level",
        }
    }

    /// Why its reader hears of an escalation.
    const fn why(&self) -> &'static str {
        match self.level {
            None | Some(Level::Manager) => "An action in your service has been escalated to you.",
            Some(Level::QualityLead | Level::Leadership) => {
                "An action is still late, or its risk is high, and has been escalated to you: the second level."
            }
            Some(Level::Nominated) => {
                "An action is still not done after it was escalated to the quality lead, and has been escalated to you: the third level."
            }
        }
    }
}

/// A message ready to be sent or shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    /// The `Message-ID`, angle brackets included.
    pub message_id: String,
    /// The recipient's name.
    pub to_name: String,
    /// The recipient's address.
    pub to_address: String,
    /// The subject: one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// The address that switches this kind of mail off, for the header of that name; none for what always comes.
    pub stop: Option<String>,
}

impl Mail {
    /// The text as administrators may read it: without the secret that switches somebody's mail off.
    #[must_use]
    pub fn text_to_keep(&self) -> String {
        match &self.stop {
            Some(stop) => self.text.replace(stop.as_str(), "(a link for the reader alone)"),
            None => self.text.clone(),
        }
    }
}

macro_rules! template {
    ($name:ident, $path:literal) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            to: To<'a>,
            facts: &'a Facts<'a>,
            title: &'a str,
            due: Option<&'a str>,
            link: &'a str,
            choose: &'a str,
        }
    };
    ($name:ident, $path:literal, html) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            to: To<'a>,
            facts: &'a Facts<'a>,
            title: &'a str,
            due: Option<&'a str>,
            link: &'a str,
            choose: &'a str,
            subject: &'a str,
        }
    };
}
template!(AssignedText, "mail/assigned.txt");
template!(AssignedHtml, "mail/assigned.html", html);
template!(SentBackText, "mail/sent_back.txt");
template!(SentBackHtml, "mail/sent_back.html", html);
template!(EscalatedText, "mail/escalated.txt");
template!(EscalatedHtml, "mail/escalated.html", html);
template!(ToVerifyText, "mail/to_verify.txt");
template!(ToVerifyHtml, "mail/to_verify.html", html);
template!(VerificationLateText, "mail/verification_late.txt");
template!(VerificationLateHtml, "mail/verification_late.html", html);
template!(DueSoonText, "mail/due_soon.txt");
template!(DueSoonHtml, "mail/due_soon.html", html);
template!(DateMovedText, "mail/date_moved.txt");
template!(DateMovedHtml, "mail/date_moved.html", html);
template!(RewordedText, "mail/reworded.txt");
template!(RewordedHtml, "mail/reworded.html", html);
template!(CalledOffText, "mail/called_off.txt");
template!(CalledOffHtml, "mail/called_off.html", html);

/// Writes a message. `public_url` is the address people reach the program at.
///
/// # Errors
/// A template could not be rendered.
pub fn compose(kind: MessageKind, facts: &Facts<'_>, public_url: &str) -> Result<Mail, askama::Error> {
    let base = public_url.trim_end_matches('/');
    let to = facts.to;
    let link = &format!("{base}/p/{}/actions/{}", to.provider_slug, facts.reference);
    let choose = &to.choose(base);
    let title = &one_line(facts.title, 300);
    let subject = &subject(kind, facts);
    let due_text = facts.due_on.map(|due| due.format("%-d %B %Y").to_string());
    let due = due_text.as_deref();
    macro_rules! both {
        ($text:ident, $html:ident) => {
            (
                $text { to, facts, title, due, link, choose }.render()?,
                $html { to, facts, title, due, link, choose, subject }.render()?,
            )
        };
    }
    let (text, html) = match kind {
        MessageKind::Assigned => both!(AssignedText, AssignedHtml),
        MessageKind::SentBack => both!(SentBackText, SentBackHtml),
        MessageKind::Escalated => both!(EscalatedText, EscalatedHtml),
        MessageKind::ToVerify => both!(ToVerifyText, ToVerifyHtml),
        MessageKind::VerificationLate => both!(VerificationLateText, VerificationLateHtml),
        MessageKind::DueSoon => both!(DueSoonText, DueSoonHtml),
        MessageKind::DateMoved => both!(DateMovedText, DateMovedHtml),
        MessageKind::Reworded => both!(RewordedText, RewordedHtml),
        MessageKind::CalledOff => both!(CalledOffText, CalledOffHtml),
        MessageKind::Digest | MessageKind::ControlCheck | MessageKind::SustainCheck => {
            return Err(askama::Error::Custom(format!("no mail about one action: {kind}").into()));
        }
    };
    Ok(to.mail(base, subject.clone(), text, html))
}

fn subject(kind: MessageKind, facts: &Facts<'_>) -> String {
    let what = match kind {
        MessageKind::Assigned => "Assigned to you",
        MessageKind::SentBack => "Sent back to you",
        MessageKind::Escalated => &format!("Escalated to you{}", facts.nth()),
        MessageKind::ToVerify => "To verify",
        MessageKind::VerificationLate => &format!("Verification is late{}", facts.nth()),
        MessageKind::DueSoon => &format!("Due {}", facts.due_when),
        MessageKind::DateMoved => "New due date",
        MessageKind::Reworded => "Reworded",
        MessageKind::CalledOff
        | MessageKind::Digest
        | MessageKind::ControlCheck
        | MessageKind::SustainCheck => kind.label(),
    };
    format!("{what}: {} {}", one_line(facts.reference, 20), one_line(facts.title, 80))
}

#[derive(Template)]
#[template(path = "mail/invitation.txt")]
struct InvitationText<'a> {
    name: &'a str,
    provider: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "mail/invitation.html")]
struct InvitationHtml<'a> {
    name: &'a str,
    provider: &'a str,
    link: &'a str,
    subject: &'a str,
}

/// Writes the mail of an invitation. `id` and `attempt` make its `Message-ID`: each try carries another secret, so each
/// is a message of its own.
///
/// # Errors
/// A template could not be rendered.
pub fn invitation(
    (id, attempt): (&str, i32),
    (name, email): (&str, &str),
    (provider, link): (&str, &str),
    public_url: &str,
) -> Result<Mail, askama::Error> {
    let name = &one_line(name, 120);
    let subject = &format!("{} invites you to Throughline", one_line(provider, 120));
    Ok(Mail {
        message_id: format!("<{id}.{attempt}@{}>", host_of(public_url)),
        to_name: name.clone(),
        to_address: email.to_owned(),
        subject: subject.clone(),
        text: InvitationText { name, provider, link }.render()?,
        html: InvitationHtml { name, provider, link, subject }.render()?,
        stop: None,
    })
}

/// One line of at most `most` characters: a line break in a title must not begin a new header or paragraph.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let line: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let line = line.join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let mut short: String = line.chars().take(most.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// The host of an address, for the right side of a `Message-ID`.
fn host_of(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host: String =
        host.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    if host.is_empty() { "throughline.local".to_owned() } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const STOP: &str = "https://care.example/mail/willowbrook/secret";

    fn facts() -> Facts<'static> {
        Facts {
            to: To {
                id: MessageId::from(Uuid::from_u128(7)),
                name: "Amina Okafor",
                email: "amina@willowbrook.example",
                provider_name: "Willowbrook & Sons Care",
                provider_slug: "willowbrook",
                stop: Some(STOP),
            },
            service_name: "Beech House",
            reference: "A-0142",
            title: "Check MAR charts <daily> & sign",
            due_on: NaiveDate::from_ymd_opt(2026, 11, 21),
            due_when: "in 3 working days",
            level: None,
        }
    }

    fn mailed() -> impl Iterator<Item = MessageKind> {
        let alone = [MessageKind::Digest, MessageKind::ControlCheck, MessageKind::SustainCheck];
        MessageKind::ALL.iter().copied().filter(move |kind| !alone.contains(kind))
    }

    #[test]
    fn every_kind_has_its_words_the_link_and_both_parts() {
        for kind in mailed() {
            let mail = compose(kind, &facts(), "https://care.example/").unwrap();
            let link = "https://care.example/p/willowbrook/actions/A-0142";
            assert!(mail.text.contains(&format!("\n{link}\n")), "{}", mail.text);
            assert!(mail.html.contains(&format!("href=\"{link}\"")), "{}", mail.html);
            assert!(mail.text.contains(
                "A-0142: Check MAR charts <daily> & sign\nService: Beech House\nDue: 21 November 2026\n"
            ));
            assert!(mail.html.contains("Check MAR charts &#60;daily&#62; &#38; sign"), "{}", mail.html);
            assert!(mail.subject.contains("A-0142 Check MAR charts"), "{}", mail.subject);
            assert!(!mail.text.contains("\n\n\n"), "{}", mail.text);
            assert!(!mail.text.contains("{{") && !mail.html.contains("{{"));
            assert!(mail.text.contains("https://care.example/p/willowbrook/notices/mail"), "{}", mail.text);
            assert!(mail.text.contains(STOP) && mail.html.contains(STOP), "{}", mail.text);
            assert!(!mail.text_to_keep().contains(STOP), "it is for the reader alone");
            let other = ["<img", "<link", "src=", "url(", "http://"];
            assert!(other.iter().all(|from_outside| !mail.html.contains(from_outside)), "{}", mail.html);
        }
    }

    #[test]
    fn the_message_id_is_the_same_for_every_try() {
        let one = compose(MessageKind::Assigned, &facts(), "https://care.example:8443").unwrap();
        assert_eq!(one.message_id, "<00000000-0000-0000-0000-000000000007@care.example>");
        assert_eq!(one, compose(MessageKind::Assigned, &facts(), "https://care.example:8443").unwrap());
        assert!(
            compose(MessageKind::Assigned, &facts(), "").unwrap().message_id.ends_with("@throughline.local>")
        );
    }

    #[test]
    fn what_always_comes_has_no_link_to_switch_it_off() {
        let to = To { stop: None, ..facts().to };
        let mail = compose(MessageKind::Escalated, &Facts { to, ..facts() }, "https://care.example").unwrap();
        assert!(mail.stop.is_none() && !mail.text.contains("Stop") && !mail.html.contains("Stop"));
        assert_eq!(mail.text_to_keep(), mail.text);
    }

    #[test]
    fn each_level_and_a_missing_date_read_differently() {
        let escalated = |level| {
            compose(MessageKind::Escalated, &Facts { level: Some(level), ..facts() }, "http://x").unwrap()
        };
        for (level, subject, why) in [
            (Level::Manager, "Escalated to you: A-", "An action in your service has been escalated"),
            (Level::QualityLead, "Escalated to you, second level: A-", "still late, or its risk is high"),
            (Level::Leadership, "Escalated to you, second level: A-", "still late, or its risk is high"),
            (
                Level::Nominated,
                "Escalated to you, third level: A-",
                "after it was escalated to the quality lead",
            ),
        ] {
            let mail = escalated(level);
            assert!(mail.subject.starts_with(subject), "{}", mail.subject);
            assert!(mail.text.contains(why) && mail.html.contains(why), "{}", mail.text);
        }
        let late = Facts { level: Some(Level::Nominated), ..facts() };
        let mail = compose(MessageKind::VerificationLate, &late, "http://x").unwrap();
        assert!(mail.subject.starts_with("Verification is late, third level: A-"), "{}", mail.subject);
        let mail = compose(MessageKind::Assigned, &Facts { due_on: None, ..facts() }, "http://x").unwrap();
        assert!(mail.text.contains("You have been given an action.") && !mail.text.contains("Due:"));
    }

    #[test]
    fn a_title_cannot_add_headers_or_grow_without_end() {
        let title = format!("Fix\r\nBcc: everybody@example.org\u{0}\u{2028}{}", "long ".repeat(500));
        let mail = compose(MessageKind::Assigned, &Facts { title: &title, ..facts() }, "http://x").unwrap();
        assert!(!mail.subject.contains(['\r', '\n', '\0', '\u{2028}']), "{:?}", mail.subject);
        assert!(mail.subject.chars().count() < 130 && mail.subject.ends_with('…'));
        assert!(!mail.text.contains("\nBcc"));
        assert!(mail.text.len() < 1500, "{}", mail.text.len());
    }
}
