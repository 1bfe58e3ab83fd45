//! Places: what a member's place and a service may become, and the part of the address a service gets.

use sha2::{Digest as _, Sha256};

use super::member::{Member, Sight};
use super::words;
use crate::ids::ServiceId;

/// The most characters of a member's or a service's name, and of a job title.
pub const NAME: usize = 120;
/// The most characters of a unit's name.
pub const UNIT: usize = 80;
/// The most units added at once.
pub const UNITS: usize = 100;

/// Why a member's place does not become so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceRefusal {
    /// This role sees services, and none was chosen.
    NoService,
    /// Nothing is different.
    Same,
    /// They own this many open actions in a service they would no longer see (R7).
    StillOwns(ServiceId, u64),
}

impl PlaceRefusal {
    /// The sentence for the page; `service` names the service it is about.
    #[must_use]
    pub fn sentence(&self, service: &str) -> String {
        match self {
            Self::NoService => "Choose at least one service for this role".into(),
            Self::Same => "Change something, or go back: this is how it is".into(),
            Self::StillOwns(_, count) => format!(
                "They own {} in {service}, which they would no longer see. Give these another owner first",
                words::count(*count, "open action")
            ),
        }
    }

    /// The field it stands at.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::NoService | Self::StillOwns(..) => "services",
            Self::Same => "name",
        }
    }
}

/// Whether a member's place may become `after`. `owned` counts the open actions they own, by service: nothing may
/// disappear from under its owner (R7).
///
/// # Errors
/// Why not.
pub fn may_become(before: &Member, after: &Member, owned: &[(ServiceId, u64)]) -> Result<(), PlaceRefusal> {
    if fingerprint_of(before) == fingerprint_of(after) {
        return Err(PlaceRefusal::Same);
    }
    if matches!(after.role.sight(), Sight::Own | Sight::Services) && after.services.is_empty() {
        return Err(PlaceRefusal::NoService);
    }
    match owned.iter().find(|(service, count)| *count > 0 && !after.sees_service(*service)) {
        Some((service, count)) => Err(PlaceRefusal::StillOwns(*service, *count)),
        None => Ok(()),
    }
}

/// What a form carries of the member it was made from, so that a change made meanwhile is noticed.
#[must_use]
pub fn fingerprint_of(member: &Member) -> String {
    let mut services: Vec<String> = member.services.iter().map(ToString::to_string).collect();
    services.sort_unstable();
    let parts = [&*member.name, member.role.as_str(), &*member.job_title];
    fingerprint(parts.into_iter().chain(services.iter().map(String::as_str)))
}

/// The same for anything that reads as a list of texts.
#[must_use]
pub fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// The part of the address a service of this name gets, unless one of `taken` has it: "Rowan House" is `rowan-house`.
#[must_use]
pub fn slug(name: &str, taken: &[&str]) -> String {
    let lower = name.to_lowercase();
    let plain: String = lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let mut slug = plain.split_whitespace().collect::<Vec<_>>().join("-");
    slug.truncate(50);
    let slug = match slug.trim_matches('-') {
        "" => "service".to_owned(),
        slug => slug.to_owned(),
    };
    let free = |slug: &String| !taken.contains(&slug.as_str());
    let mut others = (2_u32..).map(|n| format!("{slug}-{n}"));
    if free(&slug) { slug } else { others.find(free).unwrap_or(slug) }
}

/// The names of units as they were typed, one a line; empty lines and repeats are left out.
#[must_use]
pub fn unit_names(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !names.iter().any(|name| name.eq_ignore_ascii_case(line)) {
            names.push(line.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::member::Role;
    use super::super::samples::Cast;
    use super::*;

    #[test]
    fn what_a_place_may_become() {
        let cast = Cast::new();
        let (here, elsewhere) = (cast.here, cast.elsewhere);
        let as_role =
            |role, services: &[ServiceId]| Member { role, services: services.to_vec(), ..cast.owner.clone() };
        for (what, after, owned, wanted) in [
            ("the same", cast.owner.clone(), vec![], Err(PlaceRefusal::Same)),
            ("a leader", as_role(Role::TeamLeader, &[here]), vec![(here, 3)], Ok(())),
            ("a leader of nothing", as_role(Role::TeamLeader, &[]), vec![], Err(PlaceRefusal::NoService)),
            ("another service", as_role(Role::CareStaff, &[elsewhere]), vec![], Ok(())),
            (
                "another service, while they own something here",
                as_role(Role::CareStaff, &[elsewhere]),
                vec![(elsewhere, 1), (here, 2)],
                Err(PlaceRefusal::StillOwns(here, 2)),
            ),
            ("the whole provider", as_role(Role::QualityLead, &[]), vec![(here, 2), (elsewhere, 1)], Ok(())),
            (
                "an outsider who owns something",
                as_role(Role::ExternalReader, &[here]),
                vec![(here, 1)],
                Err(PlaceRefusal::StillOwns(here, 1)),
            ),
            ("an outsider", as_role(Role::ExternalReader, &[]), vec![(here, 0)], Ok(())),
        ] {
            assert_eq!(may_become(&cast.owner, &after, &owned), wanted, "{what}");
        }
        let renamed = Member { name: "Amara Bello-Reid".into(), ..cast.owner.clone() };
        assert_eq!(may_become(&cast.owner, &renamed, &[(here, 2)]), Ok(()));
    }

    #[test]
    fn the_order_of_services_is_no_change() {
        let cast = Cast::new();
        let one = Member { services: vec![cast.here, cast.elsewhere], ..cast.owner.clone() };
        let two = Member { services: vec![cast.elsewhere, cast.here], ..cast.owner };
        assert_eq!(fingerprint_of(&one), fingerprint_of(&two));
        assert_ne!(fingerprint(["a", "bc"]), fingerprint(["ab", "c"]));
    }

    #[test]
    fn addresses_are_plain() {
        for (name, taken, slug_is) in [
            ("Rowan House", &[][..], "rowan-house"),
            ("  St. Anne's & Co  ", &[], "st-anne-s-co"),
            ("Rowan House", &["rowan-house", "rowan-house-2"], "rowan-house-3"),
            ("Tŷ Gwyn", &[], "t-gwyn"),
            ("…", &[], "service"),
            (&"very long ".repeat(20), &[], "very-long-very-long-very-long-very-long-very-long"),
        ] {
            assert_eq!(slug(name, taken), slug_is);
        }
    }

    #[test]
    fn units_one_a_line() {
        assert_eq!(unit_names(" Ash \n\nBeech\nash\r\n"), ["Ash", "Beech"]);
    }
}
