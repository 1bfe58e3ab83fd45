//! What people do, each as the page would do it, with what chance puts in.

use rand::RngExt as _;
use rand::rngs::StdRng;
use throughline::domain::action::Status;
use throughline::domain::assurance::Word;
use throughline::domain::closure::AssuranceDecision;
use throughline::domain::topic::{EvidenceKind, ReviewKind, Risk, Theme, Topic};
use throughline::domain::verification::Outcome;
use throughline::ids::ReviewId;
use throughline::workflow::action::define;
use throughline::workflow::finding::{Source, add_source, log};
use throughline::workflow::update::record;
use throughline::workflow::{
    Done, Stop, assurance, change, closure, escalation, evidence, merging, submission, verification,
};

use super::play::{Play, one};
use crate::worker::{act, no_escalation};

const WHY: &str = "The rota of the unit changed, and so did the work";

impl Play {
    pub(super) async fn deed(&mut self, deed: &str, chance: &mut StdRng) -> Done<()> {
        match deed {
            "find" => self.find(chance).await,
            "merge" => self.merge(chance).await,
            "progress" => self.progress(chance).await,
            "submit" => self.submit(chance).await,
            "take_back" => self.take_back(chance).await,
            "verify" => self.verify(chance).await,
            "assure" => self.assure(chance).await,
            "close" => self.close(chance).await,
            "reopen" => self.reopen(chance).await,
            "escalate" => escalation::sweep(&self.w.app, self.w.provider).await.map(drop),
            "decide" => self.decide(chance).await,
            "extend" => self.extend(chance).await,
            "reassign" => self.reassign(chance).await,
            "cancel" => self.cancel(chance).await,
            "withdraw" => self.withdraw(chance).await,
            "source" => self.source(chance).await,
            "reword" => self.reword(chance).await,
            other => self.later(other, chance).await,
        }
    }

    async fn find(&mut self, chance: &mut StdRng) -> Done<()> {
        const TOPICS: [Topic; 4] =
            [Topic::Medicines, Topic::MissedFollowUp, Topic::FamilyCommunication, Topic::Falls];
        const KINDS: [ReviewKind; 4] =
            [ReviewKind::Audit, ReviewKind::Complaint, ReviewKind::FeedbackRound, ReviewKind::DailyCheck];
        let (by, team): (&str, &[&'static str]) = if chance.random_bool(0.6) {
            ("manager", &["carer", "leader", "manager", "deputy_two"])
        } else {
            ("manager_two", &["visitor", "visitor", "manager_two", "deputy_two"])
        };
        let mut finding = self.w.finding(by, one(chance, Risk::ALL), one(chance, &TOPICS));
        finding.theme = one(chance, Theme::ALL);
        finding.found_on = self.w.today() - chrono::Days::new(chance.random_range(0..7));
        let held_on = finding.found_on;
        finding.source =
            Source::New { id: ReviewId::new(), kind: one(chance, &KINDS), held_on, title: String::new() };
        let found = log(&self.w.app, self.w.actor(by), &finding, None).await?;
        for _ in 0..chance.random_range(1..3) {
            let owner = one(chance, team);
            let mut new = self.w.action(owner);
            if chance.random_bool(0.1) || self.gone.contains(owner) {
                new.owner = None;
            }
            new.due_on = Some(self.in_days(chance.random_range(0..15)));
            if chance.random_bool(0.3) {
                new.evidence.push(EvidenceKind::Feedback);
            }
            define(&self.w.app, self.w.actor(by), found.number, &new).await?;
        }
        Ok(())
    }

    /// The same is agreed once more, and merged into what is there.
    async fn merge(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "with_owner").await?;
        let case = self.w.case(of.action).await;
        let mut new = self.w.action(of.manager);
        (new.evidence, new.due_on) = (case.required.clone(), Some(self.in_days(14)));
        let sql =
            format!("SELECT ARRAY[f.number::text] FROM findings f WHERE f.id = '{}'", case.action.finding_id);
        let finding = self.pick(chance, &sql).await?[0].parse().unwrap();
        let twin = define(&self.w.app, self.w.actor(of.manager), finding, &new).await?;
        let seen = self.w.version(twin).await;
        merging::merge(&self.w.app, self.w.actor(of.manager), twin.number, seen, of.action.number, WHY).await
    }

    async fn progress(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "owned").await?;
        let kinds = [EvidenceKind::Record, EvidenceKind::Feedback, EvidenceKind::Briefing];
        let given = &kinds[..chance.random_range(0..3)];
        record(&self.w.app, self.w.actor(of.owned()), of.action, &self.w.progress(given)).await.map(drop)
    }

    async fn submit(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "owned").await?;
        let mut kinds = self.w.case(of.action).await.required;
        if chance.random_bool(0.3) {
            kinds.push(EvidenceKind::Feedback);
        }
        let progress = self.w.progress(&kinds);
        record(&self.w.app, self.w.actor(of.owned()), of.action, &progress).await?;
        submission::submit(&self.w.app, self.w.actor(of.owned()), of.action).await.map(drop)
    }

    async fn take_back(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "submitted").await?;
        let Some(owner) = of.owner else { return Err(Stop::refused("Nobody owns it.")) };
        submission::take_back(&self.w.app, self.w.actor(owner), of.action).await
    }

    async fn verify(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "submitted").await?;
        let by = one(chance, &["deputy_two", "quality", "nominated", of.manager]);
        let case = self.w.case(of.action).await;
        let outcome = match chance.random_range(0..10) {
            0 | 1 => Outcome::PartiallyComplete,
            2 => Outcome::Ineffective,
            _ => Outcome::Complete,
        };
        let mut verdict = self.w.verdict(outcome, &case.required);
        verdict.new_due_on = verdict.new_due_on.map(|_| self.in_days(chance.random_range(0..12)));
        let (number, seen) = (of.action.number, case.action.version);
        verification::verify(&self.w.app, self.w.actor(by), number, seen, &verdict).await.map(drop)
    }

    async fn assure(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "assure").await?;
        let challenged = chance.random_bool(0.2);
        let word = Word {
            decision: if challenged { AssuranceDecision::Challenged } else { AssuranceDecision::Assured },
            note: "Looked at 4 protocols with the unit lead".into(),
            new_due_on: challenged.then(|| self.in_days(chance.random_range(0..9))),
        };
        let seen = self.w.version(of.action).await;
        assurance::record(&self.w.app, self.w.actor("nominated"), of.action.number, seen, &word).await
    }

    async fn close(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "verified").await?;
        let by = one(chance, &["quality", of.manager]);
        let seen = self.w.version(of.action).await;
        let note = "Nobody was given more than the maximum dose in three weeks";
        closure::close(&self.w.app, self.w.actor(by), of.action.number, seen, note).await.map(drop)
    }

    async fn reopen(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "closed").await?;
        let (seen, due) = (self.w.version(of.action).await, self.in_days(chance.random_range(0..15)));
        closure::reopen(&self.w.app, self.w.actor("nominated"), of.action.number, seen, WHY, due).await
    }

    async fn decide(&mut self, chance: &mut StdRng) -> Done<()> {
        let sql = "SELECT ARRAY[e.id::text, a.number::text] FROM undecided_escalations u JOIN escalations e ON e.id = u.escalation_id JOIN actions a ON a.id = e.action_id
            WHERE a.provider_id = :p ORDER BY a.number, e.level, e.at, e.cause";
        let row = self.pick(chance, sql).await?;
        let of = throughline::domain::reference::Reference::action(row[1].parse().unwrap());
        let mut given = if chance.random_bool(0.7) { act(None) } else { no_escalation() };
        if chance.random_bool(0.3) && self.w.case(of).await.action.status.with_owner() {
            given.revised_due_on = Some(self.in_days(chance.random_range(0..20)));
        }
        if !given.interim_control.is_empty() && chance.random_bool(0.5) {
            given.control.check_on = Some(self.in_days(1));
            given.control.until = Some(self.in_days(chance.random_range(1..12)));
        }
        let seen = self.w.version(of).await;
        let id = row[0].parse().unwrap();
        escalation::decide(&self.w.app, self.w.actor("nominated"), id, seen, &given).await.map(drop)
    }

    async fn extend(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "with_owner").await?;
        let (seen, due) = (self.w.version(of.action).await, self.in_days(chance.random_range(0..25)));
        change::extend(&self.w.app, self.w.actor("nominated"), of.action.number, seen, due, WHY).await
    }

    async fn reassign(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "open").await?;
        let to = one(chance, &["carer", "visitor", "leader", "deputy_two", "manager", "manager_two"]);
        let (seen, to) = (self.w.version(of.action).await, self.w.id(to));
        change::reassign(&self.w.app, self.w.actor("nominated"), of.action.number, seen, to, WHY).await
    }

    async fn cancel(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "open").await?;
        let seen = self.w.version(of.action).await;
        change::cancel(&self.w.app, self.w.actor("nominated"), of.action.number, seen, WHY).await
    }

    async fn withdraw(&mut self, chance: &mut StdRng) -> Done<()> {
        let sql = "SELECT ARRAY[e.id::text, a.service_id::text] FROM evidence e JOIN actions a ON a.provider_id = e.provider_id AND a.id = e.action_id AND a.cycle = e.cycle
            WHERE e.provider_id = :p AND e.withdrawn_at IS NULL AND a.status NOT IN ('closed', 'cancelled') ORDER BY a.number, e.at, e.kind, e.id";
        let row = self.pick(chance, sql).await?;
        let by = self.manager_of(&row[1]);
        evidence::withdraw(&self.w.app, self.w.actor(by), row[0].parse().unwrap(), WHY).await.map(drop)
    }

    async fn source(&mut self, chance: &mut StdRng) -> Done<()> {
        let sql = "SELECT ARRAY[f.number::text, f.service_id::text] FROM findings f WHERE f.provider_id = :p ORDER BY f.number";
        let row = self.pick(chance, sql).await?;
        let (id, held_on, title) = (ReviewId::new(), self.w.today(), String::new());
        let from = Source::New { id, kind: ReviewKind::Complaint, held_on, title };
        let by = self.manager_of(&row[1]);
        add_source(&self.w.app, self.w.actor(by), row[0].parse().unwrap(), &from).await
    }

    async fn reword(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "with_owner").await?;
        let case = self.w.case(of.action).await;
        assert_ne!(case.action.status, Status::Closed);
        let what = format!("Add a maximum dose to all {} protocols", chance.random_range(13..99));
        let test = case.action.success_test.clone();
        let words = change::NewWords { what: &what, success_test: &test, kept: None, reason: WHY };
        let seen = case.action.version;
        change::reword(&self.w.app, self.w.actor(of.manager), of.action.number, seen, words).await
    }
}
