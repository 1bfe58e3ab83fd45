//! Findings: who sees one, and how members stand to it.

use super::access::{Relation, Verb, may};
use super::member::Member;
use crate::ids::{MemberId, ServiceId};

/// How `member` stands to something in `service`; `own` says whether they logged it, started it or own it.
#[must_use]
pub fn relation(member: &Member, service: ServiceId, own: bool) -> Relation {
    Relation { in_service: member.sees_service(service), own, ..Relation::default() }
}

/// Whether `member` sees a finding of `service` that `logged_by` logged.
#[must_use]
pub fn visible_to(member: &Member, service: ServiceId, logged_by: MemberId) -> bool {
    may(member.role, Verb::SeeFinding, relation(member, service, logged_by == member.id)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::member::Role;

    #[test]
    fn care_staff_see_what_they_logged_and_managers_their_services() {
        let (here, there) = (ServiceId::new(), ServiceId::new());
        let member = |role| Member {
            id: MemberId::new(),
            name: "Anna Bell".into(),
            role,
            job_title: String::new(),
            services: vec![here],
        };
        for (role, own_here, own_there, other_here, other_there) in [
            (Role::CareStaff, true, true, false, false),
            (Role::TeamLeader, true, true, true, false),
            (Role::RegisteredManager, true, true, true, false),
            (Role::QualityLead, true, true, true, true),
            (Role::Administrator, true, true, true, true),
            (Role::ExternalReader, false, false, false, false),
        ] {
            let me = member(role);
            let sees = |service, own| visible_to(&me, service, if own { me.id } else { MemberId::new() });
            let seen = (sees(here, true), sees(there, true), sees(here, false), sees(there, false));
            assert_eq!(seen, (own_here, own_there, other_here, other_there), "{role}");
        }
    }
}
