//! Every figure counted anew, slowly, from the lines of the trail alone. Nothing here asks the database, or shares a word with
//! its queries: what is counted is what domain/figure.rs says in English.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use throughline::clock::{london_date, london_hour};
use throughline::domain::figure::{Figure, Month, Value};
use uuid::Uuid;

use super::life::Life;
use super::trail::Line;

/// A row behind a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub number: i64,
    pub subject: Uuid,
    pub service: Option<Uuid>,
    pub theme: String,
    pub topic: String,
    pub counted: bool,
    pub amount: Option<f64>,
    pub whole: Option<f64>,
}

/// A finding, as the trail tells of it.
#[derive(Clone, Debug)]
struct Finding {
    id: Uuid,
    number: i64,
    service: Uuid,
    theme: String,
    topic: String,
    grave: bool,
    found_on: NaiveDate,
    logged_at: DateTime<Utc>,
    /// Whether people or families said it themselves.
    said: bool,
    /// Earlier findings it was linked to: by number, since when, until when.
    links: Vec<(i64, DateTime<Utc>, Option<DateTime<Utc>>)>,
}

/// A measure of what people say.
#[derive(Clone, Debug)]
struct Asked {
    service: Option<Uuid>,
    /// The newest reading of each period: positive answers of answers.
    readings: BTreeMap<NaiveDate, (Option<f64>, Option<f64>)>,
}

/// A month as far as it has gone.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub first: NaiveDate,
    pub last: NaiveDate,
}

impl Stretch {
    /// The month until `now`, this instant included.
    pub fn of(month: Month, now: DateTime<Utc>) -> Self {
        let next = month.after(1).first();
        let end = london_hour(next, 0);
        let (first, today) = (month.first(), london_date(now));
        let over = end <= now;
        Self {
            from: london_hour(first, 0),
            until: if over { end } else { now + chrono::Duration::microseconds(1) },
            first,
            last: if over { next - Days::new(1) } else { today },
        }
    }
}

/// What the trail says of a provider.
#[derive(Debug, Default)]
pub struct Told {
    findings: BTreeMap<Uuid, Finding>,
    actions: BTreeMap<Uuid, Vec<Line>>,
    measures: BTreeMap<Uuid, Asked>,
    left: BTreeMap<Uuid, DateTime<Utc>>,
}

const SAID_BY_PEOPLE: [&str; 2] = ["complaint", "feedback_round"];

impl Told {
    pub fn by(lines: &[Line]) -> Self {
        let mut told = Self::default();
        let mut reviews: BTreeMap<Uuid, String> = BTreeMap::new();
        for line in lines {
            if let Some(action) = line.action {
                told.actions.entry(action).or_default().push(line.clone());
            }
            let said = |kind: &str| SAID_BY_PEOPLE.contains(&kind);
            match line.kind.as_str() {
                "review_started" => {
                    reviews.insert(line.review.unwrap(), line.word("kind").to_owned());
                }
                "finding_logged" => {
                    let finding = logged(line, said(&reviews[&line.review.unwrap()]));
                    told.findings.insert(finding.id, finding);
                }
                "source_added" => {
                    told.findings.get_mut(&line.finding.unwrap()).unwrap().said |= said(line.word("kind"));
                }
                "finding_linked" if line.detail.get("earlier").is_some() => {
                    let links = &mut told.findings.get_mut(&line.finding.unwrap()).unwrap().links;
                    links.push((line.number("earlier"), line.at, None));
                }
                "link_withdrawn" if line.detail.get("earlier").is_some() => {
                    let links = &mut told.findings.get_mut(&line.finding.unwrap()).unwrap().links;
                    let of = links.iter_mut().find(|l| l.0 == line.number("earlier") && l.2.is_none());
                    of.unwrap().2 = Some(line.at);
                }
                "measure_defined" if line.yes("feedback") => {
                    let asked = Asked { service: line.id("service"), readings: BTreeMap::new() };
                    told.measures.insert(line.id("measure").unwrap(), asked);
                }
                "reading_recorded" | "reading_corrected" => told.reads(line),
                "member_left" => {
                    told.left.insert(line.id("member").unwrap(), line.at);
                }
                _ => {}
            }
        }
        told
    }

    fn reads(&mut self, line: &Line) {
        let Some(asked) = self.measures.get_mut(&line.id("measure").unwrap()) else { return };
        for reading in line.detail["readings"].as_array().unwrap() {
            let period = reading[0].as_str().unwrap().parse().unwrap();
            asked.readings.insert(period, (reading[1].as_f64(), reading[2].as_f64()));
        }
    }

    /// The first month in which anything was found.
    pub fn begins(&self) -> Option<Month> {
        self.findings.values().map(|f| f.found_on).min().map(Month::of)
    }

    /// The rows of a figure in a month, in a service or the whole provider, by number and subject.
    pub fn rows(&self, figure: Figure, within: Stretch, service: Option<Uuid>) -> Vec<Row> {
        let mut rows = match figure {
            Figure::Evidence | Figure::Feedback | Figure::Days | Figure::Reopened | Figure::Improved => {
                self.closed(figure, within)
            }
            Figure::Window => self.judged(within),
            Figure::FollowUps => self.followed_up(within),
            Figure::Positive => self.said(within),
            Figure::Repeats => self.found(within),
            Figure::HighDecided | Figure::OpenFindings => self.open_findings(figure, within),
            Figure::Decided
            | Figure::Open
            | Figure::Overdue
            | Figure::NoControl
            | Figure::Unowned
            | Figure::Stale => self.standing(figure, within),
        };
        rows.retain(|row| service.is_none() || row.service == service);
        rows.sort_by_key(|row| (row.number, row.subject));
        rows
    }

    /// Every action as it stands at an instant.
    fn lives(&self, until: DateTime<Utc>) -> impl Iterator<Item = (Uuid, Life)> {
        self.actions.iter().filter_map(move |(id, lines)| Some((*id, Life::until(lines, until)?)))
    }

    fn row(&self, life: &Life, subject: Uuid) -> Row {
        let of = &self.findings[&life.finding];
        Row { number: life.number, subject, ..of.row() }
    }

    /// By the month of closure, with everything that became known of it since.
    fn closed(&self, figure: Figure, within: Stretch) -> Vec<Row> {
        let mut rows = Vec::new();
        for (_, life) in self.lives(DateTime::<Utc>::MAX_UTC) {
            let finding = &self.findings[&life.finding];
            for c in life.closings.iter().filter(|c| (within.from..within.until).contains(&c.at)) {
                let (counted, amount) = match figure {
                    Figure::Evidence => (!c.sent_back && !c.failed_audit, None),
                    Figure::Feedback if !finding.said => continue,
                    Figure::Feedback => (c.feedback, None),
                    Figure::Days => (true, Some(days(finding.found_on, london_date(c.at)))),
                    Figure::Reopened => (c.reopened, None),
                    _ => (!c.reopened && c.look.as_ref().map_or(c.improved, |look| look == "held"), None),
                };
                rows.push(Row { counted, amount, ..self.row(&life, c.id) });
            }
        }
        rows
    }

    fn judged(&self, within: Stretch) -> Vec<Row> {
        let mut rows = Vec::new();
        for (_, life) in self.lives(DateTime::<Utc>::MAX_UTC) {
            for v in life.verdicts.iter().filter(|v| (within.from..within.until).contains(&v.at)) {
                rows.push(Row { counted: v.in_window, ..self.row(&life, v.id) });
            }
        }
        rows
    }

    /// Follow-ups that were missed, by the date they are due now, unless they were called off.
    fn followed_up(&self, within: Stretch) -> Vec<Row> {
        let mut rows = Vec::new();
        for (id, life) in self.lives(DateTime::<Utc>::MAX_UTC) {
            let follows = self.findings[&life.finding].topic == "missed_follow_up";
            let Some(due) = life.due.filter(|due| (within.first..=within.last).contains(due)) else {
                continue;
            };
            if !follows || life.place == super::life::Place::CalledOff || life.defined_at >= within.until {
                continue;
            }
            let in_time = |at: &DateTime<Utc>| *at < within.until && london_date(*at) <= due;
            let done = life.submitted.iter().any(in_time);
            // what is due today can still be done
            if done || due < london_date(within.until) {
                rows.push(Row { counted: done, ..self.row(&life, id) });
            }
        }
        rows
    }

    fn said(&self, within: Stretch) -> Vec<Row> {
        let mut rows = Vec::new();
        for (id, asked) in &self.measures {
            for (period, (positive, answers)) in asked.readings.range(within.first..=within.last) {
                let number = period.format("%Y%m%d").to_string().parse().unwrap();
                let (theme, topic) = (String::new(), String::new());
                let (subject, service) = (*id, asked.service);
                let (amount, whole) = (*positive, *answers);
                let row = Row { number, subject, service, theme, topic, counted: true, amount, whole };
                rows.extend(positive.map(|_| row));
            }
        }
        rows
    }

    fn found(&self, within: Stretch) -> Vec<Row> {
        let in_it =
            |f: &&Finding| (within.first..=within.last).contains(&f.found_on) && f.logged_at < within.until;
        let row = |f: &Finding| Row { counted: self.came_back(f), ..f.row() };
        self.findings.values().filter(in_it).map(row).collect()
    }

    /// Whether a finding is linked to one of the twelve months before it.
    fn came_back(&self, finding: &Finding) -> bool {
        let found_on = |number: i64| self.findings.values().find(|f| f.number == number).unwrap().found_on;
        let stands = |(number, _, ended): &(i64, DateTime<Utc>, Option<DateTime<Utc>>)| {
            ended.is_none() && days(found_on(*number), finding.found_on) <= 365.0
        };
        finding.links.iter().any(stands)
    }

    /// How often a topic came back in a service in the twelve months until the end.
    pub fn in_a_year(&self, service: Uuid, topic: &str, within: Stretch) -> i64 {
        let fits = |f: &&Finding| {
            f.service == service
                && f.topic == topic
                && f.found_on <= within.last
                && days(f.found_on, within.last) < 365.0
                && f.logged_at < within.until
                && f.links.iter().any(|(.., ended)| ended.is_none())
        };
        i64::try_from(self.findings.values().filter(fits).count()).unwrap()
    }

    fn standing(&self, figure: Figure, within: Stretch) -> Vec<Row> {
        let (mut rows, last) = (Vec::new(), within.last);
        for (id, life) in self.lives(within.until).filter(|(_, life)| life.open()) {
            let late = life.late(last);
            let of_round = life.decisions.iter().filter(|d| d.cycle == life.cycle).collect::<Vec<_>>();
            let safe = of_round.iter().any(|d| d.control.is_some_and(|to| to.is_none_or(|to| to >= last)));
            let grave = self.findings[&life.finding].grave;
            let gone = |who: Uuid| self.left.get(&who).is_some_and(|at| *at < within.until);
            let still = days(london_date(life.moved_at), last);
            let (is, counted, amount) = match figure {
                Figure::Open => (true, true, None),
                Figure::Overdue => (late, true, life.due.map(|due| days(due, last))),
                Figure::Decided => (late, !of_round.is_empty(), None),
                Figure::NoControl => (late && grave && !safe, true, None),
                Figure::Unowned => (life.owner.is_none_or(gone), true, None),
                _ => (still >= 14.0, true, Some(still)),
            };
            if is {
                rows.push(Row { counted, amount, ..self.row(&life, id) });
            }
        }
        rows
    }

    fn open_findings(&self, figure: Figure, within: Stretch) -> Vec<Row> {
        // each with whether anything was decided on any of its actions, open or not
        let mut open: BTreeMap<Uuid, (bool, bool)> = BTreeMap::new();
        for (_, life) in self.lives(within.until) {
            let (is_open, decided) = open.entry(life.finding).or_default();
            *is_open |= life.open();
            *decided |= !life.decisions.is_empty();
        }
        let linked = |f: &Finding| {
            f.links.iter().any(|(_, since, ended)| {
                *since < within.until && ended.is_none_or(|ended| ended >= within.until)
            })
        };
        let mut rows = Vec::new();
        for (id, (_, decided)) in open.into_iter().filter(|(_, (is_open, _))| *is_open) {
            let finding = &self.findings[&id];
            match figure {
                Figure::HighDecided if finding.grave => {
                    rows.push(Row { counted: decided, ..finding.row() });
                }
                Figure::HighDecided => {}
                _ => rows.push(Row { counted: linked(finding), ..finding.row() }),
            }
        }
        rows
    }
}

impl Finding {
    fn row(&self) -> Row {
        Row {
            number: self.number,
            subject: self.id,
            service: Some(self.service),
            theme: self.theme.clone(),
            topic: self.topic.clone(),
            counted: true,
            amount: None,
            whole: None,
        }
    }
}

fn logged(line: &Line, said: bool) -> Finding {
    Finding {
        id: line.finding.unwrap(),
        number: line.number("number"),
        service: line.id("service").unwrap(),
        theme: line.word("theme").to_owned(),
        topic: line.word("topic").to_owned(),
        grave: matches!(line.word("risk"), "high" | "critical"),
        found_on: line.day("found_on").unwrap(),
        logged_at: line.at,
        said,
        links: Vec::new(),
    }
}

fn days(from: NaiveDate, to: NaiveDate) -> f64 {
    f64::from(i32::try_from((to - from).num_days()).unwrap())
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap())
}

/// What rows come to.
pub fn value(figure: Figure, rows: &[Row]) -> Value {
    let sum = |of: fn(&Row) -> Option<f64>| rows.iter().filter_map(of).fold(0.0, |sum: f64, n| sum + n);
    match figure {
        Figure::Positive => Value { numerator: sum(|r| r.amount), denominator: sum(|r| r.whole) },
        Figure::Days => {
            let mut all: Vec<f64> = rows.iter().filter_map(|r| r.amount).collect();
            all.sort_by(f64::total_cmp);
            let Some(last) = all.len().checked_sub(1) else { return Value::NOTHING };
            let numerator = f64::midpoint(all[last / 2], all[last.div_ceil(2)]);
            Value { numerator, denominator: count(all.len()) }
        }
        _ => {
            let numerator = count(rows.iter().filter(|row| row.counted).count());
            Value { numerator, denominator: count(rows.len()) }
        }
    }
}
