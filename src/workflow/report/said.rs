//! The report in words: what stands in it, in its order.

use super::{Charted, ROWS, Report, View, charted, heat};
use crate::clock::london_date;
use crate::domain::figure::{Age, Figure, VERSION};
use crate::domain::reference::Reference;
use crate::domain::spc::{Assurance, Kind};
use crate::domain::words;
use crate::picture::spark::{changes, meets, spark};
use crate::report::{Block, Cell, Column, Drawn, Item, Paper, Table};
use crate::store::figure::{About, First, Row};
use crate::store::governance::{Decision, Meeting, Minutes, SignedOff};

/// The most charts of a report.
const CHARTS: usize = 6;
/// The most letters of a row's words that are printed.
const LONGEST: usize = 240;

pub(super) fn paper(report: &Report) -> Paper {
    let of = &report.of;
    let mark = &report.mark;
    let mut blocks = Vec::new();
    figures(&report.view, &mut blocks);
    charts(report, &mut blocks);
    open(report, &mut blocks);
    lacking(report, &mut blocks);
    questions(report, &mut blocks);
    meeting(report, &mut blocks);
    check(report, &mut blocks);
    appendix(report, &mut blocks);
    Paper {
        title: format!("Governance report: {}", of.month.name()),
        place: of.place.clone(),
        head: head(report),
        foot: format!("{}. Governance report for {}. {}", of.place, of.month.name(), stands(report)),
        seal: format!("Line {} of the trail of {} has the hash {}", mark.head.seq, of.slug, mark.head.hash),
        made: signed(report).map_or(report.moment.now, |signed| signed.at),
        blocks,
    }
}

fn met(report: &Report) -> Option<&Meeting> {
    report.view.meeting.as_ref()
}

fn signed(report: &Report) -> Option<&SignedOff> {
    met(report)?.signed.as_ref()
}

/// How far the figures can be relied on to stay, in few words.
fn stands(report: &Report) -> String {
    match signed(report) {
        Some(signed) => format!("Signed off on {}.", words::date(london_date(signed.at))),
        None => format!("Not signed off; made {}.", words::instant(report.moment.now)),
    }
}

fn head(report: &Report) -> Vec<(&'static str, String)> {
    let (of, view, mark) = (&report.of, &report.view, &report.mark);
    let now = words::instant(report.moment.now);
    let (by, taken, definition) = match signed(report) {
        Some(signed) => (
            format!("By {}, {}", signed.by, words::instant(signed.at)),
            format!("As they were signed off on {}", words::date(london_date(signed.at))),
            signed.definition.clone(),
        ),
        None => (
            "Not signed off: the figures can still change".to_owned(),
            if view.over {
                format!("As they stood at the end of {}, counted {now}", words::date(view.month.last()))
            } else {
                format!("The month is still running: until {now}")
            },
            VERSION.to_owned(),
        ),
    };
    vec![
        ("Provider", of.provider.clone()),
        ("Looked at", of.place.clone()),
        ("Month", of.month.name()),
        ("Signed off", by),
        ("Figures", taken),
        ("Definitions", format!("Version {definition}")),
        ("Trail", format!("Line {}, written {}", mark.head.seq, words::instant(mark.at))),
    ]
}

/// The figures of a month, each with what is aimed at and its line over time.
pub fn figures(view: &View, blocks: &mut Vec<Block>) {
    let row = |figure: &Figure| {
        let (over, value) = (view.course(*figure), view.shown.value(*figure));
        let (words, parts) = value.said(*figure);
        let missed = value.reached(*figure) == Some(false);
        let target = figure.target().map_or_else(|| "None".into(), |target| figure.words(target));
        vec![
            Cell::says(format!("{} ({})", figure.label(), figure.code())),
            Cell { missed, ..Cell::says(words).with(parts) },
            Cell::says(target),
            Cell::spark(spark(&over.line, &over.chart), charted(view, *figure).sentence),
            Cell::sign(over.chart.variation.map(|kind| changes(kind, figure.better()))),
            Cell::sign(over.chart.assurance.map(meets)),
        ]
    };
    blocks.push(Block::Heading("The month in figures".into()));
    blocks.push(Block::Table(Table {
        name: "Figures M1 to M10 with what is aimed at and what their line over time says".into(),
        columns: vec![
            Column::words("Figure", 2.9),
            Column::numbers(&view.month.short(), 1.05),
            Column::numbers("Target", 0.8),
            Column::words("Over time", 1.75),
            Column::words("Is it changing?", 1.5),
            Column::words("Will it meet its target?", 1.85),
        ],
        rows: Figure::ALL.iter().map(row).collect(),
    }));
    blocks.push(Block::Note("A value in bold misses its target.".into()));
}

/// The charts of those figures whose line says something: that it changes, or that the target will not be met.
fn charts(report: &Report, blocks: &mut Vec<Block>) {
    let says = |figure: &&Figure| {
        let chart = report.view.course(**figure).chart;
        chart.variation.is_some_and(|kind| kind != Kind::Common) || chart.assurance == Some(Assurance::Fail)
    };
    blocks.push(Block::Heading("What the lines over time say".into()));
    let telling: Vec<&Figure> = Figure::ALL.iter().filter(says).collect();
    if telling.is_empty() {
        let none = "No figure changes more than it usually does, and none is sure to miss its target.";
        blocks.push(Block::Text(none.into()));
        return;
    }
    blocks.push(Block::Note(
        "Shown are figures that change by more than they usually do, or that will miss their target as things run. A filled circle is better than usual, a square worse. The dashed lines are the limits of what is usual, the dotted one is the target."
            .into(),
    ));
    for figure in telling.iter().take(CHARTS) {
        if let Charted { picture: Some(picture), sentence } = charted(&report.view, **figure) {
            let mut sentence = format!("{} ({}). {sentence}", figure.label(), figure.code());
            for why in report.view.anew(**figure) {
                sentence = format!("{sentence} {}.", why.trim_end_matches('.'));
            }
            blocks.push(Block::Chart { picture: Box::new(picture), sentence });
        }
    }
    if telling.len() > CHARTS {
        let left: Vec<&str> = telling.iter().skip(CHARTS).map(|figure| figure.label()).collect();
        blocks.push(Block::Text(format!("So do these: {}.", left.join("; "))));
    }
}

fn open(report: &Report, blocks: &mut Vec<Block>) {
    let shown = &report.view.shown;
    blocks.push(Block::Heading("Open findings by theme and service".into()));
    if shown.heat.is_empty() {
        blocks.push(Block::Text("No finding was open.".into()));
    } else {
        let heat = heat::table(&shown.heat, |_, _, _| String::new());
        let cell = |cell: &heat::Cell| {
            let back = if cell.back { " R" } else { "" };
            Cell { drawn: Drawn::Shade(cell.class), ..Cell::says(format!("{}{back}", cell.open)) }
        };
        let row = |line: &heat::Line| {
            let first = Cell::says(line.name.clone());
            std::iter::once(first).chain(line.cells.iter().map(cell)).collect()
        };
        let heads = heat.columns.iter().map(|name| Column::words(name, 1.0));
        let columns = std::iter::once(Column::words(heat.corner, 1.6)).chain(heads);
        blocks.push(Block::Table(Table {
            name: "Open findings by theme and service; the more, the darker".into(),
            columns: columns.chain([Column::words("All", 0.7)]).collect(),
            rows: heat.rows.iter().chain(&heat.more).map(row).collect(),
        }));
        blocks.push(Block::Note("The more, the darker. R: some of them came back.".into()));
    }
    blocks.push(Block::Heading("What came back".into()));
    let again = shown.repeats.iter().map(|again| Item {
        text: format!("{}, {}", again.topic.label(), again.service),
        meta: format!("{} this month, {} in twelve months", again.in_month, again.in_year),
        ..Item::default()
    });
    listed(again.collect(), "Nothing found in this month was found before.", blocks);
}

fn lacking(report: &Report, blocks: &mut Vec<Block>) {
    let shown = &report.view.shown;
    blocks.push(Block::Heading("Overdue by age".into()));
    let row = |age: &Age| vec![Cell::says(age.label()), Cell::says(shown.overdue_for(*age).to_string())];
    blocks.push(Block::Table(Table {
        name: "Overdue actions by the days since their due date".into(),
        columns: vec![Column::words("Overdue for", 1.0), Column::words("Actions", 3.0)],
        rows: Age::ALL.iter().map(row).collect(),
    }));
    let lists = [
        (
            "High risk, no decision recorded",
            Figure::HighDecided,
            &shown.undecided,
            Reference::finding as fn(i32) -> Reference,
            "Every high-risk finding has its decision.",
        ),
        (
            "Closed without measured improvement",
            Figure::Improved,
            &shown.unmeasured,
            Reference::action,
            "Every closure of the month shows improvement, or nothing was closed.",
        ),
    ];
    for (heading, figure, some, reference, none) in lists {
        blocks.push(Block::Heading(heading.into()));
        let item = |(number, what, service): &(i32, String, String)| Item {
            text: cut(what),
            meta: format!("{}, {service}", reference(*number)),
            ..Item::default()
        };
        listed(some.iter().map(item).collect(), none, blocks);
        let value = shown.value(figure);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a difference of counts")]
        let all = (value.denominator - value.numerator).max(0.0) as usize;
        if all > some.len() {
            blocks.push(Block::Note(format!("The first {} of {all}.", some.len())));
        }
    }
}

fn questions(report: &Report, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("Questions for the meeting".into()));
    let asked = report.view.questions().into_iter();
    let items = asked.map(|question| Item { text: question.text, ..Item::default() });
    listed(items.collect(), "The figures ask nothing this month.", blocks);
}

/// A list, or the sentence that there is nothing to list.
fn listed(items: Vec<Item>, none: &str, blocks: &mut Vec<Block>) {
    blocks.push(if items.is_empty() { Block::Text(none.into()) } else { Block::List(items) });
}

fn meeting(report: &Report, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("The meeting".into()));
    match met(report).and_then(|meeting| meeting.minutes.as_ref()) {
        Some(minutes) => {
            blocks.push(Block::Text(held(minutes)));
            blocks.push(Block::Quote(minutes.minutes.clone()));
        }
        None => blocks.push(Block::Text("No minutes are written.".into())),
    }
    let decisions = met(report).map_or(&[][..], |meeting| &meeting.decisions);
    let item = |decision: &Decision| {
        let follows = decision.follows.map_or_else(String::new, |n| format!(", follows {n}"));
        Item {
            lead: format!("{}: {}", decision.said.label(), decision.saw),
            text: decision.note.clone(),
            meta: format!("{}, {}{follows}", decision.by, words::instant(decision.at)),
            ..Item::default()
        }
    };
    listed(decisions.iter().map(item).collect(), "Nothing is recorded as said about a single item.", blocks);
}

/// When a meeting was held, who was there, and who wrote the minutes.
#[must_use]
pub fn held(minutes: &Minutes) -> String {
    let present: Vec<&str> = minutes.present.iter().map(|(_, name)| name.as_str()).collect();
    let others =
        if minutes.others.is_empty() { String::new() } else { format!(" Others: {}.", minutes.others) };
    format!(
        "Held on {}. There: {}.{others} Written by {}, {}.",
        words::date(minutes.held_on),
        words::list(&present),
        minutes.by,
        words::instant(minutes.at)
    )
}

fn check(report: &Report, blocks: &mut Vec<Block>) {
    let (of, head) = (&report.of, &report.mark.head);
    let what = match signed(report) {
        Some(_) => "That is the line of the sign-off, which holds the figures.",
        None => "That was the last line when this report was made.",
    };
    blocks.push(Block::Heading("How this report can be checked later".into()));
    blocks.push(Block::Text(format!(
        "Everything that is done is written into the trail of {}, in which every line holds the hash of the one before. Line {} of it has the hash {}. {what} Whoever is signed in types both on the page \"Check a printed report\"; whoever runs the program asks: throughline trail verify --provider {} --line {} --hash {}. The answer is whether the trail still holds this line, and from the command also whether it is unbroken from the first line on.",
        of.provider, head.seq, head.hash, of.slug, head.seq, head.hash
    )));
}

fn appendix(report: &Report, blocks: &mut Vec<Block>) {
    let mut told = Vec::new();
    for figure in Figure::ALL {
        let Some(first) = report.rows.iter().find(|first| first.figure == *figure) else { continue };
        told.push(Block::Heading(format!(
            "{}: {}, {} {}",
            figure.code(),
            figure.label(),
            figure.joins(report.view.over),
            report.of.month.name()
        )));
        told.push(Block::Note(format!("{} {}", figure.rows_are(), figure.counted_are())));
        told.push(Block::Table(rows(*figure, first)));
        if first.all > ROWS {
            told.push(Block::Note(format!(
                "The first {ROWS} of {} rows; the page of the month leads to all of them.",
                words::number(u64::try_from(first.all).unwrap_or(0))
            )));
        }
    }
    if !told.is_empty() {
        blocks.push(Block::NewPage);
        blocks.push(Block::Heading("The rows behind the figures".into()));
        blocks.append(&mut told);
    }
}

fn rows(figure: Figure, first: &First) -> Table {
    let (marked, amounts) = (figure.marks_rows(), figure.amounts());
    let mut columns =
        vec![Column::words("Reference", 0.9), Column::words("What", 4.4), Column::words("Where", 1.7)];
    if marked {
        columns.push(Column::words("Counted", 0.9));
    }
    columns.extend(amounts.map(|name| Column::numbers(name, 1.1)));
    let row = |row: &Row| {
        let service = row.service.clone().unwrap_or_else(|| "The whole provider".into());
        let mut cells = vec![
            Cell::says(reference(row)),
            Cell::says(cut(row.what.as_deref().unwrap_or_default())),
            Cell::says(service),
        ];
        if marked {
            cells.push(Cell::says(if row.counted { "Counted" } else { "Not counted" }));
        }
        cells.extend(amounts.map(|_| Cell::says(figure.amount(row.amount, row.whole))));
        cells
    };
    Table { name: figure.label().into(), columns, rows: first.rows.iter().map(row).collect() }
}

/// The reference of a row; the day of a reading, whose number is like 20261001.
fn reference(row: &Row) -> String {
    match row.about {
        About::Action => Reference::action(row.number).to_string(),
        About::Finding => Reference::finding(row.number).to_string(),
        About::Measure => {
            let (day, month, year) = (row.number % 100, row.number / 100 % 100, row.number / 10_000);
            let part = |of: i32| u32::try_from(of).unwrap_or(0);
            chrono::NaiveDate::from_ymd_opt(year, part(month), part(day))
                .map_or_else(String::new, words::date)
        }
    }
}

/// The beginning of a long text: the whole stands in the program.
fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let begin: String = text.chars().take(LONGEST).collect();
    format!("{}…", begin.trim_end())
}
