//! The menu, by role. What a role's menu shows follows from the table of who may do what, so that no item leads to a
//! page the member may not open.

use crate::domain::access::{Reach, Verb, reach};
use crate::domain::member::Role;
use crate::http::page::MenuItem;
use crate::store::menu::Counts;

/// The menu of `role` in the provider whose address begins with `base`, with what waits.
#[must_use]
pub fn of(role: Role, base: &str, counts: Counts) -> Vec<MenuItem> {
    let can = |verb| reach(role, verb) != Reach::None;
    // who sees only their own has no list of findings worth a place in the menu, and logs from here
    let own_only = reach(role, Verb::SeeFinding) == Reach::Own;
    [
        (can(Verb::SeeDashboard), "Dashboard", "dashboard", 0),
        (can(Verb::Submit), "My actions", "my-actions", counts.my_actions),
        (can(Verb::SeeQueue), "To verify", "verify", counts.to_verify),
        (can(Verb::CheckSustained), "Sustain checks", "sustain-checks", counts.sustain_checks),
        (can(Verb::SeeFinding) && !own_only, "Findings", "findings", 0),
        (can(Verb::LogFinding) && own_only, "Log a finding", "findings/new", 0),
        (can(Verb::ReviewWeekly), "Weekly review", "weekly-review", 0),
        (can(Verb::RunReview), "Reviews", "reviews", 0),
        (can(Verb::SeeEscalations), "Escalations", "escalations", counts.escalations),
        (can(Verb::SeeSignals), "Early signs", "signals", 0),
        (can(Verb::SeeMeasures), "Measures", "measures", 0),
        (can(Verb::SeeGovernance), "Governance", "governance", 0),
        (can(Verb::MakePacks), "Evidence packs", "packs", 0),
        (can(Verb::SeeMessages), "Messages", "messages", 0),
        (can(Verb::ManagePeople), "Settings", "settings", 0),
    ]
    .into_iter()
    .filter(|(shown, ..)| *shown)
    .map(|(_, label, path, count)| MenuItem::new(label, format!("{base}/{path}")).count(count))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_sees_what_it_may_open() {
        let manager = [
            "Dashboard",
            "My actions",
            "To verify",
            "Sustain checks",
            "Findings",
            "Weekly review",
            "Reviews",
            "Escalations",
            "Early signs",
            "Measures",
            "Governance",
        ];
        let packs: Vec<&str> = manager.iter().copied().chain(["Evidence packs"]).collect();
        for (role, wanted) in [
            (Role::CareStaff, &["My actions", "Log a finding"][..]),
            (
                Role::TeamLeader,
                &[
                    "Dashboard",
                    "My actions",
                    "Sustain checks",
                    "Findings",
                    "Weekly review",
                    "Reviews",
                    "Measures",
                ],
            ),
            (Role::DeputyManager, &manager),
            (Role::RegisteredManager, &packs),
            (Role::SafeguardingLead, &manager),
            (Role::QualityLead, &packs),
            (Role::NominatedIndividual, &packs),
            (
                Role::Administrator,
                &["Dashboard", "My actions", "Findings", "Governance", "Messages", "Settings"],
            ),
            (Role::ExternalReader, &[]),
        ] {
            let menu: Vec<_> =
                of(role, "/p/rowan", Counts::default()).iter().map(|item| item.label).collect();
            assert_eq!(menu, wanted, "{role}");
        }
    }

    #[test]
    fn what_waits_is_shown_beside_its_item() {
        let counts = Counts { my_actions: 3, to_verify: 0, escalations: 2, sustain_checks: 4 };
        let menu = of(Role::RegisteredManager, "/p/rowan", counts);
        let waiting: Vec<_> =
            menu.iter().filter_map(|item| Some((item.href.as_str(), item.count?))).collect();
        assert_eq!(
            waiting,
            [("/p/rowan/my-actions", 3), ("/p/rowan/sustain-checks", 4), ("/p/rowan/escalations", 2)]
        );
    }
}
