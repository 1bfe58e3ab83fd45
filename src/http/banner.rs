//! The message after something was done: what happened and what comes next, shown once on the next page.
//!
//! It travels in a short cookie that holds a code from the list below and at most a reference like `A-0142`. Free
//! text never does, so that nobody can make our pages say something by planting a cookie.

use std::convert::Infallible;
use std::fmt::Write as _;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use axum::response::Response;

use crate::domain::text_enum::text_enum;

/// The name of the cookie.
pub const COOKIE: &str = "throughline_done";
/// How long it waits for its page, in seconds.
const SECONDS: u32 = 120;

text_enum! {
    /// What was done.
    pub enum Done {
        /// A finding was recorded.
        FindingLogged => "finding_logged", "Finding recorded";
        /// A finding was recorded together with its first action.
        LineBegun => "line_begun", "Finding recorded and action agreed";
        /// A finding was marked as not for the tracker, or as needing no action, with a reason.
        FindingSetAside => "finding_set_aside", "Reason recorded";
        /// A source was added to a finding.
        SourceAdded => "source_added", "Source added";
        /// A finding was linked to an earlier one.
        FindingLinked => "finding_linked", "Findings linked";
        /// A root-cause review was written.
        RootCauseSaved => "root_cause_saved", "Root-cause review saved";
        /// A root-cause review was completed.
        RootCauseFound => "root_cause_found", "Root-cause review complete";
        /// Another root-cause review was opened.
        RootCauseOpened => "root_cause_opened", "Root-cause review opened";
        /// A link was withdrawn.
        LinkWithdrawn => "link_withdrawn", "Link withdrawn";
        /// An action was agreed.
        ActionAgreed => "action_agreed", "Action agreed";
        /// An update was added.
        UpdateAdded => "update_added", "Update saved";
        /// Evidence was added.
        EvidenceAdded => "evidence_added", "Evidence added";
        /// Evidence was withdrawn.
        EvidenceWithdrawn => "evidence_withdrawn", "Evidence withdrawn";
        /// Evidence of something verified changed.
        CheckedAgain => "checked_again", "Saved, and sent to be checked again";
        /// A submission was taken back.
        TakenBack => "taken_back", "Back with you";
        /// An action was submitted.
        Submitted => "submitted", "Sent for verification";
        /// Verified as complete.
        VerifiedComplete => "verified_complete", "Verified as complete";
        /// Verified as partially complete.
        VerifiedPartly => "verified_partly", "Sent back to the owner";
        /// Verified as ineffective.
        VerifiedIneffective => "verified_ineffective", "Recorded as ineffective";
        /// The nominated individual recorded assurance.
        AssuranceGiven => "assurance_given", "Assurance recorded";
        /// The nominated individual challenged it.
        Challenged => "challenged", "Sent back with your challenge";
        /// An action was closed.
        Closed => "closed", "Action closed";
        /// An action was reopened.
        Reopened => "reopened", "Action reopened";
        /// An action has a new owner.
        OwnerChanged => "owner_changed", "Owner changed";
        /// Several actions have a new owner.
        OwnersChanged => "owners_changed", "Owners changed";
        /// An action has other words.
        Reworded => "reworded", "Wording changed";
        /// An action has a new due date.
        DateMoved => "date_moved", "Due date moved";
        /// An action was cancelled.
        Cancelled => "cancelled", "Action cancelled";
        /// An action was merged into another.
        Merged => "merged", "Action merged";
        /// A decision on an escalation was recorded.
        DecisionRecorded => "decision_recorded", "Decision recorded";
        /// A review was recorded.
        ReviewRecorded => "review_recorded", "Review recorded";
        /// A measure was defined.
        MeasureDefined => "measure_defined", "Measure defined";
        /// A measure was changed.
        MeasureChanged => "measure_changed", "Measure changed";
        /// A measure ended.
        MeasureEnded => "measure_ended", "Measure ended";
        /// A reading was recorded.
        ReadingRecorded => "reading_recorded", "Reading saved";
        /// Limits are calculated anew.
        LimitsRecalculated => "limits_recalculated", "Limits changed";
        /// An action was named that should move a measure.
        ActionNamed => "action_named", "Action named";
        /// A sustain check found that it has held.
        HasHeld => "has_held", "Check recorded";
        /// A sustain check found that it slips.
        IsSlipping => "is_slipping", "Check recorded: it is slipping";
        /// A sustain check found that it is lost.
        IsLost => "is_lost", "Check recorded: it is open again";
        /// The sample of a closure audit was drawn.
        SampleDrawn => "sample_drawn", "Sample drawn";
        /// The evidence of a closure stands up.
        StandsUp => "stands_up", "Audit recorded";
        /// The evidence of a closure does not stand up.
        DoesNotStandUp => "does_not_stand_up", "Audit recorded: it is open again";
        /// An early-warning sign was put aside.
        SignPutAside => "sign_put_aside", "Sign put aside";
        /// An early-warning sign is shown again.
        SignShownAgain => "sign_shown_again", "Sign shown again";
        /// Something was agreed for an action in a weekly review.
        AgreedWeekly => "agreed_weekly", "Agreed";
        /// Its owner says it is done, and it could be submitted.
        SaidDone => "said_done", "Noted as done";
        /// Its owner says it is done, and something is missing.
        SaidDoneLacking => "said_done_lacking", "Noted as done, but something is missing";
        /// A weekly review sent it up.
        SentUp => "sent_up", "Escalated";
        /// A weekly review would have sent it up, and it waits there already.
        WaitsAbove => "waits_above", "Noted";
        /// A weekly review was finished.
        WeeklyFinished => "weekly_finished", "Weekly review finished";
        /// Minutes of a governance meeting were written.
        MinutesSaved => "minutes_saved", "Minutes saved";
        /// Something was said in a governance meeting.
        MeetingDecided => "meeting_decided", "Recorded";
        /// An evidence pack was asked for.
        PackAsked => "pack_asked", "Evidence pack asked for";
        /// An evidence pack was withdrawn.
        PackWithdrawn => "pack_withdrawn", "Evidence pack withdrawn";
        /// A month was signed off.
        MonthSigned => "month_signed", "Month signed off";
        /// A review was signed off.
        ReviewSignedOff => "review_signed_off", "Review signed off";
        /// Somebody signed out.
        SignedOut => "signed_out", "You have signed out";
        /// A password was changed.
        PasswordChanged => "password_changed", "Password changed";
        /// A session was ended.
        SessionEnded => "session_ended", "Session ended";
        /// Somebody was invited by mail.
        Invited => "invited", "Invitation on its way";
        /// An invitation was withdrawn.
        InvitationWithdrawn => "invitation_withdrawn", "Invitation withdrawn";
        /// A reset of codes was asked for.
        CodesResetAsked => "codes_reset_asked", "Reset asked for";
        /// Codes were reset.
        CodesReset => "codes_reset", "Codes reset";
        /// A reset of codes was withdrawn.
        CodesResetWithdrawn => "codes_reset_withdrawn", "Reset withdrawn";
        /// An invitation was accepted.
        Joined => "joined", "You have joined";
        /// Somebody's place ended.
        MemberLeft => "member_left", "Place ended and work handed over";
        /// A closure standard, or the days to do something, changed.
        StandardChanged => "standard_changed", "Standard saved";
        /// Somebody marked what they were told as read.
        NoticesRead => "notices_read", "All marked as read";
        /// Somebody chose what they want by mail.
        MailChosen => "mail_chosen", "Your choice is saved";
        /// Somebody took the link of their calendar away.
        CalendarEnded => "calendar_ended", "Link switched off";
        /// A key for another program was ended.
        KeyEnded => "key_ended", "Key ended";
        /// A setting was changed.
        SettingChanged => "setting_changed", "Change saved";
    }
}

impl Done {
    /// What comes next, as one sentence.
    #[must_use]
    pub const fn next(self) -> &'static str {
        match self {
            Self::FindingLogged => "Agree an action with one owner and a due date.",
            Self::LineBegun => "The owner is told.",
            Self::FindingSetAside => "It stays readable and leaves the open list.",
            Self::SourceAdded => "The finding now shows on the page of that review as well.",
            Self::ActionAgreed => "The owner is told.",
            Self::UpdateAdded => "Your manager can see it.",
            Self::EvidenceAdded => "When all that is required is there, send it for verification.",
            Self::EvidenceWithdrawn => "It stays in the history with your reason.",
            Self::CheckedAgain => {
                "What had been checked has changed, so it is checked again before it closes."
            }
            Self::TakenBack => "Add what you want to add, then send it for checking again.",
            Self::Submitted => "Someone else checks it now. You will see the answer here.",
            Self::VerifiedComplete => {
                "It waits for closure; a high or critical risk waits for assurance first."
            }
            Self::VerifiedPartly => "The owner is told what is missing and the new date.",
            Self::VerifiedIneffective => "It is open again and has been escalated.",
            Self::AssuranceGiven => "It can now be closed by the person who approves closure.",
            Self::Challenged => "The owner is told, and the registered manager hears of it.",
            Self::Closed => "It stays readable, and can be reopened with a reason.",
            Self::Reopened => "The owner is told. Earlier evidence stays in the history.",
            Self::OwnerChanged => "The new owner is told. The earlier owner stays in the history.",
            Self::OwnersChanged => "The new owner is told of each. The earlier owner stays in the history.",
            Self::Reworded => "The earlier wording stays readable.",
            Self::DateMoved => "The earlier date stays on the record.",
            Self::Cancelled => "It stays readable with your reason.",
            Self::Merged => "The other one goes on. What was given here is readable from there.",
            Self::DecisionRecorded => "It is in the timeline, and no longer waits for you.",
            Self::ReviewRecorded => "Add what it found.",
            Self::MeasureDefined
            | Self::MeasureChanged
            | Self::MeasureEnded
            | Self::ReadingRecorded
            | Self::LimitsRecalculated
            | Self::ActionNamed => self.next_of_measure(),
            Self::HasHeld
            | Self::IsSlipping
            | Self::IsLost
            | Self::SampleDrawn
            | Self::StandsUp
            | Self::DoesNotStandUp => self.next_of_check(),
            Self::SignPutAside => {
                "It comes back on its day if it is still true, and at once if it gets worse."
            }
            Self::SignShownAgain => "It waits on the page of signs again.",
            Self::AgreedWeekly => "It is in the timeline of the action.",
            Self::SaidDone => "It is not submitted: its owner sends it for checking.",
            Self::SaidDoneLacking => "It cannot be sent for checking yet: its page says what is missing.",
            Self::SentUp => "Those who decide are told.",
            Self::WaitsAbove => "It waits for a decision there already, so nobody is told again.",
            Self::WeeklyFinished => "The minutes stay as they are. What was not reached is listed.",
            Self::MinutesSaved => "Somebody who wrote none of them signs the month off.",
            Self::MeetingDecided => "It is never changed, only followed by another.",
            Self::PackAsked | Self::PackWithdrawn => self.next_of_pack(),
            Self::MonthSigned => "Its figures and the rows behind them stay as they are.",
            Self::ReviewSignedOff => "Its findings go on until each is closed.",
            _ => self.next_of_place(),
        }
    }

    /// The same for what is done to one's account and to the settings.
    const fn next_of_place(self) -> &'static str {
        match self {
            Self::FindingLinked => "Say in the root-cause review why it came back.",
            Self::RootCauseSaved => "Its actions cannot close before it is complete.",
            Self::RootCauseFound => "It stays as it is. Its actions can close when they are proven.",
            Self::RootCauseOpened => "The earlier ones stay readable on the finding.",
            Self::LinkWithdrawn => "It stays in the timeline with your reason.",
            Self::SignedOut => "Close the window if others use this device.",
            Self::PasswordChanged => "Your other sessions have ended.",
            Self::SessionEnded => "That device has to sign in again.",
            Self::Invited => "The mail leaves within a minute. The link works once, for three days.",
            Self::InvitationWithdrawn => "Its link or code opens nothing any more.",
            Self::CodesResetAsked => "Another administrator has to confirm it within three days.",
            Self::CodesReset => "They set them up again the next time they sign in.",
            Self::CodesResetWithdrawn => "Their codes stay as they are.",
            Self::Joined => "Sign in to begin.",
            Self::MemberLeft => "New owners are told. What nobody took shows as unowned on the dashboard.",
            Self::StandardChanged => "It counts for what is agreed from now on.",
            Self::NoticesRead => "They stay here for 90 days.",
            Self::MailChosen => "It counts from the next message on.",
            Self::CalendarEnded | Self::KeyEnded => "It opens nothing any more.",
            _ => "It counts from now on.",
        }
    }

    /// The same for sustain checks and closure audits.
    const fn next_of_check(self) -> &'static str {
        match self {
            Self::IsSlipping => "Somebody looks again within a fortnight.",
            Self::IsLost => {
                "The owner is told, it has been escalated, and a root-cause review is open: it closes only when that is complete."
            }
            Self::SampleDrawn => "Audit each by itself. It stays as it was drawn.",
            Self::StandsUp => "The closure stays as it is.",
            Self::DoesNotStandUp => "The owner is told, and it has been escalated.",
            _ => "Its page says whether somebody looks again.",
        }
    }

    /// The same for what is done to packs.
    const fn next_of_pack(self) -> &'static str {
        match self {
            Self::PackAsked => "Look again in a moment: it is made in the background.",
            _ => "Copies that were fetched before are still where they went.",
        }
    }

    /// The same for what is done to measures.
    const fn next_of_measure(self) -> &'static str {
        match self {
            Self::MeasureDefined => "Record its first reading, or paste those you have.",
            Self::MeasureChanged => "What it was stays readable.",
            Self::MeasureEnded => "Its readings stay. It takes no more.",
            Self::LimitsRecalculated => "The reason stays with the chart.",
            Self::ActionNamed => "When it is closed, the chart shows the day.",
            _ => "The chart below has it.",
        }
    }
}

/// A message for the next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banner {
    /// What was done.
    pub done: Done,
    /// What it was done to, like `A-0142`.
    pub reference: Option<String>,
}

impl Banner {
    /// A message without a reference.
    #[must_use]
    pub const fn new(done: Done) -> Self {
        Self { done, reference: None }
    }

    /// A message about `reference` (one letter, a dash, figures). Anything else is left out.
    #[must_use]
    pub fn about(done: Done, reference: &str) -> Self {
        Self { done, reference: is_reference(reference).then(|| reference.to_owned()) }
    }

    /// Adds the cookie to `response`, usually a redirect.
    pub fn set_on(&self, response: &mut Response) {
        let mut cookie = format!("{COOKIE}={}", self.done.as_str());
        if let Some(reference) = &self.reference {
            let _ = write!(cookie, ".{reference}");
        }
        let _ = write!(cookie, "; Path=/; Max-Age={SECONDS}; HttpOnly; SameSite=Lax");
        append(response, &cookie);
    }

    /// The message in the cookies of a request; `None` when there is none or it is not one of ours.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let value = cookie_value(headers)?;
        let (code, reference) =
            value.split_once('.').map_or((value, None), |(code, rest)| (code, Some(rest)));
        let done = code.parse().ok()?;
        match reference {
            None => Some(Self::new(done)),
            Some(reference) if is_reference(reference) => Some(Self::about(done, reference)),
            Some(_) => None,
        }
    }
}

/// Whether a request carries the cookie at all, also a wrong one: it is cleared either way.
#[must_use]
pub fn is_waiting(headers: &HeaderMap) -> bool {
    cookie_value(headers).is_some()
}

/// Takes the cookie away with `response`.
pub fn clear_on(response: &mut Response) {
    append(response, &format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
}

fn append(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn cookie_value(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// One capital letter, a dash, one to nine figures.
fn is_reference(text: &str) -> bool {
    match text.as_bytes() {
        [letter, b'-', figures @ ..] => {
            letter.is_ascii_uppercase()
                && (1..=9).contains(&figures.len())
                && figures.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// The message that waits for this request's page, for the layout. Never fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting(pub Option<Banner>);

impl<S: Send + Sync> FromRequestParts<S> for Waiting {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(Banner::from_headers(&parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    #[test]
    fn the_words_are_words() {
        crate::domain::text_enum::assert_words::<Done>();
        for done in Done::ALL {
            assert!(done.next().ends_with('.'), "{done}");
        }
    }

    #[test]
    fn a_message_survives_the_journey() {
        for banner in [Banner::new(Done::Closed), Banner::about(Done::Submitted, "A-0142")] {
            let mut response = ().into_response();
            banner.set_on(&mut response);
            let cookie = response.headers().get(header::SET_COOKIE).unwrap().to_str().unwrap();
            let mut headers = HeaderMap::new();
            headers.insert(
                header::COOKIE,
                format!("a=b; {}", cookie.split(';').next().unwrap()).parse().unwrap(),
            );
            assert_eq!(Banner::from_headers(&headers), Some(banner));
        }
    }

    #[test]
    fn nobody_can_put_words_into_it() {
        for value in [
            "",
            "unknown",
            "closed.A-",
            "closed.<b>",
            "closed.A-01 42",
            "closed.A-0142.x",
            "closed.a-0142",
            "closed.A-1234567890",
            "Closed",
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, format!("{COOKIE}={value}").parse().unwrap());
            assert_eq!(Banner::from_headers(&headers), None, "{value}");
            assert!(is_waiting(&headers), "and it is still cleared");
        }
        assert_eq!(Banner::about(Done::Closed, "Ring 0800 123").reference, None);
    }
}
