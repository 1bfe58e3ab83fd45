//! Tables in a PDF: columns by their share of the width, rows that stay whole, and the head again on every page.

use krilla::tagging::{TableHeaderScope, Tag};

use super::flow::{BOTTOM, Flow, INK, LEFT, MISSED, Part, RIGHT, RULE, SOFT, Shape, TOP, rectangle};
use super::letters::Style;
use super::{Cell, Column, Drawn, Table, shapes};

const HEAD: Style = Style::new(7.5, SOFT).bold();
const BODY: Style = Style::new(8.5, INK);
const SMALL: Style = Style::new(7.2, SOFT);
/// Around what is written in a cell.
const PAD: (f32, f32) = (4.0, 3.5);
/// How many lines of a cell are shown: no row is higher than a page.
const LINES: usize = 30;
/// A sign and a small line in a cell.
const SIGN: f32 = 17.0;
const SPARK: (f32, f32) = (86.0, 20.0);

/// A column where it stands.
struct Place<'t> {
    x: f32,
    width: f32,
    column: &'t Column,
}

/// A cell whose lines are broken.
struct Broken {
    lines: Vec<(String, Style)>,
    height: f32,
    /// What is drawn beside the words takes so much of the width.
    indent: f32,
}

pub(super) fn place(flow: &mut Flow<'_>, table: &Table) {
    let all: f32 = table.columns.iter().map(|column| column.width).sum();
    let mut x = LEFT;
    let mut places = Vec::new();
    for column in &table.columns {
        let width = (RIGHT - LEFT) * column.width / all.max(1.0);
        places.push(Place { x, width, column });
        x += width;
    }
    let part = flow.part(Tag::Table.with_summary(Some(table.name.clone())), None);
    let head = flow.part(Tag::THead, Some(part));
    let body = flow.part(Tag::TBody, Some(part));
    heads(flow, &places, Some(head));
    for row in &table.rows {
        let broken: Vec<Broken> =
            row.iter().zip(&places).map(|(cell, place)| broken(flow, cell, place)).collect();
        let height = broken.iter().map(|cell| cell.height).fold(0.0, f32::max);
        if flow.keep(height) {
            heads(flow, &places, None);
        }
        let part = flow.part(Tag::TR, Some(body));
        let top = flow.y;
        for (at, ((cell, place), broken)) in row.iter().zip(&places).zip(&broken).enumerate() {
            let part = if at == 0 {
                flow.part(Tag::TH(TableHeaderScope::Row), Some(part))
            } else {
                flow.part(Tag::TD, Some(part))
            };
            draw(flow, (cell, broken), place, (top, height), part);
        }
        flow.y = top + height;
        rule(flow, 0.5);
    }
}

/// The heads of the columns; a repetition of them on a further page is not read aloud again.
fn heads(flow: &mut Flow<'_>, places: &[Place<'_>], part: Option<Part>) {
    let broken: Vec<Vec<String>> = places
        .iter()
        .map(|place| flow.letters.wrapped(&place.column.name, HEAD, place.width - 2.0 * PAD.0))
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "some lines")]
    let high = broken.iter().map(|lines| lines.len() as f32 * HEAD.leading()).fold(0.0, f32::max);
    flow.keep(high + 40.0);
    let row = part.map(|part| flow.part(Tag::TR, Some(part)));
    let top = flow.y;
    for (lines, place) in broken.iter().zip(places) {
        let part = row.map(|row| flow.part(Tag::TH(TableHeaderScope::Column), Some(row)));
        let mut y = top + PAD.1;
        for line in lines {
            y += HEAD.leading();
            text(flow, place, (line, HEAD), (y, 0.0), part);
        }
    }
    flow.y = top + high + 2.0 * PAD.1;
    rule(flow, 1.0);
}

fn rule(flow: &mut Flow<'_>, width: f32) {
    let points = vec![(LEFT, flow.y), (RIGHT, flow.y)];
    flow.put(Shape::Stroke { points, width, colour: RULE, dash: None, closed: false }, None);
}

/// A line in a column, on the right where it holds numbers.
fn text(
    flow: &mut Flow<'_>,
    place: &Place<'_>,
    (line, style): (&str, Style),
    (y, indent): (f32, f32),
    part: Option<Part>,
) {
    if line.is_empty() {
        return;
    }
    let x = if place.column.number {
        place.x + place.width - PAD.0 - flow.letters.width(line, style)
    } else {
        place.x + PAD.0 + indent
    };
    let y = y - style.size * 0.33;
    // a space at the end, so that the words of two lines are two when they are read aloud
    flow.put(Shape::Text { x, y, text: format!("{line} "), style }, part);
}

fn broken(flow: &Flow<'_>, cell: &Cell, place: &Place<'_>) -> Broken {
    let (indent, least) = match cell.drawn {
        Drawn::Sign(_) => (SIGN + 4.0, SIGN),
        Drawn::Spark(..) => (0.0, SPARK.1),
        Drawn::Nothing | Drawn::Shade(_) => (0.0, 0.0),
    };
    let width = (place.width - 2.0 * PAD.0 - indent).max(20.0);
    let style = if cell.missed { Style { colour: MISSED, ..BODY.bold() } } else { BODY };
    let mut lines = Vec::new();
    for (text, style) in [(&cell.text, style), (&cell.below, SMALL)] {
        if !text.is_empty() {
            lines.extend(flow.letters.wrapped(text, style, width).into_iter().map(|line| (line, style)));
        }
    }
    if lines.len() > LINES {
        lines.truncate(LINES - 1);
        lines.push(("…".into(), SMALL));
    }
    let high: f32 = lines.iter().map(|(_, style)| style.leading()).sum();
    Broken { lines, height: high.max(least) + 2.0 * PAD.1, indent }
}

fn draw(
    flow: &mut Flow<'_>,
    (cell, broken): (&Cell, &Broken),
    place: &Place<'_>,
    (top, height): (f32, f32),
    part: Part,
) {
    let mut ink = None;
    match &cell.drawn {
        Drawn::Sign(sign) => shapes::sign(flow, sign, (place.x + PAD.0, top + PAD.1), SIGN),
        Drawn::Spark(spark, shows) => {
            let figure = flow.part(Tag::Figure(Some(shows.clone())), Some(part));
            shapes::spark(flow, spark, (place.x + PAD.0, top + PAD.1), SPARK, figure);
        }
        Drawn::Shade(class) => {
            let (surface, letters) = shapes::shade(class);
            if let Some(colour) = surface {
                let points = rectangle(place.x + 1.0, top + 1.0, place.width - 2.0, height - 2.0);
                flow.put(Shape::Fill { points, colour }, None);
            }
            ink = Some(letters);
        }
        Drawn::Nothing => {}
    }
    let mut y = top + PAD.1;
    for (line, style) in &broken.lines {
        let style = ink.map_or(*style, |colour| Style { colour, ..*style });
        y += style.leading();
        text(flow, place, (line, style), (y, broken.indent), Some(part));
    }
    debug_assert!(top + height <= BOTTOM + 1.0 || top <= TOP + 200.0, "a row is higher than a page");
}
