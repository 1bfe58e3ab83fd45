//! Weekly reviews: one service is reviewed every week, one has been left too long, one is half way through (R24).

use super::script::What::Weekly;
use super::script::{Deed, What, at, deed};
use super::stage::Stage;
use crate::domain::weekly::{Agreed, Standing};
use crate::workflow::weekly::{self, Finish};
use crate::workflow::{Actor, Stop};

/// The story.
pub fn story() -> Vec<Deed> {
    [every_week(), others()].concat()
}

/// Reviewed every week.
fn every_week() -> Vec<Deed> {
    vec![
        deed(
            at(10, 13, 30),
            "priya",
            Weekly {
                service: "rowan-house",
                agreed: &[
                    (
                        "bell-a",
                        Standing::Blocked,
                        "Two evenings are still slow. The rota holds on the other days.",
                        "An agency carer on Thursdays, asked for by the registered manager this week",
                    ),
                    (
                        "sling-a",
                        Standing::OnTrack,
                        "The inspection firm has been asked for its next visit.",
                        "",
                    ),
                    ("agency-a", Standing::OnTrack, "The induction sheet goes to the agency on Friday.", ""),
                ],
                present: &["priya", "daniel", "amara"],
                others: "The community pharmacist, for the medicines actions",
            },
        ),
        deed(
            at(3, 13, 30),
            "priya",
            Weekly {
                service: "rowan-house",
                agreed: &[
                    (
                        "sling-a",
                        Standing::OnTrack,
                        "Loan slings are in use until the inspection on Wednesday.",
                        "",
                    ),
                    (
                        "bell-a",
                        Standing::Blocked,
                        "Thursday has no agency carer yet.",
                        "The quality lead asks Linden View for an evening carer",
                    ),
                    ("breakfast-a", Standing::OnTrack, "", ""),
                ],
                present: &["priya", "daniel"],
                others: "",
            },
        ),
    ]
}

/// One service left too long, and one half way.
fn others() -> Vec<Deed> {
    vec![
        deed(
            at(8, 10, 0),
            "jonas",
            Weekly {
                service: "linden-view",
                agreed: &[("suction-a", Standing::OnTrack, "Both machines are on the daily check.", "")],
                present: &["jonas", "fiona"],
                others: "",
            },
        ),
        deed(at(1, 15, 0), "owen", Weekly { service: "harbour", agreed: &[], present: &[], others: "" }),
    ]
}

impl Stage<'_> {
    /// Holds a weekly review, and finishes it when somebody is said to have been there.
    pub(super) async fn hold_weekly(&self, by: &Actor, what: &What) -> Result<(), Stop> {
        let Weekly { service, agreed, present, others } = what else { return Ok(()) };
        let missing = |key: &str| Stop::refused(format!("the demo names {key}, which is not there"));
        let service = self.services.get(service).ok_or_else(|| missing(service))?.0;
        let id = weekly::start(self.app, by, service).await?;
        for (key, standing, note, support) in *agreed {
            let action = self.actions.get(key).ok_or_else(|| missing(key))?;
            let agreed =
                Agreed { standing: *standing, note: (*note).into(), support_needed: (*support).into() };
            weekly::record(self.app, by, id, (action.number, 0), &agreed).await?;
        }
        if present.is_empty() {
            return Ok(());
        }
        let present = present
            .iter()
            .map(|key| self.actors.get(key).map(|actor| actor.member.id).ok_or_else(|| missing(key)));
        let present = present.collect::<Result<Vec<_>, _>>()?;
        weekly::finish(self.app, by, id, &Finish { present, others: (*others).into() }).await
    }
}
