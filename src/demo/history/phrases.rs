//! The words of everyday work: what is found again and again in services like these, what is done about it, and what people
//! write when they check. `{a}` of `{b}` are numbers.

use super::super::cast::Place;
use crate::domain::topic::EvidenceSource::{
    self, Complaint, Data, Feedback, IncidentReport, Observation, PeopleSaid, RecordCheck, StaffSaid,
};
use crate::domain::topic::ReviewKind::{
    self, Audit, Complaint as FromComplaint, FeedbackRound, IncidentReview, SpotCheck, Walkaround,
};
use crate::domain::topic::Theme::{
    self, DocumentationQuality, Experience, Governance, Safeguarding, Safety, WorkforceCompetence,
};
use crate::domain::topic::{ServiceKind, Topic};

/// Something that is found, and what is done about it.
#[derive(Debug)]
pub struct Phrase {
    /// Topic.
    pub topic: Topic,
    /// Theme.
    pub theme: Theme,
    /// In homes, in home care, or anywhere.
    pub place: In,
    /// The review that finds it.
    pub review: (ReviewKind, &'static str),
    /// What it rests on.
    pub source: EvidenceSource,
    /// What was found.
    pub found: &'static str,
    /// What will be different.
    pub action: &'static str,
    /// How success is tested.
    pub success: &'static str,
    /// Where its records are kept.
    pub kept: &'static str,
}

/// Where it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum In {
    /// Where people live together.
    Homes,
    /// Where people are visited.
    Visits,
    /// Both.
    Both,
    /// In care homes without nurses.
    Residential,
}

impl Phrase {
    /// Whether it can be found in a service.
    pub fn fits(&self, place: &Place) -> bool {
        match self.place {
            In::Homes => place.kind != ServiceKind::HomeCare,
            In::Visits => place.kind == ServiceKind::HomeCare,
            In::Both => true,
            In::Residential => place.kind == ServiceKind::Residential,
        }
    }
}

const fn phrase(
    topic: Topic,
    theme: Theme,
    place: In,
    review: (ReviewKind, &'static str),
    source: EvidenceSource,
    [found, action, success, kept]: [&'static str; 4],
) -> Phrase {
    Phrase { topic, theme, place, review, source, found, action, success, kept }
}

/// What reviews find whose evidence is records and practice.
#[rustfmt::skip]
pub const SEEN: &[Phrase] = &[
    phrase(Topic::Medicines, Safety, In::Homes, (Audit, "Medication audit"), RecordCheck, [
        "{a} of {b} MAR charts have a gap without a code.",
        "Put the code sheet inside each of the {b} MAR folders and have the senior read all charts before the end of each shift",
        "{b} MAR charts of the following two weeks have no gap without a code", "MAR folder"]),
    phrase(Topic::Medicines, Safety, In::Visits, (Audit, "Medication audit"), RecordCheck, [
        "{a} of {b} medicine records do not say who gave the dose at the evening visit.",
        "Add a line for the initials to the {b} medicine records and have the coordinator read {a} of them each Friday",
        "{b} records of the following fortnight have initials at each visit", "Medicine records, branch office"]),
    phrase(Topic::Falls, Safety, In::Homes, (IncidentReview, "Falls review"), IncidentReport, [
        "After {a} of {b} falls the risk assessment was not looked at within a day.",
        "Put the review after a fall on the nurse's or senior's shift list, and complete the {a} that are open by Friday",
        "The next {b} falls each have a review dated within a day", "Falls folder"]),
    phrase(Topic::Nutrition, Safety, In::Homes, (Audit, "Nutrition audit"), RecordCheck, [
        "{a} of {b} people were not weighed in the month although their plan says so.",
        "Weigh the {a} people this week and print the list of weights due on the first of each month for the unit",
        "All {b} weights of the next month are in the record on time", "Weight charts"]),
    phrase(Topic::CareRecords, DocumentationQuality, In::Both, (Audit, "Care record audit"), RecordCheck, [
        "{a} of {b} care plans are past their review date.",
        "Review the {a} care plans with the person or family and put all {b} review dates on the office board",
        "{b} of {b} plans are within their review date at the next audit", "Care plans"]),
    phrase(Topic::CareRecords, DocumentationQuality, In::Both, (Audit, "Care record audit"), RecordCheck, [
        "{a} of {b} daily records say what was done and not how the person was.",
        "Show three good entries at each team meeting this month and have the senior read {b} entries each week with the writer",
        "{b} entries drawn by lot say how the person was", "Daily records"]),
    phrase(Topic::InfectionPrevention, Safety, In::Both, (SpotCheck, "Infection prevention spot check"), Observation, [
        "{a} of {b} hand hygiene moments observed were missed between two people.",
        "Put gel at the {b} points where care changes from one person to the next and have the champion watch ten moments a week",
        "At least nine of ten moments are seen in two weeks running", "Infection prevention folder"]),
    phrase(Topic::Environment, Safety, In::Residential, (Walkaround, "Walkaround"), Observation, [
        "{a} of {b} window restrictors do not hold.",
        "Replace the {a} restrictors and test all {b} on the first Monday of the month with two initials in the book",
        "An unannounced test finds {b} of {b} restrictors holding", "Maintenance book"]),
    phrase(Topic::Environment, Safety, In::Residential, (Walkaround, "Walkaround"), Observation, [
        "{a} of {b} call bell cords in bathrooms were tied up out of reach.",
        "Untie the {a} cords, fit a weight to all {b} and add them to the evening round sheet",
        "{b} cords reach the floor at two unannounced checks", "Evening round sheets"]),
    phrase(Topic::Staffing, WorkforceCompetence, In::Both, (Audit, "Rota audit"), Data, [
        "On {a} of {b} shifts the planned number of staff was not reached.",
        "Agree two bank workers for each week ahead and publish the rota 14 days before, checked by the manager each Thursday",
        "At least {b} of {b} shifts in the next fortnight reach the planned number", "Rota and timesheets"]),
    phrase(Topic::Training, WorkforceCompetence, In::Both, (Audit, "Training matrix audit"), RecordCheck, [
        "{a} of {b} staff have no observed moving and handling practice this year.",
        "Observe the {a} staff on shift by the end of the month and write the date of all {b} into the matrix",
        "Five staff asked at random move a person as the plan says", "Training matrix"]),
    phrase(Topic::Training, WorkforceCompetence, In::Both, (Audit, "Supervision audit"), RecordCheck, [
        "{a} of {b} supervisions of the quarter were not held.",
        "Give each of the {a} staff a date within three weeks and have the deputy read {b} supervision notes",
        "{b} of {b} supervisions are held with notes that name one thing to practise", "Supervision file"]),
    phrase(Topic::SafeguardingLearning, Safeguarding, In::Both, (IncidentReview, "Incident review"), StaffSaid, [
        "{a} of {b} staff asked did not know whom to ring about a concern at the weekend.",
        "Put the weekend number on the badge card of all {b} staff and go through one case at each of three handovers",
        "Five staff asked without notice name the number and the limit of 24 hours", "Safeguarding file"]),
    phrase(Topic::SkinIntegrity, Safety, In::Homes, (Audit, "Skin integrity audit"), RecordCheck, [
        "{a} of {b} mattress settings did not match the person's weight.",
        "Set the {a} mattresses and write the right setting of all {b} on the bed frame label",
        "{b} mattresses are at the setting on their label on two visits", "Skin integrity folder"]),
    phrase(Topic::Consent, DocumentationQuality, In::Both, (Audit, "Consent audit"), RecordCheck, [
        "{a} of {b} records have a decision made for somebody without a capacity assessment.",
        "Assess capacity for the {a} decisions with the people who know the person, and record what helps them decide",
        "{b} records drawn by lot show who was asked and how", "Care plans, consent section"]),
    phrase(Topic::FamilyCommunication, Experience, In::Both, (Audit, "Incident form audit"), RecordCheck, [
        "{a} of {b} incident forms have no time of the call to the family.",
        "Move the call to page one of the form and have the senior on shift initial it for the next {b} incidents",
        "{b} forms in a row carry a time and a name", "Incident folder"]),
    phrase(Topic::Complaints, Governance, In::Both, (Audit, "Complaints audit"), RecordCheck, [
        "{a} of {b} complaints were answered after the 20 days that were promised.",
        "Write the date of the answer on the first page of each complaint and go through all open ones each Tuesday",
        "The next {b} complaints are answered within 20 days", "Complaints log"]),
    phrase(Topic::Governance, Governance, In::Both, (Audit, "Audit of audits"), RecordCheck, [
        "{a} of {b} audits of the quarter name no sample.",
        "Add the sample to the front of each audit form and send the {a} back to be completed within ten days",
        "{b} audits of the next quarter say what was sampled", "Audit folder"]),
    phrase(Topic::Distress, Safety, In::Homes, (IncidentReview, "Incident review"), IncidentReport, [
        "In {a} of {b} incidents of distress the plan was not followed first.",
        "Go through the {a} incidents with the staff who were there and put the first three steps on the inside of the cupboard door",
        "In the next {b} incidents the first three steps are recorded", "Incident folder"]),
    phrase(Topic::Other, Safety, In::Visits, (SpotCheck, "Spot checks of visits"), Observation, [
        "{a} of {b} key safes had no changed code after a care worker left.",
        "Change the code of the {a} key safes and write the date of all {b} into the branch list",
        "{b} codes are dated after the last leaver", "Branch list of key safes"]),
];

/// What people and families say.
#[rustfmt::skip]
pub const SAID: &[Phrase] = &[
    phrase(Topic::Dignity, Experience, In::Both, (FeedbackRound, "People's views"), PeopleSaid, [
        "{a} of {b} people say that staff talk to each other over them during care.",
        "Watch two care rounds a week with the staff concerned and ask the {b} people again after three weeks",
        "At least nine of ten people asked say that staff talk with them", "Feedback folder"]),
    phrase(Topic::Nutrition, Experience, In::Homes, (FeedbackRound, "People's views on meals"), PeopleSaid, [
        "{a} of {b} people say that supper is too early and cold when it comes.",
        "Serve supper at half past five from the heated trolley for four weeks and ask the {b} people each Friday",
        "At least nine of ten people say that supper is warm and late enough", "Kitchen and feedback folder"]),
    phrase(Topic::CallTimes, Experience, In::Visits, (FromComplaint, "Complaint about visit times"), Complaint, [
        "{a} of {b} visits in the month of the complaint began more than half an hour late.",
        "Move two visits of the round to the morning team and ring the family after each of the next two weeks",
        "The family says that visits are on time and {b} of {b} visits begin within 15 minutes", "Call data"]),
    phrase(Topic::FamilyCommunication, Experience, In::Both, (FromComplaint, "Complaint about communication"), Complaint, [
        "A family heard of a change of medicine {a} days later, from the pharmacy.",
        "Put the call to the family on the change form with a time and ask the {b} families with a change this month how they heard",
        "All {b} families say that they heard from us within a day", "Complaints log and family contact sheet"]),
    phrase(Topic::Staffing, Experience, In::Both, (FeedbackRound, "Families' survey"), Feedback, [
        "{a} of {b} families say that they see a different face at each visit.",
        "Give each person a team of four and publish who comes on Sunday for the week, and ask the {b} families again in a month",
        "At least nine of ten families can name the team", "Survey folder"]),
    phrase(Topic::Other, Experience, In::Both, (FeedbackRound, "People's views"), PeopleSaid, [
        "{a} of {b} people say that nobody asked them what they would like to do at the weekend.",
        "Ask each person on Thursday, write it on the weekend sheet and ask the {b} people on Monday how it was",
        "At least nine of ten people say that they were asked and did it", "Activity sheets and feedback folder"]),
];

/// What was missed and is to be followed up, by where it came from.
#[rustfmt::skip]
pub const MISSED: &[Phrase] = &[
    missed("Daily check: appointments", "The letter after an outpatient visit was not read for {a} days.",
        "Read the letter with the person, enter the change into the record and tell the nurse or senior in charge",
        "The record shows the change and who was told"),
    missed("Daily check: appointments", "A hearing test was not booked although the GP asked for it {a} days ago.",
        "Book the test with transport and write both into the diary", "The diary shows test and transport"),
    missed("Daily check: incidents", "The observation after a bumped head was stopped {a} hours too early.",
        "Complete the observation with the nurse or senior in charge and note who decided", "The chart is complete and signed"),
    missed("Daily check: incidents", "The family was not told of a torn nail until {a} days later.",
        "Ring the family, say what happened and write the call into the record", "The record shows the call and what the family said"),
    missed("Daily check: handovers", "A request for new glasses was handed over {a} times and not sent.",
        "Send the request with the prescription and note the day of delivery", "The record shows request and day"),
    missed("Daily check: handovers", "The change of a thickener was passed on by word for {a} shifts and not written down.",
        "Write the new thickness into the plan and onto the drinks chart before the next round", "Plan and chart say the same"),
];

const fn missed(
    title: &'static str,
    found: &'static str,
    action: &'static str,
    success: &'static str,
) -> Phrase {
    let review = (ReviewKind::DailyCheck, title);
    let words = [found, action, success, "Care record"];
    phrase(Topic::MissedFollowUp, Safety, In::Both, review, RecordCheck, words)
}

/// What an owner writes when it is done.
pub const DONE: &[&str] = &[
    "All of it is done since Monday, and the records are where they belong.",
    "Done with the whole team; two were on leave and were shown on their first shift.",
    "In place for a week now. The sheet hangs where it is used.",
    "Finished today. I went through each one myself and noted the date.",
];

/// What an owner writes when it is done after it had been sent back.
pub const DONE_AGAIN: &[&str] = &[
    "The ones that were missing are there now; the sample is new.",
    "Went through the rest with the night team and took another sample.",
    "Completed on both floors, with the dates that were missing.",
];

/// What is missing when a check sends it back.
pub const LACKS: &[&str] = &[
    "The sample is of one shift only. Take another that has nights and a weekend in it.",
    "Two of the records carry no date. Complete them and sample again.",
    "The paper is there, but two people asked did not know of it. Go through it with them and show that they do.",
    "The evidence is from before the change. Bring some from after it.",
];

/// What a verifier writes who is satisfied.
pub const CHECKED: &[&str] = &[
    "Drew the sample myself from the list: each one is dated, signed and right.",
    "Looked at the records and went to see two of them in practice: they agree.",
    "Asked three staff on different shifts and compared with the records; all say and do the same.",
    "Read the sample without the owner there. It meets the test that was agreed.",
];

/// What a verifier writes who is not.
pub const NOT_YET: &[&str] = &[
    "Half of what I looked at is as agreed, the other half is not there yet.",
    "The work is done on day shifts. Nights and the weekend do not show it yet.",
    "The records are better, practice is mixed: two of five did it the old way.",
];

/// Why it is closed.
pub const CLOSED: &[&str] = &[
    "The test that was agreed is met, and somebody else has seen it.",
    "Records and practice show the same. It is looked at again in a month.",
    "The sample is right and the team knows why. Closed, with a date to look again.",
];

/// Why the nominated individual is assured.
pub const ASSURED: &[&str] = &[
    "Read the verdict and the sample, and asked the manager what happens when the owner is away. The answer is written down.",
    "Went through the evidence with the manager. What kept people safe meanwhile was in place all the time.",
    "Saw the records on my visit: practice has changed, not only the form.",
];

/// A decision on what is late: risk, why it is late, support, what keeps people safe.
pub const DECIDED: &[[&str; 4]] = &[
    [
        "It could happen again before the work is done.",
        "The owner was needed on shift for two weeks.",
        "A bank senior on Tuesdays, so that the owner has the time.",
        "The deputy looks at it at each handover until it is done and initials the sheet.",
    ],
    [
        "Somebody could be harmed by what is still open.",
        "Parts were ordered and have not come.",
        "The manager rings the supplier each day.",
        "What is not mended is out of use and labelled; the senior checks it twice a day.",
    ],
    [
        "People would have to say the same thing twice.",
        "Two of the staff concerned were on leave.",
        "",
        "The manager sees the people concerned herself each Friday until then.",
    ],
];

/// Why no escalation is needed.
pub const STAYS: &[&str] = &[
    "The owner has the time and the means, it is due within days, and the manager looks at it each morning.",
    "What put people at risk was mended the same day; what is left is the proof that it lasts.",
    "The risk is held by the interim check on each shift, and the nominated individual knows.",
];

/// What is seen when something that was closed is looked at again.
pub const HELD: &[&str] = &[
    "Drew another sample of the last fortnight: it is as it was when this was closed.",
    "Asked on two shifts and looked at the records: the practice has become habit.",
    "The same test as at the closure, with other records: it holds.",
];

/// The same when it begins to go back.
pub const SLIPS: &str =
    "Most of the sample is right; the ones that are not are all from weekends with agency staff.";

/// The same when it is lost.
pub const LOST: &str =
    "Half of the sample is as it was before: the sheet went out of use when the senior changed units.";

/// Why something came back, and why that: one line each.
pub const WHYS: &[[&str; 3]] = &[
    [
        "The people who had changed their practice were not on the shifts concerned",
        "What was agreed stood in the minutes and not where the work is done",
        "Nobody looked after the first sample had been good",
    ],
    [
        "The form was put right and the way of working was not",
        "New staff learn from those beside them, who had not been shown",
        "The check was made by the same person each time, on the same day of the week",
    ],
];

/// What changes elsewhere because of it.
pub const WIDER: &str = "The check is on the shift list of every service now, with another person each week.";
