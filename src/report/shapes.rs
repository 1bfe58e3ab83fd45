//! Charts, small lines and signs in a PDF: the same places as on the page, in the colours of paper.

use krilla::tagging::Tag;

use super::flow::{Colour, Flow, INK, LEFT, Part, RIGHT, RULE, SOFT, Shape, rectangle};
use super::letters::Style;
use crate::picture::chart::Picture;
use crate::picture::spark::{self, Sign, Spark};

const GOOD: Colour = (0, 103, 168);
const BAD: Colour = (184, 72, 10);
const NEUTRAL: Colour = (91, 58, 140);
const COMMON: Colour = (102, 115, 123);
const TARGET: Colour = (160, 28, 60);
const PAPER: Colour = (255, 255, 255);

/// From places in a picture to places on the page.
#[derive(Clone, Copy)]
struct Scale {
    x: f32,
    y: f32,
    by: f32,
}

impl Scale {
    #[expect(clippy::cast_possible_truncation, reason = "places in a picture, below a thousand")]
    fn at(self, x: f64, y: f64) -> (f32, f32) {
        (self.x + x as f32 * self.by, self.y + y as f32 * self.by)
    }

    fn line(self, from: (f64, f64), to: (f64, f64), look: Look) -> Shape {
        look.through(vec![self.at(from.0, from.1), self.at(to.0, to.1)])
    }

    /// The points of an SVG path of straight lines: "M1 2 L3 4".
    fn path(self, path: &str) -> Vec<(f32, f32)> {
        let flat = path.replace(['M', 'L'], " ");
        let numbers: Vec<f64> = flat.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        numbers.chunks_exact(2).filter_map(|pair| Some(self.at(*pair.first()?, *pair.get(1)?))).collect()
    }
}

/// How a line looks.
#[derive(Clone, Copy)]
struct Look {
    width: f32,
    colour: Colour,
    dash: Option<(f32, f32)>,
}

impl Look {
    const fn new(width: f32, colour: Colour) -> Self {
        Self { width, colour, dash: None }
    }

    const fn dashed(self, on: f32, off: f32) -> Self {
        Self { dash: Some((on, off)), ..self }
    }

    const fn through(self, points: Vec<(f32, f32)>) -> Shape {
        Shape::Stroke { points, width: self.width, colour: self.colour, dash: self.dash, closed: false }
    }
}

/// A chart over the width of the page, with what it shows in words for those who do not see it.
pub(super) fn chart(flow: &mut Flow<'_>, picture: &Picture, sentence: &str) {
    #[expect(clippy::cast_possible_truncation, reason = "the size of a picture")]
    let (width, height) = (picture.width as f32, picture.height as f32);
    let by = (RIGHT - LEFT) / width * 0.86;
    flow.keep(height * by + 40.0);
    let part = Some(flow.part(Tag::Figure(Some(format!("{}. {sentence}", picture.title))), None));
    let scale = Scale { x: LEFT, y: flow.y, by };
    let mut shapes = frame(flow, picture, scale);
    for level in &picture.levels {
        let look = match level.class {
            "mean" => Look::new(0.9, INK),
            _ => Look::new(0.8, COMMON).dashed(3.5, 3.0),
        };
        shapes.push(scale.line((level.from, level.at), (level.to, level.at), look));
    }
    for cut in &picture.cuts {
        let look = Look::new(0.8, COMMON).dashed(1.5, 1.5);
        shapes.push(scale.line((*cut, picture.top), (*cut, picture.bottom), look));
    }
    for mark in &picture.marks {
        let corners = [(0.0, 0.0), (-5.0, 9.0), (5.0, 9.0)];
        let points = corners.map(|(x, y)| scale.at(mark + x, picture.bottom + y)).to_vec();
        shapes.push(Shape::Fill { points, colour: SOFT });
    }
    for path in &picture.paths {
        shapes.push(Look::new(1.1, COMMON).through(scale.path(path)));
    }
    shapes.extend(picture.points.iter().map(|point| dot(scale.at(point.x, point.y), point.class, 2.7)));
    for shape in shapes {
        flow.put(shape, part);
    }
    flow.y += height * by;
}

/// The grid of a chart, its numbers and dates, and its target.
fn frame(flow: &Flow<'_>, picture: &Picture, scale: Scale) -> Vec<Shape> {
    let words = Style::new(7.2, SOFT);
    let mut shapes = Vec::new();
    for (y, label) in &picture.grid {
        shapes.push(scale.line((picture.left, *y), (picture.right, *y), Look::new(0.5, RULE)));
        let (x, y) = scale.at(picture.left - 8.0, *y);
        let x = x - flow.letters.width(label, words);
        shapes.push(Shape::Text { x, y: y + 2.5, text: format!("{label} "), style: words });
    }
    for (x, label) in &picture.dates {
        let (x, y) = scale.at(*x, picture.bottom + 24.0);
        let x = x - flow.letters.width(label, words) / 2.0;
        shapes.push(Shape::Text { x, y, text: format!("{label} "), style: words });
    }
    if let Some((y, label)) = &picture.target {
        let look = Look::new(1.0, TARGET).dashed(1.2, 2.2);
        shapes.push(scale.line((picture.left, *y), (picture.right, *y), look));
        let (x, y) = scale.at(picture.left + 4.0, y - 6.0);
        let style = Style::new(7.2, TARGET).bold();
        shapes.push(Shape::Text { x, y, text: format!("{label} "), style });
    }
    shapes
}

/// A point: a square where it is worse than usual, so that the shape says it without the colour.
fn dot((x, y): (f32, f32), class: &str, r: f32) -> Shape {
    match class {
        "concern" => Shape::Fill { points: rectangle(x - r, y - r, 2.0 * r, 2.0 * r), colour: BAD },
        "improvement" => Shape::Circle { x, y, r, fill: Some(GOOD), edge: None },
        "neutral" => Shape::Circle { x, y, r, fill: Some(NEUTRAL), edge: None },
        _ => Shape::Circle { x, y, r, fill: Some(PAPER), edge: Some((1.0, COMMON)) },
    }
}

/// A small line, within a width and a height.
pub(super) fn spark(
    flow: &mut Flow<'_>,
    spark: &Spark,
    (x, y): (f32, f32),
    (width, height): (f32, f32),
    part: Part,
) {
    let part = Some(part);
    #[expect(clippy::cast_possible_truncation, reason = "the size of a picture")]
    let by = (width / spark::WIDTH as f32).min(height / spark::HEIGHT as f32);
    let scale = Scale { x, y, by };
    flow.put(Look::new(0.9, COMMON).through(scale.path(&spark.path)), part);
    for (from, to, at) in &spark.means {
        flow.put(scale.line((*from, *at), (*to, *at), Look::new(0.6, COMMON).dashed(2.0, 2.0)), part);
    }
    for (x, y, class) in &spark.dots {
        flow.put(dot(scale.at(*x, *y), class, 1.7), part);
    }
}

/// The sign of a change or of a target; its words stand beside it.
pub(super) fn sign(flow: &mut Flow<'_>, sign: &Sign, (x, y): (f32, f32), size: f32) {
    let colour = match sign.class {
        "gi-good" => GOOD,
        "gi-bad" => BAD,
        "gi-common" => COMMON,
        _ => SOFT,
    };
    let scale = Scale { x, y, by: size / 34.0 };
    let (cx, cy) = scale.at(17.0, 17.0);
    let edge = Some((1.1, colour));
    flow.put(Shape::Circle { x: cx, y: cy, r: 15.0 * scale.by, fill: None, edge }, None);
    let look = Look::new(1.1, colour);
    if sign.letter.is_empty() {
        flow.put(look.through(scale.path("M7 19 L12 14 L17 20 L22 14 L27 19")), None);
        return;
    }
    let style = Style::new(18.0 * scale.by, colour).bold();
    let middle = if sign.arrow.is_empty() { 17.0 } else { 13.5 };
    let (x, y) = scale.at(middle, 23.3);
    let x = x - flow.letters.width(sign.letter, style) / 2.0;
    flow.put(Shape::Text { x, y, text: sign.letter.to_owned(), style }, None);
    let arrow: &[&str] = match sign.arrow {
        "" => &[],
        spark::UP => &["M24 21 L24 11", "M20.5 14.2 L24 10.5 L27.5 14.2"],
        _ => &["M24 12 L24 22", "M20.5 18.8 L24 22.5 L27.5 18.8"],
    };
    for path in arrow {
        flow.put(look.through(scale.path(path)), None);
    }
}

/// How dark a cell is, and what is written in it then.
pub(super) const fn shade(class: &str) -> (Option<Colour>, Colour) {
    match class.as_bytes() {
        b"h1" => (Some((238, 244, 245)), INK),
        b"h2" => (Some((207, 226, 230)), INK),
        b"h3" => (Some((156, 196, 204)), INK),
        b"h4" => (Some((45, 114, 130)), PAPER),
        b"h5" => (Some((15, 76, 92)), PAPER),
        _ => (None, INK),
    }
}
