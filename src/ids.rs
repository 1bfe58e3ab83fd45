//! Typed ids, so that a finding's id cannot be passed where an action's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, ordered by the time it was made.
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
            /// The bare UUID, for a query's parameter.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }
        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

typed_ids! {
    /// A provider: the tenant.
    ProviderId;
    /// A person, who may be a member of several providers.
    UserId;
    /// A signed-in browser, by the name the person's own list gives it; never the secret that opens it.
    SessionId;
    /// A person's place in one provider.
    MemberId;
    /// A service of a provider.
    ServiceId;
    /// A unit of a service.
    UnitId;
    /// A review, the source of findings.
    ReviewId;
    /// A finding.
    FindingId;
    /// The link between a finding and an earlier one.
    FindingLinkId;
    /// A root-cause review.
    RootCauseId;
    /// An action.
    ActionId;
    /// A progress update on an action.
    UpdateId;
    /// A piece of evidence.
    EvidenceId;
    /// A file kept for a form that is not recorded yet.
    PendingUploadId;
    /// A verification.
    VerificationId;
    /// A nominated individual's assurance.
    AssuranceId;
    /// A closure.
    ClosureId;
    /// An escalation.
    EscalationId;
    /// A decision on an escalation.
    DecisionId;
    /// A closure standard.
    StandardId;
    /// A message waiting to be delivered.
    MessageId;
    /// Something a member is told in the program.
    NoticeId;
    /// An invitation.
    InvitationId;
    /// A request that somebody's one-time codes be taken away.
    CodeResetId;
    /// A weekly review of a service.
    WeeklyReviewId;
    /// A governance meeting.
    GovernanceId;
    /// A measure.
    MeasureId;
    /// A sustain check.
    SustainCheckId;
    /// The closure audit of a quarter.
    ClosureAuditId;
    /// A list that was taken out of the program.
    ExportId;
    /// A key of a provider's own programs.
    ApiKeyId;
    /// An evidence pack.
    PackId;
    /// A job for the worker.
    JobId;
    /// An import.
    ImportId;
    /// What was closed before Throughline.
    EarlierId;
}
