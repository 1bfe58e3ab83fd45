//! Numbers followed week by week: incidents that fell, visits that became longer, follow-ups done on time.

use super::script::What::{self, Measure, MeasureMovedBy, Read, Readings};
use super::script::{Deed, at, deed};
use super::stage::{Stage, unknown};
use crate::domain::measure::{Cadence, Reading, Shape, Way};
use crate::ids::MeasureId;
use crate::store::measure as store;
use crate::workflow::{Actor, Stop, measure};

/// A measure with its readings, oldest first.
struct Followed {
    key: &'static str,
    name: &'static str,
    unit: &'static str,
    service: &'static str,
    who: &'static str,
    way: Way,
    baseline: f64,
    target: f64,
    /// The action that should move it, and how many working days ago it was named.
    /// Nobody named one yet when there is none.
    moved_by: Option<(&'static str, i32)>,
    /// Of how many each reading is; none for a plain number.
    whole: Option<f64>,
    readings: &'static [f64],
}

/// The measure that is what people say.
pub(super) const SENIORS: &str = "seniors";

const FOLLOWED: [Followed; 5] = [
    Followed {
        key: "distress",
        name: "Distress-related incidents a week",
        unit: "incidents",
        service: "hawthorn",
        who: "nadia",
        way: Way::Down,
        baseline: 2.0,
        target: 1.0,
        moved_by: Some(("holds-plan", 63)),
        whole: None,
        readings: &[
            2.0, 1.0, 2.0, 1.0, 3.0, 1.0, 2.0, 2.0, 1.0, 2.0, 1.0, 2.0, 2.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0,
            1.0, 0.0, 0.0, 1.0, 0.0, 0.0,
        ],
    },
    Followed {
        key: "visits",
        name: "Evening visits of at least 25 minutes",
        unit: "",
        service: "harbour",
        who: "owen",
        way: Way::Up,
        baseline: 85.0,
        target: 95.0,
        moved_by: Some(("dignity-a", 20)),
        whole: Some(42.0),
        readings: &[
            36.0, 35.0, 37.0, 36.0, 34.0, 36.0, 37.0, 35.0, 36.0, 37.0, 36.0, 35.0, 34.0, 36.0, 35.0, 36.0,
            35.0, 36.0, 34.0, 35.0, 37.0, 38.0, 39.0, 40.0,
        ],
    },
    Followed {
        key: "follow-ups",
        name: "Follow-ups done on time",
        unit: "",
        service: "rowan-house",
        who: "daniel",
        way: Way::Up,
        baseline: 60.0,
        target: 90.0,
        moved_by: Some(("fu2a", 30)),
        whole: Some(12.0),
        readings: &[
            7.0, 6.0, 8.0, 7.0, 7.0, 8.0, 6.0, 7.0, 8.0, 8.0, 9.0, 9.0, 10.0, 11.0, 11.0, 11.0, 12.0, 11.0,
            10.0, 11.0, 12.0, 11.0, 11.0, 12.0, 11.0,
        ],
    },
    // people are asked again, after seniors planned to be there (S11)
    Followed {
        key: SENIORS,
        name: "People who say a senior is there when they need one",
        unit: "",
        service: "rowan-house",
        who: "daniel",
        way: Way::Up,
        baseline: 58.0,
        target: 85.0,
        moved_by: None,
        whole: Some(20.0),
        readings: &[12.0, 11.0, 13.0, 12.0, 14.0, 15.0, 15.0, 16.0, 17.0, 18.0],
    },
    // nothing was agreed about it yet, which is a sign
    Followed {
        key: "bells",
        name: "Call bells answered within four minutes",
        unit: "",
        service: "linden-view",
        who: "jonas",
        way: Way::Up,
        baseline: 90.0,
        target: 90.0,
        moved_by: None,
        whole: Some(40.0),
        readings: &[37.0, 36.0, 38.0, 37.0, 36.0, 35.0, 34.0, 35.0],
    },
];

/// The story; without what people say when that is told with the whole history.
#[must_use]
pub fn story(whole: bool) -> Vec<Deed> {
    FOLLOWED.iter().filter(|f| !whole || f.key != SENIORS).flat_map(followed).collect()
}

fn followed(f: &Followed) -> Vec<Deed> {
    let weeks = i32::try_from(f.readings.len()).unwrap_or(0);
    let measure = Measure {
        key: f.key,
        name: f.name,
        unit: f.unit,
        service: f.service,
        shape: if f.whole.is_some() { Shape::Share } else { Shape::Number },
        way: f.way,
        baseline: f.baseline,
        target: f.target,
    };
    let mut deeds = vec![deed(at(weeks * 5 + 2, 9, 0), f.who, measure)];
    for (weeks_ago, numerator) in (1..=weeks).rev().zip(f.readings) {
        let read = Read { measure: f.key, weeks_ago, numerator: *numerator, denominator: f.whole };
        // on a day of the week after, holidays or not
        deeds.push(deed(at((weeks_ago * 5 - 5).max(1), 9, 40), f.who, read));
    }
    let named = f
        .moved_by
        .map(|(action, ago)| deed(at(ago, 17, 0), f.who, MeasureMovedBy { measure: f.key, action }));
    deeds.extend(named);
    deeds
}

impl Stage<'_> {
    /// Defines a measure, records a reading of it, or names an action that should move it.
    pub(super) async fn follow(&mut self, by: &Actor, what: &What) -> Result<(), Stop> {
        let missing = |key: &str| Stop::refused(unknown(key).to_string());
        let known = |key: &str| self.measures.get(key).copied().ok_or_else(|| missing(key));
        match what {
            Measure { key, name, unit, service, shape, way, baseline, target } => {
                let place = self.services.get(service).ok_or_else(|| missing(service))?.0;
                let new = store::Measure {
                    id: MeasureId::new(),
                    service: Some(place),
                    name: (*name).into(),
                    unit: (*unit).into(),
                    shape: *shape,
                    way: *way,
                    cadence: Cadence::Weekly,
                    baseline: Some(*baseline),
                    target: Some(*target),
                    deadline: None,
                    owner: Some(by.member.id),
                    feedback: *key == SENIORS,
                    created_at: self.app.clock.now(),
                };
                measure::define(self.app, by, &new).await?;
                self.measures.insert(key, new.id);
            }
            Read { measure, weeks_ago, numerator, denominator } => {
                let id = known(measure)?;
                let back = chrono::Days::new(7 * u64::try_from(*weeks_ago).unwrap_or(1));
                let period = Cadence::Weekly.period_of(self.today - back);
                let reading = Reading { period, numerator: Some(*numerator), denominator: *denominator };
                measure::record(self.app, by, id, &[reading], "").await?;
            }
            Readings { measure, readings } => {
                let read = |(day, part, whole): &(chrono::NaiveDate, f64, f64)| Reading {
                    period: Cadence::Weekly.period_of(*day),
                    numerator: Some(*part),
                    denominator: Some(*whole),
                };
                let readings: Vec<Reading> = readings.iter().map(read).collect();
                measure::record(self.app, by, known(measure)?, &readings, "").await?;
            }
            MeasureMovedBy { measure, action } => {
                let (id, action) =
                    (known(measure)?, self.actions.get(action).ok_or_else(|| missing(action))?);
                measure::name_action(self.app, by, id, action.number).await?;
            }
            _ => {}
        }
        Ok(())
    }
}
