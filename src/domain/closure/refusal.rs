//! Why an action cannot close, or not by this person (R17).

use super::Item;
use crate::domain::access::Denial;
use crate::domain::action::Status;
use crate::domain::standard::Approver;
use crate::domain::words;

/// Why an action cannot close, or not by this person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClosureRefusal {
    /// The person may not approve this closure.
    Denied(Denial),
    /// Another role approves it (R17, R20).
    OtherApprover(Approver),
    /// It is not waiting for closure.
    NotVerified(Status),
    /// These lines of the checklist are not met.
    Missing(Vec<Item>),
}

impl ClosureRefusal {
    /// The sentence for the page.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Denied(denial) => denial.sentence().into(),
            Self::OtherApprover(Approver::QualityLead) => "The quality lead approves this closure.".into(),
            Self::OtherApprover(Approver::RegisteredManager) => {
                "The registered manager approves this closure.".into()
            }
            Self::NotVerified(status) => {
                format!("It cannot be closed: it is {}.", status.label().to_lowercase())
            }
            Self::Missing(items) => format!(
                "It cannot be closed yet. Missing: {}.",
                words::list(&items.iter().map(|i| i.title.to_lowercase()).collect::<Vec<_>>())
            ),
        }
    }
}
