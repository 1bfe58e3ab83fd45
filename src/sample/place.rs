//! Where a sample happens and who is in it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::dice::Dice;
use super::words;
use crate::domain::calendar::Nation;
use crate::domain::event::{Event, EventKind};
use crate::domain::member::Role;
use crate::domain::topic::ServiceKind;
use crate::ids::{MemberId, ServiceId, UnitId};
use crate::store::sample::rows::{EventRow, MemberRow, Person, Place, ServiceRow, UnitRow};

/// A member, as far as the line needs them.
#[derive(Clone, Debug)]
pub struct Who {
    /// The membership.
    pub id: MemberId,
    /// Name.
    pub name: String,
}

/// A service with its people.
#[derive(Clone, Debug)]
pub struct Site {
    /// The service.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// Its units; never empty.
    pub units: Vec<UnitId>,
    /// Its registered manager.
    pub manager: Who,
    /// Everybody else who works there.
    pub staff: Vec<Who>,
}

/// The people who look at the whole provider, and the services.
#[derive(Debug)]
pub struct Crew {
    /// Nominated individual.
    pub nominated: Who,
    /// Quality lead.
    pub quality: Who,
    /// The services; never empty.
    pub sites: Vec<Site>,
    /// The email of a registered manager and of a care worker, who can sign in.
    pub sign_ins: (String, String),
}

/// Every service is in England: bank holidays are the same for all.
pub const NATION: Nation = Nation::England;

struct Joining<'a> {
    dice: &'a mut Dice,
    slug: &'a str,
    password_hash: &'a str,
    at: DateTime<Utc>,
    people: Vec<Person>,
    place: Place,
}

impl Joining<'_> {
    /// Adds a member; those who can sign in get the password.
    fn member(&mut self, role: Role, services: Vec<ServiceId>, can_sign_in: bool) -> Who {
        let number = self.people.len() + 1;
        let name = format!("{} {}", self.dice.phrase(words::GIVEN), self.dice.phrase(words::FAMILY));
        let (user, id) = (self.dice.id(self.at).into(), MemberId::from(self.dice.id(self.at)));
        self.people.push(Person {
            id: user,
            email: format!("member-{number}@{}.example", self.slug),
            name: name.clone(),
            password_hash: can_sign_in.then(|| self.password_hash.to_owned()),
        });
        let facts = json!({ "member": id, "role": role.as_str(), "services": services });
        let event = Event::of_provider(EventKind::MemberAdded).detail(facts).text("name", name.clone());
        self.place.events.push(EventRow::new(self.at, None, event));
        self.place.members.push(MemberRow {
            id,
            user_id: user,
            name: name.clone(),
            role: role.as_str(),
            job_title: role.label().to_owned(),
            started_at: self.at,
            services,
        });
        Who { id, name }
    }

    fn last_email(&self) -> String {
        self.people.last().map(|person| person.email.clone()).unwrap_or_default()
    }

    fn service(&mut self, number: usize) -> (ServiceId, String, Vec<UnitId>) {
        let id = ServiceId::from(self.dice.id(self.at));
        let first = words::PLACES.get(number % words::PLACES.len()).copied().unwrap_or_default();
        let second = words::HOUSES.get(number / words::PLACES.len() % words::HOUSES.len()).copied();
        let name = format!("{first} {} {}", second.unwrap_or_default(), number + 1);
        let kind = ServiceKind::ALL.get(number % ServiceKind::ALL.len()).copied();
        let kind = kind.unwrap_or(ServiceKind::Residential);
        let facts = json!({ "service": id, "kind": kind.as_str(), "nation": NATION.as_str() });
        let event = Event::of_provider(EventKind::ServiceAdded).detail(facts).text("name", name.clone());
        self.place.events.push(EventRow::new(self.at, None, event));
        self.place.services.push(ServiceRow {
            id,
            slug: format!("service-{}", number + 1),
            name: name.clone(),
            kind: kind.as_str(),
            nation: NATION.as_str(),
            opened_at: self.at,
        });
        let mut units = Vec::with_capacity(words::UNITS.len());
        for unit in words::UNITS {
            let unit_id = UnitId::from(self.dice.id(self.at));
            let facts = json!({ "service": id, "unit": unit_id });
            let event = Event::of_provider(EventKind::UnitAdded).detail(facts).text("name", *unit);
            self.place.events.push(EventRow::new(self.at, None, event));
            self.place.units.push(UnitRow { service_id: id, id: unit_id, name: (*unit).to_owned() });
            units.push(unit_id);
        }
        (id, name, units)
    }
}

/// Plans a provider of `services` services with two members for each, at least one manager and one care worker for every
/// service: 200 members for 100 services. They began a hundred days before the history does.
pub fn plan(
    dice: &mut Dice,
    slug: &str,
    services: usize,
    (now, days): (DateTime<Utc>, u32),
    password_hash: &str,
) -> (Vec<Person>, Place, Crew) {
    let at = now - TimeDelta::days(i64::from(days) + 100);
    let mut joining = Joining { dice, slug, password_hash, at, people: Vec::new(), place: Place::default() };
    let nominated = joining.member(Role::NominatedIndividual, Vec::new(), false);
    let quality = joining.member(Role::QualityLead, Vec::new(), false);
    joining.member(Role::SafeguardingLead, Vec::new(), false);
    joining.member(Role::Administrator, Vec::new(), false);
    let mut sign_ins = (String::new(), String::new());
    let mut sites = Vec::with_capacity(services);
    for number in 0..services {
        let (id, name, units) = joining.service(number);
        let manager = joining.member(Role::RegisteredManager, vec![id], number == 0);
        if number == 0 {
            sign_ins.0 = joining.last_email();
        }
        sites.push(Site { id, name, units, manager, staff: Vec::new() });
    }
    // the others are spread: a deputy and a team leader for ten services, care staff for a few each
    let others = (services * 2).saturating_sub(services + 4).max(services.div_ceil(10) * 2 + 1);
    let leaders = services.div_ceil(10);
    for number in 0..others {
        let (role, from, width) = match number {
            n if n < leaders => (Role::DeputyManager, n * 10, 10),
            n if n < leaders * 2 => (Role::TeamLeader, (n - leaders) * 10, 10),
            n => (Role::CareStaff, (n - leaders * 2) * 2 % services, 3),
        };
        let worker = role == Role::CareStaff && sign_ins.1.is_empty();
        let given: Vec<usize> = (from..from + width).filter(|n| *n < services).collect();
        let ids = given.iter().filter_map(|n| sites.get(*n)).map(|site| site.id).collect();
        let who = joining.member(role, ids, worker);
        if worker {
            sign_ins.1 = joining.last_email();
        }
        for number in given {
            if let Some(site) = sites.get_mut(number) {
                site.staff.push(who.clone());
            }
        }
    }
    let (people, place) = (joining.people, joining.place);
    (people, place, Crew { nominated, quality, sites, sign_ins })
}
