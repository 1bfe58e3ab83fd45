//! What people do about what was closed or came back, and with measures; and that somebody leaves.

use chrono::Days;
use rand::RngExt as _;
use rand::rngs::StdRng;
use throughline::domain::closure_audit::Quarter;
use throughline::domain::measure::{Cadence, Reading};
use throughline::domain::recurrence::{Causes, Factor};
use throughline::domain::sustain::{Lasting, Sample};
use throughline::domain::verification::Method;
use throughline::domain::weekly::{Agreed, Standing};
use throughline::workflow::{
    Done, Stop, closure_audit, measure, person, recurrence, root_cause, sustain, weekly,
};

use super::play::{Play, one};

impl Play {
    pub(super) async fn later(&mut self, deed: &str, chance: &mut StdRng) -> Done<()> {
        match deed {
            "look" => self.look(chance).await,
            "draw" => {
                let quarter = Quarter::of(self.w.today()).before();
                closure_audit::draw(&self.w.app, self.w.actor("quality"), quarter, 6).await
            }
            "audit" => self.audit(chance).await,
            "ask" => self.ask(chance).await,
            "read" => self.read(chance).await,
            "name" => self.name(chance).await,
            "link" => self.link(chance).await,
            "unlink" => self.unlink(chance).await,
            "cause" => self.cause(chance).await,
            "weekly" => self.weekly(chance).await,
            "leave" => self.leave(chance).await,
            other => panic!("nobody does {other}"),
        }
    }

    /// Whether it lasts.
    async fn look(&mut self, chance: &mut StdRng) -> Done<()> {
        let sql = "SELECT ARRAY[c.id::text, a.number::text] FROM sustain_checks c JOIN actions a ON a.provider_id = c.provider_id AND a.id = c.action_id AND a.cycle = c.cycle
            WHERE c.provider_id = :p AND a.status = 'closed' AND c.result IS NULL AND c.due_on <= :today + 7 ORDER BY a.number, c.due_on";
        let row = self.pick(chance, sql).await?;
        let of = throughline::domain::reference::Reference::action(row[1].parse().unwrap());
        let given = sustain::Given {
            check: row[0].parse().unwrap(),
            lasting: one(chance, &[Lasting::Held, Lasting::Held, Lasting::Slipping, Lasting::Lost]),
            method: Method::RecordSample,
            sample: Some(Sample { size: 8, met: 6 }),
            measure: None,
            note: "Protocols written since the closure, on both units".into(),
        };
        let seen = self.w.version(of).await;
        sustain::look(&self.w.app, self.w.actor("nominated"), of.number, seen, &given).await.map(drop)
    }

    async fn audit(&mut self, chance: &mut StdRng) -> Done<()> {
        let sql = "SELECT ARRAY[a.number::text] FROM closure_audit_items i JOIN actions a ON a.provider_id = i.provider_id AND a.id = i.action_id AND a.closure_id = i.closure_id
            WHERE i.provider_id = :p AND a.status = 'closed' AND NOT EXISTS (SELECT 1 FROM closure_audit_results r WHERE r.closure_id = i.closure_id) ORDER BY a.number";
        let row = self.pick(chance, sql).await?;
        let of = throughline::domain::reference::Reference::action(row[0].parse().unwrap());
        let by = one(chance, &["nominated", "quality"]);
        let said = (
            chance.random_bool(0.5),
            "Opened all four records again; two of them do not show a maximum dose",
        );
        let seen = self.w.version(of).await;
        closure_audit::answer(&self.w.app, self.w.actor(by), of.number, seen, said).await.map(drop)
    }

    /// People are asked, and now and then it is counted again.
    async fn ask(&mut self, chance: &mut StdRng) -> Done<()> {
        let (id, by) = one(chance, &self.asked);
        let cadence = if by == "quality" { Cadence::Monthly } else { Cadence::Weekly };
        let newest = cadence.newest(self.w.today());
        let period = cadence.period_of(newest - Days::new(7 * chance.random_range(0..3)));
        let nobody = chance.random_bool(0.1);
        let numerator = (!nobody).then(|| f64::from(chance.random_range(0..21)));
        let reading = Reading { period, numerator, denominator: numerator.map(|_| 20.0) };
        measure::record(&self.w.app, self.w.actor(by), id, &[reading], "Counted again").await.map(drop)
    }

    /// What should get better is read.
    async fn read(&mut self, chance: &mut StdRng) -> Done<()> {
        let (id, by) = one(chance, &self.followed);
        let period = Cadence::Weekly.newest(self.w.today());
        let reading = Reading { period, numerator: Some(one(chance, &[0.0, 0.0, 8.0])), denominator: None };
        measure::record(&self.w.app, self.w.actor(by), id, &[reading], "Counted again").await.map(drop)
    }

    async fn name(&mut self, chance: &mut StdRng) -> Done<()> {
        let of = self.action(chance, "open").await?;
        let (id, by) = *self.followed.iter().find(|(_, by)| *by == of.manager).unwrap();
        measure::name_action(&self.w.app, self.w.actor(by), id, of.action.number).await
    }

    async fn link(&mut self, chance: &mut StdRng) -> Done<()> {
        let sql = "SELECT ARRAY[f.number::text, e.number::text] FROM findings f JOIN findings e ON e.provider_id = f.provider_id AND e.topic = f.topic AND (e.found_on, e.number) < (f.found_on, f.number)
            WHERE f.provider_id = :p ORDER BY f.number, e.number";
        let row = self.pick(chance, sql).await?;
        let (number, earlier) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        recurrence::link(&self.w.app, self.w.actor("quality"), number, earlier).await
    }

    async fn unlink(&mut self, chance: &mut StdRng) -> Done<()> {
        let sql = "SELECT ARRAY[f.number::text, e.number::text] FROM finding_links l JOIN findings f ON f.provider_id = l.provider_id AND f.id = l.finding_id
            JOIN findings e ON e.provider_id = l.provider_id AND e.id = l.earlier_id WHERE l.provider_id = :p AND l.withdrawn_at IS NULL ORDER BY f.number, e.number";
        let row = self.pick(chance, sql).await?;
        let (number, earlier) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        let why = "Another medicine, and another cause";
        recurrence::withdraw(&self.w.app, self.w.actor("quality"), number, earlier, why).await
    }

    /// Why it came back: without that it does not close again.
    async fn cause(&mut self, chance: &mut StdRng) -> Done<()> {
        let sql = "SELECT ARRAY[f.number::text, r.version::text] FROM root_cause_reviews r JOIN findings f ON f.provider_id = r.provider_id AND f.id = r.finding_id
            WHERE r.provider_id = :p AND r.completed_at IS NULL ORDER BY f.number";
        let row = self.pick(chance, sql).await?;
        let causes = Causes {
            factors: vec![Factor::ALL[0]],
            whys: vec!["The protocol is kept in another room than the medicines it is about".into()],
            analysis: "Nobody on the late shift had been shown where it is kept since the unit moved".into(),
            wider: String::new(),
            review_on: Some(self.in_days(30)),
        };
        let (number, seen) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        root_cause::save(&self.w.app, self.w.actor("quality"), number, seen, &causes, true).await
    }

    /// In the weekly review something goes up.
    async fn weekly(&mut self, chance: &mut StdRng) -> Done<()> {
        let by = one(chance, &["manager", "manager_two"]);
        let id = weekly::start(&self.w.app, self.w.actor(by), self.w.service_of(by)).await?;
        let sql = format!(
            "SELECT ARRAY[a.number::text, (SELECT count(*) FROM weekly_entries x WHERE x.weekly_review_id = i.weekly_review_id AND x.action_id = a.id)::text] FROM weekly_items i
             JOIN actions a ON a.provider_id = i.provider_id AND a.id = i.action_id WHERE i.provider_id = :p AND i.weekly_review_id = '{id}' ORDER BY a.number"
        );
        let row = self.pick(chance, &sql).await?;
        let standing = Standing::Escalate;
        let agreed =
            Agreed { standing, note: "It waits for the landlord".into(), support_needed: String::new() };
        let of = (row[0].parse().unwrap(), row[1].parse().unwrap());
        weekly::record(&self.w.app, self.w.actor(by), id, of, &agreed).await?;
        let present = vec![self.w.id(by)];
        let finish = weekly::Finish { present, others: String::new() };
        weekly::finish(&self.w.app, self.w.actor(by), id, &finish).await
    }

    async fn leave(&mut self, chance: &mut StdRng) -> Done<()> {
        let who = one(chance, &["leader", "visitor"]);
        if !self.gone.insert(who) {
            return Err(Stop::refused("They left before."));
        }
        person::end_place(&self.w.app, self.w.provider, self.w.id(who)).await
    }
}
