//! An action brought along the line by the people who do it: submitted, verified, assured, closed.

use throughline::domain::assurance::Word;
use throughline::domain::closure::AssuranceDecision;
use throughline::domain::closure::Case;
use throughline::domain::reference::Reference;
use throughline::domain::topic::{EvidenceKind, Risk, Topic};
use throughline::domain::verification::{Mark, Method, Outcome, Verdict};
use throughline::store::case;
use throughline::workflow::evidence::{Given, Offered};
use throughline::workflow::update::{Progress, record};
use throughline::workflow::{assurance, closure, submission, verification};

use super::fixtures::World;

impl World {
    /// The case of an action as it is now.
    pub async fn case(&self, of: Reference) -> Case {
        let mut tx = self.actor("quality").begin(&self.app).await.unwrap();
        let case = case::read(&mut tx, of.number).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        case
    }

    /// The version of an action as a page opened now would show it.
    pub async fn version(&self, of: Reference) -> i64 {
        self.case(of).await.action.version
    }

    /// What `by` would record: a note, and a reference for each kind.
    pub fn progress(&self, kinds: &[EvidenceKind]) -> Progress {
        let evidence = kinds.iter().map(|kind| Given {
            kind: *kind,
            title: Some(format!("{} of week 46", kind.label())),
            about_on: self.today(),
            note: String::new(),
            proof: Offered::Reference("Blue folder, Ash office".into()),
        });
        Progress {
            note: Some("All 12 protocols rewritten and in use".into()),
            done_on: Some(self.today()),
            evidence: evidence.collect(),
            ..Progress::default()
        }
    }

    /// Gives everything the action asks for and submits it, as its owner.
    pub async fn submit(&self, action: Reference, owner: &str) {
        let case = self.case(action).await;
        let progress = self.progress(&case.required);
        record(&self.app, self.actor(owner), action, &progress).await.unwrap();
        submission::submit(&self.app, self.actor(owner), action).await.unwrap();
    }

    /// A medicines action owned by `owner`, submitted.
    pub async fn submitted_action(&self, risk: Risk, owner: &str) -> Reference {
        let (_, action) = self.line(risk, Topic::Medicines, owner).await;
        self.submit(action, owner).await;
        action
    }

    /// A verdict that is accepted, for an action with these required kinds.
    pub fn verdict(&self, outcome: Outcome, kinds: &[EvidenceKind]) -> Verdict {
        Verdict {
            method: Method::RecordSample,
            sample_size: 10,
            met_standard: 9,
            note: "10 protocols looked at on both units, 9 with a maximum dose".into(),
            marks: kinds.iter().map(|kind| (*kind, Mark::Supports)).collect(),
            outcome,
            missing: (outcome == Outcome::PartiallyComplete).then(|| "The South round".into()),
            new_due_on: (outcome != Outcome::Complete).then(|| self.today() + chrono::Days::new(7)),
            exception_reason: None,
        }
    }

    /// `by` checks an action as it is now.
    pub async fn verify(&self, action: Reference, by: &str, outcome: Outcome) {
        let case = self.case(action).await;
        let verdict = self.verdict(outcome, &case.required);
        let seen = case.action.version;
        verification::verify(&self.app, self.actor(by), action.number, seen, &verdict).await.unwrap();
    }

    /// The same, verified as complete by the deputy.
    pub async fn verified_action(&self, risk: Risk, owner: &str) -> Reference {
        let action = self.submitted_action(risk, owner).await;
        self.verify(action, "deputy", Outcome::Complete).await;
        action
    }

    /// The nominated individual's word on an action as it is now.
    pub async fn assure(&self, action: Reference, decision: AssuranceDecision) {
        let challenged = decision == AssuranceDecision::Challenged;
        let word = Word {
            decision,
            note: "Looked at 4 protocols with the unit lead".into(),
            new_due_on: challenged.then(|| self.today() + chrono::Days::new(5)),
        };
        let seen = self.version(action).await;
        assurance::record(&self.app, self.actor("nominated"), action.number, seen, &word).await.unwrap();
    }

    /// `by` closes an action as it is now.
    pub async fn close(&self, action: Reference, by: &str) {
        let seen = self.version(action).await;
        let note = "Nobody was given more than the maximum dose in three weeks";
        closure::close(&self.app, self.actor(by), action.number, seen, note).await.unwrap();
    }

    /// The same, assured if the risk asks for it, and closed by the registered manager.
    pub async fn closed_action(&self, risk: Risk, owner: &str) -> Reference {
        let action = self.verified_action(risk, owner).await;
        if risk.is_high() {
            self.assure(action, AssuranceDecision::Assured).await;
        }
        self.close(action, "manager").await;
        action
    }
}
