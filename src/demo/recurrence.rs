//! What came back on the demo's stage: linked to what was found before, and its root cause found.

use super::script::What;
use super::stage::{Stage, find};
use crate::domain::recurrence::Causes;
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
            _ => Ok(()),
        }
    }
}
