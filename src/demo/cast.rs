//! Who is in the demo, and where. Everybody and everything here is invented.

use crate::domain::calendar::Nation;
use crate::domain::member::Role;
use crate::domain::topic::ServiceKind;

/// A service of the demo.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Key in the stories, and its part of the address.
    pub key: &'static str,
    /// Name.
    pub name: &'static str,
    /// Kind.
    pub kind: ServiceKind,
    /// Nation.
    pub nation: Nation,
    /// Units.
    pub units: &'static [&'static str],
}

/// A person of the demo.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Key in the stories, and the first part of the email address.
    pub key: &'static str,
    /// Name.
    pub name: &'static str,
    /// Role.
    pub role: Role,
    /// Job title.
    pub title: &'static str,
    /// The services they see, by key.
    pub services: &'static [&'static str],
}

/// A provider of the demo.
#[derive(Clone, Copy, Debug)]
pub struct Company {
    /// Its part of the address.
    pub slug: &'static str,
    /// Name.
    pub name: &'static str,
    /// Services.
    pub places: &'static [Place],
    /// People.
    pub people: &'static [Person],
}

const fn place(
    key: &'static str,
    name: &'static str,
    kind: ServiceKind,
    units: &'static [&'static str],
) -> Place {
    Place { key, name, kind, nation: Nation::England, units }
}

const fn person(
    key: &'static str,
    name: &'static str,
    role: Role,
    title: &'static str,
    services: &'static [&'static str],
) -> Person {
    Person { key, name, role, title, services }
}

/// The provider in which the stories are told.
pub const ROWAN: Company = Company {
    slug: "rowan-care",
    name: "Rowan Care",
    places: &[
        place(
            "rowan-house",
            "Rowan House",
            ServiceKind::Residential,
            &["Ash unit", "Beech unit", "Cedar unit"],
        ),
        place("linden-view", "Linden View", ServiceKind::Nursing, &["Garden floor", "Upper floor"]),
        place(
            "harbour",
            "Harbour Home Care",
            ServiceKind::HomeCare,
            &["Quayside branch", "Northgate branch", "Evening round"],
        ),
        place(
            "hawthorn",
            "Hawthorn Supported Living",
            ServiceKind::SupportedLiving,
            &["Orchard house", "Mill house"],
        ),
    ],
    people: &[
        person("priya", "Priya Nair", Role::RegisteredManager, "Registered manager", &["rowan-house"]),
        person("daniel", "Daniel Osei", Role::DeputyManager, "Deputy manager", &["rowan-house"]),
        person("amara", "Amara Bello", Role::TeamLeader, "Care coordinator", &["rowan-house"]),
        person("sofia", "Sofia Marsh", Role::CareStaff, "Senior carer", &["rowan-house"]),
        person("tom", "Tom Reid", Role::CareStaff, "Senior carer", &["rowan-house"]),
        person("jonas", "Jonas Lind", Role::RegisteredManager, "Home manager", &["linden-view"]),
        person("fiona", "Fiona Keane", Role::DeputyManager, "Clinical deputy", &["linden-view"]),
        person("peter", "Peter Vance", Role::CareStaff, "Senior carer", &["linden-view"]),
        person("owen", "Owen Pritchard", Role::RegisteredManager, "Branch manager", &["harbour"]),
        person("leila", "Leila Haddad", Role::TeamLeader, "Care coordinator", &["harbour"]),
        person("mina", "Mina Castell", Role::CareStaff, "Care worker", &["harbour"]),
        person("jess", "Jess Arden", Role::CareStaff, "Care worker", &["harbour"]),
        person("nadia", "Nadia Rahman", Role::RegisteredManager, "Registered manager", &["hawthorn"]),
        person("ewan", "Ewan Frost", Role::DeputyManager, "Deputy manager", &["hawthorn"]),
        person("grace", "Grace Whitfield", Role::CareStaff, "Key worker, nights", &["hawthorn"]),
        person("ruth", "Ruth Carver", Role::SafeguardingLead, "Safeguarding lead", &[]),
        person("helen", "Helen Brook", Role::QualityLead, "Quality lead", &[]),
        person("marcus", "Marcus Adeyemi", Role::NominatedIndividual, "Nominated individual", &[]),
        person("wendy", "Wendy Sharples", Role::Administrator, "Office manager", &[]),
        person("colin", "Colin Yates", Role::ExternalReader, "Commissioner", &[]),
    ],
};

/// A second, smaller provider; Helen Brook is its quality lead too.
pub const FERNBANK: Company = Company {
    slug: "fernbank",
    name: "Fernbank Extra Care",
    places: &[place("fernbank-court", "Fernbank Court", ServiceKind::ExtraCare, &["East wing", "West wing"])],
    people: &[
        person("helen", "Helen Brook", Role::QualityLead, "Quality lead", &[]),
        person("yusuf", "Yusuf Demir", Role::RegisteredManager, "Scheme manager", &["fernbank-court"]),
        person("iris", "Iris Falk", Role::DeputyManager, "Deputy manager", &["fernbank-court"]),
        person("carol", "Carol Nyman", Role::CareStaff, "Care worker", &["fernbank-court"]),
    ],
};
