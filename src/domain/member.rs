//! A person's place in a provider: role, services, and what follows from them.

use super::text_enum::text_enum;
use crate::ids::{MemberId, ServiceId};

text_enum! {
    /// What a member may do; the job title is free text beside it.
    pub enum Role {
        /// Care worker, senior carer, key worker: own actions, and findings they logged.
        CareStaff => "care_staff", "Care staff";
        /// Shift lead or care coordinator.
        TeamLeader => "team_leader", "Team leader";
        /// Deputy manager.
        DeputyManager => "deputy_manager", "Deputy manager";
        /// Registered, branch or home manager.
        RegisteredManager => "registered_manager", "Registered manager";
        /// Safeguarding lead: the whole provider.
        SafeguardingLead => "safeguarding_lead", "Safeguarding lead";
        /// Quality lead: the whole provider.
        QualityLead => "quality_lead", "Quality lead";
        /// Nominated individual: the whole provider, and the word on high-risk closures (R18).
        NominatedIndividual => "nominated_individual", "Nominated individual";
        /// Provider administrator: people and settings.
        Administrator => "administrator", "Administrator";
        /// Commissioner or inspector: reads what was handed to them.
        ExternalReader => "external_reader", "External reader";
    }
}

/// How far a role sees (domain.md, Roles).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Nothing of the line.
    Nothing,
    /// Their own actions and the findings they logged.
    Own,
    /// Everything in the services they are given.
    Services,
    /// Everything in the provider.
    Provider,
}

impl Role {
    /// How far this role sees.
    #[must_use]
    pub const fn sight(self) -> Sight {
        match self {
            Self::CareStaff => Sight::Own,
            Self::TeamLeader | Self::DeputyManager | Self::RegisteredManager => Sight::Services,
            Self::SafeguardingLead | Self::QualityLead | Self::NominatedIndividual | Self::Administrator => {
                Sight::Provider
            }
            Self::ExternalReader => Sight::Nothing,
        }
    }

    /// Where this role lands after signing in (interface.md, Screens).
    #[must_use]
    pub const fn landing(self) -> &'static str {
        match self {
            Self::CareStaff => "my-actions",
            Self::QualityLead | Self::NominatedIndividual => "governance",
            Self::ExternalReader => "account",
            _ => "dashboard",
        }
    }
}

/// The member a request, a job or a test acts as.
#[derive(Clone, Debug)]
pub struct Member {
    /// The membership.
    pub id: MemberId,
    /// Name as colleagues know it.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Job title, possibly empty.
    pub job_title: String,
    /// The services given to them; unused by roles that see the whole provider.
    pub services: Vec<ServiceId>,
}

impl Member {
    /// Whether the service is within this member's reach, whatever the verb.
    #[must_use]
    pub fn sees_service(&self, service: ServiceId) -> bool {
        match self.role.sight() {
            Sight::Nothing => false,
            Sight::Provider => true,
            Sight::Own | Sight::Services => self.services.contains(&service),
        }
    }
}
