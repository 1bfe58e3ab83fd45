//! What came back on the demo's stage: linked to what was found before, and its root cause found. And what was closed, audited.

use super::script::What;
use super::stage::{Stage, find};
use crate::domain::closure_audit::Quarter;
use crate::domain::recurrence::Causes;
use crate::store::closure_audit;
use crate::workflow::{self, Actor, Stop};

impl Stage<'_> {
    pub(super) async fn come_back(&self, by: &Actor, what: &What) -> Result<(), Stop> {
        let number = |key: &str| {
            let found = find(&self.findings, key).map_err(|trouble| Stop::refused(trouble.to_string()));
            found.map(|reference| reference.number)
        };
        match what {
            What::CameBack { finding, earlier } => {
                workflow::recurrence::link(self.app, by, number(finding)?, number(earlier)?).await
            }
            What::RootCause { finding, factors, whys, wider, review } => {
                let causes = Causes {
                    factors: factors.to_vec(),
                    whys: whys.iter().map(|why| (*why).to_owned()).collect(),
                    analysis: String::new(),
                    wider: (*wider).to_owned(),
                    review_on: Some(self.day(*review)),
                };
                workflow::root_cause::save(self.app, by, number(finding)?, 1, &causes, true).await
            }
            What::AuditsClosures { size, leaves, notes } => self.audit(by, (*size, *leaves), notes).await,
            _ => Ok(()),
        }
    }

    /// Draws the sample of the quarter before this one and audits what this member may; where nothing was closed in it there is
    /// nothing to draw.
    async fn audit(&self, by: &Actor, (size, leaves): (usize, usize), notes: &[&str]) -> Result<(), Stop> {
        let quarter = Quarter::of(self.app.clock.today()).before();
        match workflow::closure_audit::draw(self.app, by, quarter, size).await {
            Err(Stop::Refused(_)) => return Ok(()),
            drawn => drawn?,
        }
        let mut tx = by.begin(self.app).await?;
        let items = closure_audit::items(&mut tx, quarter.first(), by.member.id).await?;
        drop(tx);
        let own = items.iter().filter(|item| !item.judged).skip(leaves);
        for (item, note) in own.zip(notes.iter().cycle()) {
            let seen = self.case(item.number).await?.action.version;
            workflow::closure_audit::answer(self.app, by, item.number, seen, (true, note)).await?;
        }
        Ok(())
    }
}
