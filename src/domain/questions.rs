//! The questions for the meeting: written by rules from the figures of the month, the most dangerous first, each with the
//! rows it is about. They ask; what is decided people say.

use super::figure::{Figure, Value};
use super::spc::{Assurance, Kind};
use super::topic::{Theme, Topic};
use super::words;

/// The most questions a meeting is given.
pub const MOST: usize = 8;

/// A figure of the month, and what its line over time says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Which.
    pub figure: Figure,
    /// Its value.
    pub value: Value,
    /// What the newest point shows; none without limits.
    pub shows: Option<Kind>,
    /// Whether the target is met reliably.
    pub reliably: Option<Assurance>,
}

/// The same topic that came back in the same service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The topic.
    pub topic: Topic,
    /// The service's name.
    pub service: String,
    /// The service's part of the address.
    pub slug: String,
    /// How often in the month.
    pub in_month: i64,
    /// How often in the twelve months until its end.
    pub in_year: i64,
}

/// Which rows a question is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Only those that are counted, or only those that are not.
    pub counted: Option<bool>,
    /// Of one topic.
    pub topic: Option<Topic>,
    /// Of one theme.
    pub theme: Option<Theme>,
    /// In one service, by its part of the address.
    pub place: Option<String>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What it is known by: within a month it stays the same, whatever the numbers.
    pub key: String,
    /// The question.
    pub text: String,
    /// The figure it is about.
    pub figure: Figure,
    /// The rows.
    pub rows: Rows,
}

impl Question {
    fn of(figure: Figure, counted: Option<bool>, text: String) -> Self {
        let rows = Rows { counted, ..Rows::default() };
        Self { key: figure.as_str().into(), text, figure, rows }
    }
}

/// The questions.
#[must_use]
pub fn questions(seen: &[Seen], repeats: &[Repeat]) -> Vec<Question> {
    let mut asked: Vec<Question> = Vec::new();
    for figure in [Figure::NoControl, Figure::HighDecided, Figure::Decided, Figure::Repeats] {
        asked.extend(seen.iter().find(|seen| seen.figure == figure).and_then(about));
    }
    asked.extend(repeats.iter().filter(|repeat| repeat.in_year >= 2).take(2).map(again));
    let later = [
        Figure::Window,
        Figure::Reopened,
        Figure::Improved,
        Figure::Unowned,
        Figure::Evidence,
        Figure::Feedback,
        Figure::FollowUps,
        Figure::Positive,
        Figure::Stale,
    ];
    for figure in later {
        asked.extend(seen.iter().find(|seen| seen.figure == figure).and_then(about));
    }
    for seen in seen {
        if !asked.iter().any(|question| question.figure == seen.figure) {
            asked.extend(trend(seen));
        }
    }
    asked.truncate(MOST);
    asked
}

fn whole(of: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of rows")]
    let whole = of.max(0.0).round() as u64;
    whole
}

/// What a figure that is not as it should be asks.
fn about(seen: &Seen) -> Option<Question> {
    let value = seen.value;
    let (part, all) = (whole(value.numerator), whole(value.denominator));
    let left = all.saturating_sub(part);
    let missed = value.reached(seen.figure) == Some(false);
    let (counted, text) = match seen.figure {
        Figure::NoControl | Figure::Unowned if part > 0 => (None, of_counts(seen.figure, part)?),
        Figure::Stale if part >= 5 => (None, of_counts(seen.figure, part)?),
        Figure::HighDecided if left > 0 => (Some(false), of_rest(seen.figure, left, all)?),
        Figure::Positive if missed => {
            let part = words::number(part);
            (None, format!("{part} of {all} answers were positive. What do the others tell us?"))
        }
        Figure::Repeats | Figure::Reopened if missed => (Some(true), of_part(seen, part, all)?),
        _ if missed => (Some(false), of_rest(seen.figure, left, all)?),
        _ => return None,
    };
    Some(Question::of(seen.figure, counted, text))
}

/// What so many rows ask.
fn of_counts(figure: Figure, n: u64) -> Option<String> {
    let one = n == 1;
    let (rows, asks) = match figure {
        Figure::NoControl => (
            words::count_of(n, "overdue high-risk action has", "overdue high-risk actions have"),
            "no interim control. What keeps people safe meanwhile?",
        ),
        Figure::Unowned => (
            words::count_of(n, "open action has", "open actions have"),
            if one { "no owner. Who takes it?" } else { "no owner. Who takes each?" },
        ),
        Figure::Stale => (
            words::count_of(n, "open action has had", "open actions have had"),
            "no update for a fortnight. What support do their owners need?",
        ),
        _ => return None,
    };
    Some(format!("{rows} {asks}"))
}

/// What the counted ones ask.
fn of_part(seen: &Seen, n: u64, all: u64) -> Option<String> {
    let usual = match seen.shows {
        Some(Kind::Concern) => " That is more than usual.",
        Some(Kind::Common) => " That is usual for us.",
        _ => "",
    };
    match seen.figure {
        Figure::Repeats => {
            let came = words::count_of(n, "finding came", "findings came");
            Some(format!("{came} back, of {all}.{usual} What will we change in how we close actions?"))
        }
        Figure::Reopened => {
            let was = words::count_of(n, "closed action was", "closed actions were");
            Some(format!(
                "{was} opened again, of {all}.{usual} Did we close too early, or look at the wrong thing?"
            ))
        }
        _ => None,
    }
}

/// What those that are not counted ask.
fn of_rest(figure: Figure, n: u64, all: u64) -> Option<String> {
    let of = |one: &str, many: &str| words::count_of(n, one, many);
    Some(match figure {
        Figure::HighDecided => {
            let are = of("high-risk finding is", "high-risk findings are");
            format!("{are} without a recorded decision, of {all}. Who decides, and by when?")
        }
        Figure::Decided => {
            let are = of("action is", "actions are");
            format!("{are} overdue without a recorded decision, of {all}. What is in the way of each?")
        }
        Figure::Window => {
            let came = of("verdict came", "verdicts came");
            format!("{came} later than the window allows, of {all}. Who can share the checking?")
        }
        Figure::Improved => {
            let shows = of("closure shows", "closures show");
            format!("{shows} no measured improvement yet, of {all}. How do we know that care is better?")
        }
        Figure::Evidence => {
            let was = of("closed action was", "closed actions were");
            format!("{was} sent back before, of {all}. Is it clear from the start what proves an action?")
        }
        Figure::Feedback => {
            let was = of("feedback action was closed", "feedback actions were closed");
            format!("{was} without asking people again, of {all}. Who asks them?")
        }
        Figure::FollowUps => {
            let was = of("follow-up was", "follow-ups were");
            format!("{was} late, of {all}. At which handover do they get lost?")
        }
        _ => return None,
    })
}

/// The same topic again in the same service.
fn again(repeat: &Repeat) -> Question {
    let times = match repeat.in_year {
        2 => "twice".to_owned(),
        n => format!("{} times", words::number(u64::try_from(n).unwrap_or(0))),
    };
    let text = format!(
        "{} at {} came back {times} in twelve months. What is the root cause?",
        repeat.topic.label(),
        repeat.service
    );
    Question {
        key: format!("repeat_{}_{}", repeat.topic.as_str(), repeat.slug),
        text,
        figure: Figure::Repeats,
        rows: Rows {
            counted: Some(true),
            topic: Some(repeat.topic),
            place: Some(repeat.slug.clone()),
            ..Rows::default()
        },
    }
}

/// What a line over time asks where the value by itself asks nothing.
fn trend(seen: &Seen) -> Option<Question> {
    let name = seen.figure.label();
    let text = match (seen.shows, seen.reliably) {
        (Some(Kind::Concern), _) => format!("{name}: worse than usual, and not by chance. What changed?"),
        (_, Some(Assurance::Fail)) => {
            format!("{name}: as it runs now, the target will not be met. What has to change?")
        }
        (Some(Kind::Improvement), _) => {
            format!("{name}: better than usual, and not by chance. What did we do that we should keep?")
        }
        _ => return None,
    };
    Some(Question::of(seen.figure, None, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn seen(figure: Figure, numerator: f64, denominator: f64) -> Seen {
        Seen { figure, value: Value { numerator, denominator }, shows: None, reliably: None }
    }

    fn asks(seen: Seen) -> Option<String> {
        questions(&[seen], &[]).into_iter().next().map(|question| question.text)
    }

    #[rstest]
    #[case(Figure::NoControl, 1.0, 1.0, Some("1 overdue high-risk action has no interim control."))]
    #[case(Figure::NoControl, 0.0, 0.0, None)]
    #[case(
        Figure::HighDecided,
        3.0,
        5.0,
        Some("2 high-risk findings are without a recorded decision, of 5.")
    )]
    #[case(Figure::HighDecided, 5.0, 5.0, None)]
    #[case(Figure::Decided, 8.0, 10.0, Some("2 actions are overdue without"))]
    #[case(Figure::Decided, 9.0, 10.0, None)]
    #[case(Figure::Repeats, 2.0, 10.0, Some("2 findings came back, of 10."))]
    #[case(Figure::Repeats, 1.0, 10.0, None)]
    #[case(Figure::Window, 7.0, 10.0, Some("3 verdicts came later"))]
    #[case(Figure::Reopened, 1.0, 10.0, Some("1 closed action was opened again, of 10."))]
    #[case(Figure::Improved, 1.0, 4.0, Some("3 closures show no measured improvement yet, of 4."))]
    #[case(Figure::Unowned, 2.0, 2.0, Some("2 open actions have no owner. Who takes each?"))]
    #[case(Figure::Unowned, 1.0, 1.0, Some("1 open action has no owner. Who takes it?"))]
    #[case(Figure::Evidence, 1.0, 2.0, Some("1 closed action was sent back"))]
    #[case(
        Figure::Feedback,
        0.0,
        1.0,
        Some("1 feedback action was closed without asking people again, of 1.")
    )]
    #[case(Figure::FollowUps, 1.0, 4.0, Some("3 follow-ups were late, of 4."))]
    #[case(Figure::Positive, 6.0, 10.0, Some("6 of 10 answers were positive."))]
    #[case(Figure::Stale, 5.0, 5.0, Some("5 open actions have had no update"))]
    #[case(Figure::Stale, 4.0, 4.0, None)]
    #[case(Figure::Open, 400.0, 400.0, None)]
    #[case(Figure::Evidence, 0.0, 0.0, None)]
    fn what_a_figure_asks(
        #[case] figure: Figure,
        #[case] numerator: f64,
        #[case] denominator: f64,
        #[case] wanted: Option<&str>,
    ) {
        let text = asks(seen(figure, numerator, denominator));
        match wanted {
            Some(wanted) => {
                let text = text.unwrap();
                assert!(text.to_lowercase().contains(&wanted.to_lowercase()), "{text}");
                assert!(text.ends_with('?'), "{text}");
            }
            None => assert_eq!(text, None),
        }
    }

    #[test]
    fn the_most_dangerous_comes_first_and_what_came_back_has_its_place() {
        let all = [
            seen(Figure::Stale, 9.0, 9.0),
            seen(Figure::Window, 0.0, 9.0),
            seen(Figure::NoControl, 2.0, 2.0),
        ];
        let repeat = |in_year| Repeat {
            topic: Topic::Medicines,
            service: "Rowan House".into(),
            slug: "rowan-house".into(),
            in_month: 1,
            in_year,
        };
        let asked = questions(&all, &[repeat(3), repeat(1)]);
        let figures: Vec<Figure> = asked.iter().map(|question| question.figure).collect();
        assert_eq!(figures, [Figure::NoControl, Figure::Repeats, Figure::Window, Figure::Stale]);
        assert!(
            asked[1].text.to_lowercase().contains("medicines at rowan house came back 3 times"),
            "{}",
            asked[1].text
        );
        assert_eq!(asked[1].rows.place.as_deref(), Some("rowan-house"));
        let mut keys: Vec<&str> = asked.iter().map(|question| question.key.as_str()).collect();
        keys.dedup();
        assert_eq!(keys.len(), asked.len(), "each is known by a key of its own");
    }

    #[test]
    fn a_line_asks_where_the_value_does_not() {
        let with = |shows, reliably| Seen { shows, reliably, ..seen(Figure::Overdue, 7.0, 7.0) };
        let text = |seen| asks(seen).unwrap_or_default();
        assert!(text(with(Some(Kind::Concern), None)).contains("worse than usual"));
        assert!(text(with(Some(Kind::Improvement), None)).contains("should keep"));
        assert!(text(with(Some(Kind::Common), Some(Assurance::Fail))).contains("will not be met"));
        assert_eq!(text(with(Some(Kind::Common), Some(Assurance::HitOrMiss))), "");
    }

    #[test]
    fn a_meeting_is_not_given_more_than_it_can_answer() {
        let bad = |figure: &Figure| {
            seen(*figure, if figure.better() == super::super::spc::Better::Up { 0.0 } else { 9.0 }, 9.0)
        };
        let all: Vec<Seen> = Figure::ALL.iter().map(bad).collect();
        assert_eq!(questions(&all, &[]).len(), MOST);
    }
}
