//! The figures of a month as everybody reads them: counted while it runs, frozen once its meeting has signed it off, with the
//! line over the months before (R25); and keeping those of months that are over, so that no page counts them anew.

use chrono::NaiveDate;

use super::{Done, Moment};
use crate::app::AppState;
use crate::clock::london_date;
use crate::domain::figure::{self, Figure, MONTHS, Month, Value};
use crate::domain::measure::Line;
use crate::domain::questions::{self, Question, Repeat, Seen};
use crate::domain::spc::Chart;
use crate::domain::words;
use crate::ids::ProviderId;
use crate::store::TenantTx;
use crate::store::figure::limits::{self, Anew};
use crate::store::figure::{self as store, Before, Over, Shown, Span, Standing};
use crate::store::governance::{self, Meeting};

/// What the figures of a month are counted from. Whoever shows or counts a month asks here, so that none can miss that it was
/// signed off.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The meeting on it, begun or signed off.
    pub meeting: Option<Meeting>,
    /// What was frozen when it was signed off; the same rows as before until then.
    pub over: Over,
}

impl Basis {
    /// Finds out whether a month is signed off.
    ///
    /// # Errors
    /// The database was lost.
    pub async fn read(tx: &mut TenantTx, over: &Over, month: Month) -> Result<Self, sqlx::Error> {
        let meeting = governance::read(tx, over, month).await?;
        let signed = meeting.as_ref().filter(|meeting| meeting.signed.is_some());
        let over = signed.map_or_else(|| over.clone(), |meeting| over.frozen(meeting.id));
        Ok(Self { meeting, over })
    }

    /// The meeting that signed it off.
    #[must_use]
    pub fn signed(&self) -> Option<&Meeting> {
        self.meeting.as_ref().filter(|meeting| meeting.signed.is_some())
    }
}

/// A month as it is looked at: what it shows, and what was kept of the months before.
#[derive(Clone, Debug)]
pub struct View {
    /// The month.
    pub month: Month,
    /// Whether it is over.
    pub over: bool,
    /// What it shows: what it was signed off with, once it was.
    pub shown: Shown,
    /// What is counted now, when it is signed off.
    pub now: Option<Shown>,
    /// The meeting on it.
    pub meeting: Option<Meeting>,
    /// What was decided of the limits; of a signed month, what was by then.
    pub limits: Vec<Anew>,
    kept: Vec<Before>,
}

/// A figure over time.
#[derive(Clone, Debug)]
pub struct Course {
    /// The months that are over, in order.
    pub months: Vec<(Month, Value)>,
    /// Their line.
    pub line: Line,
    /// What the rules say of it.
    pub chart: Chart,
}

impl Course {
    fn new(figure: Figure, months: Vec<(Month, Value)>, limits: &[Anew]) -> Self {
        let line = figure::line(figure, &months);
        let chart = figure::chart(figure, &line, &limits::standing(limits, figure));
        Self { months, line, chart }
    }
}

/// A figure in the months that are kept.
fn of(figure: Figure, kept: &[(Month, Vec<(Figure, Value)>)]) -> Vec<(Month, Value)> {
    let value = |values: &[(Figure, Value)]| {
        values.iter().find(|(f, _)| *f == figure).map_or(Value::NOTHING, |(_, value)| *value)
    };
    kept.iter().map(|(month, values)| (*month, value(values))).collect()
}

/// Every figure over the months that are over, as they are kept: at most a day old, and counted for no page.
///
/// # Errors
/// The database was lost.
pub async fn courses(
    tx: &mut TenantTx,
    over: &Over,
    today: NaiveDate,
) -> Result<Vec<(Figure, Course)>, sqlx::Error> {
    let kept = store::kept(tx, over, Month::of(today), MONTHS).await?;
    let limits = limits::recalculated(tx, over, None).await?;
    Ok(Figure::ALL
        .iter()
        .map(|figure| (*figure, Course::new(*figure, of(*figure, &kept), &limits)))
        .collect())
}

impl View {
    /// Reads a month.
    ///
    /// # Errors
    /// The database was lost.
    pub async fn read(
        tx: &mut TenantTx,
        over: &Over,
        month: Month,
        moment: Moment,
    ) -> Result<Self, sqlx::Error> {
        let basis = Basis::read(tx, over, month).await?;
        let signed = basis.signed().and_then(|meeting| meeting.signed.clone());
        // what is signed was over then, whatever a clock says now
        let span = Span::of(month, signed.as_ref().map_or(moment.now, |signed| moment.now.max(signed.at)));
        let mut shown = store::shown(tx, &basis.over, span).await?;
        let mut now = None;
        if let Some(meeting) = basis.signed() {
            shown.values = governance::frozen(tx, meeting.id).await?;
            now = Some(store::shown(tx, over, span).await?);
        }
        let limits = limits::recalculated(tx, over, signed.as_ref().map(|signed| signed.at)).await?;
        // a signed month keeps the line it had; only when no month before it was counted by then is there none to keep
        let over_by_now = signed.is_some() || month.is_over(moment.today);
        let kept = match signed.map(|signed| signed.lines).filter(|lines| !lines.is_empty()) {
            Some(lines) => lines,
            None => store::kept(tx, over, month, MONTHS).await?,
        };
        Ok(Self { month, over: over_by_now, shown, now, meeting: basis.meeting, limits, kept })
    }

    /// A figure over time: the months that are over, this one last.
    #[must_use]
    pub fn course(&self, figure: Figure) -> Course {
        let mut months = of(figure, &self.kept);
        if self.over {
            months.push((self.month, self.shown.value(figure)));
        }
        Course::new(figure, months, &self.limits)
    }

    /// From when the limits of a figure are calculated anew, and why: a sentence for each month of its line.
    #[must_use]
    pub fn anew(&self, figure: Figure) -> Vec<String> {
        let why = |month: Month| {
            let mut newest_first = self.limits.iter().rev();
            let one = newest_first.find(|one| one.figure == figure && one.month == month)?;
            let (name, on) = (month.name(), words::date(london_date(one.at)));
            Some(format!("Limits calculated anew from {name}: {} ({}, {on})", one.reason, one.by))
        };
        let months = limits::standing(&self.limits, figure).into_iter();
        months.filter(|month| *month <= self.month).filter_map(why).collect()
    }

    /// The questions for the meeting.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        let seen = Figure::ALL.iter().map(|figure| {
            let chart = self.course(*figure).chart;
            let (shows, reliably) = (chart.variation, chart.assurance);
            Seen { figure: *figure, value: self.shown.value(*figure), shows, reliably }
        });
        let repeats: Vec<Repeat> = self.shown.repeats.iter().map(repeat).collect();
        questions::questions(&seen.collect::<Vec<_>>(), &repeats)
    }

    /// A figure in words: "Overdue actions with a recorded decision: 92% (46 of 50), target 90%".
    #[must_use]
    pub fn says(&self, figure: Figure) -> String {
        let value = self.shown.value(figure);
        let (words, parts) = (value.words(figure), value.parts(figure));
        let of = if parts.is_empty() || parts == words || value.number(figure).is_none() {
            String::new()
        } else {
            format!(" ({parts})")
        };
        let target = figure.target().map(|target| format!(", target {}", figure.words(target)));
        format!("{}: {words}{of}{}", figure.label(), target.unwrap_or_default())
    }
}

fn repeat(again: &store::Again) -> Repeat {
    Repeat {
        topic: again.topic,
        service: again.service.clone(),
        slug: again.slug.clone(),
        in_month: again.in_month,
        in_year: again.in_year,
    }
}

/// Counts the months of a provider that are over and were not counted yet; and once a day those of which something may have
/// become known since. Returns how many.
///
/// # Errors
/// The database was lost.
pub async fn sweep(app: &AppState, provider: ProviderId) -> Done<u64> {
    let moment = Moment::read(app);
    let mut counted = 0;
    // each month by itself, so that nobody waits for a transaction over two years
    for _ in 0..=MONTHS {
        let mut tx = TenantTx::begin(&app.db, provider, None, moment.now).await?;
        let Some(stands) = store::standing(&mut tx).await? else { return Ok(counted) };
        let Some(month) = next(&stands, moment.today) else { return Ok(counted) };
        store::keep(&mut tx, month, stands.head).await?;
        tx.commit().await?;
        counted += 1;
    }
    Ok(counted)
}

/// The month to be counted next, the newest first; none when all stand.
fn next(stands: &Standing, today: NaiveDate) -> Option<Month> {
    let first = stands.first?;
    let months = (1..=MONTHS).map(|ago| Month::of(today).before(ago)).take_while(|month| *month >= first);
    months.into_iter().find(|month| match stands.kept.iter().find(|(kept, ..)| kept == month) {
        None => true,
        Some((_, seq, on)) => *seq != stands.head && *on < today,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        Month::from_text(text).unwrap()
    }

    #[test]
    fn the_newest_month_that_is_not_counted_comes_first_and_none_before_anything_was_found() {
        let today: NaiveDate = "2026-11-21".parse().unwrap();
        let yesterday = today.pred_opt().unwrap();
        let mut stands = Standing { head: 9, first: Some(month("2026-09")), kept: vec![] };
        assert_eq!(next(&stands, today), Some(month("2026-10")));
        stands.kept = vec![(month("2026-10"), 7, today)];
        assert_eq!(next(&stands, today), Some(month("2026-09")), "October was counted today already");
        stands.kept = vec![(month("2026-10"), 7, yesterday), (month("2026-09"), 9, yesterday)];
        assert_eq!(next(&stands, today), Some(month("2026-10")), "something happened since");
        stands.kept = vec![(month("2026-10"), 9, yesterday), (month("2026-09"), 9, yesterday)];
        assert_eq!(next(&stands, today), None, "nothing happened since");
        assert_eq!(next(&Standing { first: None, ..stands }, today), None);
    }
}
