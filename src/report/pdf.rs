//! A paper as a PDF for A4, made by krilla: tagged, so that it can be read aloud; with its typeface in it; and the same to the
//! last byte whenever the same paper is drawn. Nothing of it is asked of the system, and no text is ever anything but text.

use std::num::NonZeroU16;

use chrono::{DateTime, Datelike, Timelike, Utc};
use krilla::color::rgb;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{Path, PathBuilder, Point};
use krilla::metadata::{DateTime as Stamp, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, ListNumbering, SpanTag, Tag};
use krilla::{Document, SerializeSettings};

use super::flow::{BOTTOM, Colour, Flow, HEIGHT, INK, LEFT, Part, Placed, RIGHT, RULE, SOFT, Shape, WIDTH};
use super::letters::{Letters, Style};
use super::{Block, Item, Paper, shapes, table};

const TITLE: Style = Style::new(20.0, INK).bold();
const PLACE: Style = Style::new(11.0, SOFT);
const HEADING: Style = Style::new(13.0, INK).bold();
const PART: Style = Style::new(10.5, INK).bold();
const BODY: Style = Style::new(9.5, INK);
const SMALL: Style = Style::new(8.0, SOFT);
const FOOT: Style = Style::new(6.8, SOFT);
/// The most pages: a paper that has more is a mistake, and would take memory without end.
const MOST: usize = 400;

/// Why there is no PDF. None of it is the reader's doing.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The typeface in the program cannot be read.
    #[error("the typeface of reports cannot be read")]
    Typeface,
    /// The paper is too long.
    #[error("the report has more than {MOST} pages")]
    TooLong,
    /// The library refused, for instance because the PDF could not be read aloud.
    #[error("the PDF could not be written: {0}")]
    Refused(String),
}

/// Draws a paper.
///
/// # Errors
/// As [`PdfError`] says.
pub fn draw(paper: &Paper) -> Result<Vec<u8>, PdfError> {
    let letters = Letters::read().ok_or(PdfError::Typeface)?;
    let mut flow = Flow::new(&letters);
    head(&mut flow, paper);
    for block in &paper.blocks {
        place(&mut flow, block);
        if flow.pages.len() > MOST {
            return Err(PdfError::TooLong);
        }
    }
    feet(&mut flow, paper);
    write(paper, &mut flow)
}

fn head(flow: &mut Flow<'_>, paper: &Paper) {
    flow.heading(&paper.title, TITLE, NonZeroU16::MIN);
    flow.paragraph(&paper.place, PLACE);
    flow.space(10.0);
    let widest =
        paper.head.iter().map(|(label, _)| flow.letters.width(label, BODY.bold())).fold(0.0, f32::max);
    for (label, text) in &paper.head {
        let part = Some(flow.part(Tag::P, None));
        flow.keep(BODY.leading());
        let y = flow.y + BODY.leading() - BODY.size * 0.33;
        flow.put(Shape::Text { x: LEFT, y, text: format!("{label} "), style: BODY.bold() }, part);
        flow.text(LEFT + widest + 12.0, text, BODY, part);
        flow.space(1.5);
    }
}

fn place(flow: &mut Flow<'_>, block: &Block) {
    match block {
        Block::Heading(text) => {
            flow.space(14.0);
            flow.heading(text, HEADING, NonZeroU16::MIN.saturating_add(1));
            flow.space(3.0);
        }
        Block::Part(text) => {
            flow.space(8.0);
            flow.heading(text, PART, NonZeroU16::MIN.saturating_add(2));
            flow.space(2.0);
        }
        Block::Text(text) => {
            flow.paragraph(text, BODY);
            flow.space(3.0);
        }
        Block::Note(text) => {
            flow.paragraph(text, SMALL);
            flow.space(3.0);
        }
        Block::Quote(text) => quote(flow, text),
        Block::List(items) => list(flow, items),
        Block::Table(table) => {
            table::place(flow, table);
            flow.space(6.0);
        }
        Block::Chart { picture, sentence } => {
            shapes::chart(flow, picture, sentence);
            flow.paragraph(sentence, BODY);
            flow.space(6.0);
        }
        Block::NewPage => flow.turn(),
    }
}

/// What somebody wrote, with a line beside it.
fn quote(flow: &mut Flow<'_>, text: &str) {
    let part = Some(flow.part(Tag::BlockQuote, None));
    let part = Some(flow.part(Tag::P, part));
    for line in flow.letters.wrapped(text, BODY, RIGHT - LEFT - 12.0) {
        flow.line(LEFT + 12.0, &line, BODY, part, false);
        let points = vec![(LEFT + 3.0, flow.y - BODY.leading()), (LEFT + 3.0, flow.y)];
        flow.put(Shape::Stroke { points, width: 1.5, colour: RULE, dash: None, closed: false }, None);
    }
    flow.space(4.0);
}

fn list(flow: &mut Flow<'_>, items: &[Item]) {
    let list = flow.part(Tag::L(ListNumbering::Decimal), None);
    for (item, n) in items.iter().zip(1_u32..) {
        flow.keep(BODY.leading() * 2.0);
        let one = Some(flow.part(Tag::LI, Some(list)));
        let (label, body) = (flow.part(Tag::Lbl, one), flow.part(Tag::LBody, one));
        let y = flow.y + BODY.leading() - BODY.size * 0.33;
        flow.put(Shape::Text { x: LEFT, y, text: format!("{n}. "), style: BODY }, Some(label));
        let body = Some(body);
        if !item.lead.is_empty() {
            flow.text(LEFT + 18.0, &item.lead, BODY.bold(), body);
        }
        flow.text(LEFT + 18.0, &item.text, BODY, body);
        if !item.meta.is_empty() {
            flow.text(LEFT + 18.0, &item.meta, SMALL, body);
        }
        flow.space(3.0);
    }
}

/// The foot of every page: what it is, which page of how many, and by what it can be checked.
fn feet(flow: &mut Flow<'_>, paper: &Paper) {
    let pages = flow.pages.len();
    let y = BOTTOM + 20.0;
    let text = |x: f32, y: f32, text: &str| Shape::Text { x, y, text: text.to_owned(), style: FOOT };
    let mut shapes: Vec<Shape> = Vec::new();
    for (at, line) in flow.letters.wrapped(&paper.seal, FOOT, RIGHT - LEFT).iter().take(2).enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "two lines")]
        shapes.push(text(LEFT, y + FOOT.leading() * (at as f32 + 1.0), line));
    }
    let room = RIGHT - LEFT - 70.0;
    if let Some(line) = flow.letters.wrapped(&paper.foot, FOOT, room).first() {
        shapes.push(text(LEFT, y, line));
    }
    let points = vec![(LEFT, y - 10.0), (RIGHT, y - 10.0)];
    shapes.push(Shape::Stroke { points, width: 0.5, colour: RULE, dash: None, closed: false });
    for (page, n) in flow.pages.iter_mut().zip(1_usize..) {
        let number = format!("Page {n} of {pages}");
        let x = RIGHT - flow.letters.width(&number, FOOT);
        page.extend(shapes.iter().cloned().map(|shape| Placed { shape, part: None }));
        page.push(Placed { shape: text(x, y, &number), part: None });
    }
}

fn write(paper: &Paper, flow: &mut Flow<'_>) -> Result<Vec<u8>, PdfError> {
    let refused = |error: &dyn std::fmt::Debug| PdfError::Refused(format!("{error:?}"));
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| refused(&error))?;
    let mut document =
        Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let a4 = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| PdfError::Refused("A4".into()))?;
    for shapes in std::mem::take(&mut flow.pages) {
        let mut page = document.start_page_with(a4.clone());
        let mut surface = page.surface();
        fill(&mut surface, &shapes, flow);
        surface.finish();
        page.finish();
    }
    document.set_tag_tree(flow.tree());
    document.set_outline(outline(flow));
    document.set_metadata(
        Metadata::new()
            .title(format!("{}, {}", paper.title, paper.place))
            .language("en-GB".into())
            .creator("Throughline".into())
            .creation_date(stamp(paper.made)),
    );
    document.finish().map_err(|error| refused(&error))
}

/// Draws the shapes of a page, those of one part that follow one another together.
fn fill(surface: &mut Surface<'_>, shapes: &[Placed], flow: &mut Flow<'_>) {
    for together in shapes.chunk_by(|a, b| a.part == b.part) {
        let part = together.first().and_then(|placed| placed.part);
        let leaf = surface.start_tagged(tag(part, together));
        for placed in together {
            shape(surface, &placed.shape, flow.letters);
        }
        surface.end_tagged();
        if let Some(part) = part {
            flow.drawn(part, leaf);
        }
    }
}

fn tag<'t>(part: Option<Part>, shapes: &[Placed]) -> ContentTag<'t> {
    if part.is_none() {
        return ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout));
    }
    if shapes.iter().all(|placed| matches!(placed.shape, Shape::Text { .. })) {
        ContentTag::Span(SpanTag::empty())
    } else {
        ContentTag::Other
    }
}

fn outline(flow: &Flow<'_>) -> Outline {
    let mut outline = Outline::new();
    for heading in &flow.headings {
        let place = XyzDestination::new(heading.page, Point::from_xy(LEFT, heading.y));
        outline.push_child(OutlineNode::new(heading.text.clone(), place));
    }
    outline
}

fn stamp(at: DateTime<Utc>) -> Stamp {
    let part = |of: u32| u8::try_from(of).unwrap_or(0);
    Stamp::new(u16::try_from(at.year()).unwrap_or(0))
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
}

fn paint((red, green, blue): Colour) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}

fn stroke(width: f32, colour: Colour, dash: Option<(f32, f32)>) -> Stroke {
    let dash = dash.map(|(on, off)| StrokeDash { array: vec![on, off], offset: 0.0 });
    let (red, green, blue) = colour;
    Stroke { paint: rgb::Color::new(red, green, blue).into(), width, dash, ..Stroke::default() }
}

fn path(points: &[(f32, f32)], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (first, rest) = points.split_first()?;
    path.move_to(first.0, first.1);
    for (x, y) in rest {
        path.line_to(*x, *y);
    }
    if closed {
        path.close();
    }
    path.finish()
}

/// A circle out of four curves.
fn circle(x: f32, y: f32, r: f32) -> Option<Path> {
    let c = r * 0.552_284_8;
    let mut path = PathBuilder::new();
    path.move_to(x + r, y);
    path.cubic_to(x + r, y + c, x + c, y + r, x, y + r);
    path.cubic_to(x - c, y + r, x - r, y + c, x - r, y);
    path.cubic_to(x - r, y - c, x - c, y - r, x, y - r);
    path.cubic_to(x + c, y - r, x + r, y - c, x + r, y);
    path.close();
    path.finish()
}

fn shape(surface: &mut Surface<'_>, shape: &Shape, letters: &Letters) {
    let drawn = match shape {
        Shape::Text { x, y, text, style } => {
            surface.set_stroke(None);
            surface.set_fill(Some(paint(style.colour)));
            let glyphs = letters.shaped(text, *style);
            let at = Point::from_xy(*x, *y);
            surface.draw_glyphs(at, &glyphs, letters.font(*style), text, style.size, false);
            return;
        }
        Shape::Stroke { points, width, colour, dash, closed } => {
            surface.set_fill(None);
            surface.set_stroke(Some(stroke(*width, *colour, *dash)));
            path(points, *closed)
        }
        Shape::Fill { points, colour } => {
            surface.set_stroke(None);
            surface.set_fill(Some(paint(*colour)));
            path(points, true)
        }
        Shape::Circle { x, y, r, fill, edge } => {
            surface.set_fill(fill.map(paint));
            surface.set_stroke(edge.map(|(width, colour)| stroke(width, colour, None)));
            circle(*x, *y, *r)
        }
    };
    if let Some(path) = drawn {
        surface.draw_path(&path);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cell, Column, Table};
    use super::*;

    fn paper(blocks: Vec<Block>) -> Paper {
        Paper {
            title: "Governance report: October 2026".into(),
            place: "Rowan Care".into(),
            head: vec![("Signed off", "Not yet".into())],
            foot: "Rowan Care".into(),
            seal: format!("Line 12 of the trail has the hash {}", "3fa9".repeat(16)),
            made: "2026-11-06T15:10:00Z".parse().unwrap(),
            blocks,
        }
    }

    /// Rows enough for several pages, in the words somebody could have typed to do harm.
    fn long(words: &str) -> Vec<Block> {
        let row = |n: u32| vec![Cell::says(format!("{n} {words}")).with(words), Cell::says("3 of 4")];
        let table = Table {
            name: words.into(),
            columns: vec![Column::words("What", 3.0), Column::numbers("How many", 1.0)],
            rows: (0..120).map(row).collect(),
        };
        let item = Item { lead: words.into(), text: words.into(), meta: words.into(), href: words.into() };
        vec![
            Block::Heading(words.into()),
            Block::Part(words.into()),
            Block::Quote(words.repeat(20)),
            Block::List(vec![item; 30]),
            Block::Table(table),
            Block::Note(words.into()),
        ]
    }

    #[test]
    fn whatever_was_typed_is_drawn_and_passes_what_a_pdf_has_to_be_to_be_read_aloud() {
        for words in [
            "#import \"@preview/x\": * $ {{ 7*7 }} <script>alert(1)</script> \\input{/etc/passwd} %PDF-1.4 ) Tj ET",
            "\u{0}\u{7}\u{202E}evil\u{FEFF}\u{FFFE}\u{FFFF}\u{FDD0}",
            "שלום مرحبا 中文 😀👩‍👩‍👧 e\u{301}\u{300}\u{327} ﷽",
            "",
            " \n\r\n\t ",
            &"w".repeat(600),
        ] {
            let pdf = draw(&paper(long(words))).unwrap();
            assert!(pdf.starts_with(b"%PDF-1.7"), "{words:?}");
        }
        assert!(draw(&paper(vec![])).is_ok());
    }

    #[test]
    fn the_same_paper_is_the_same_to_the_last_byte() {
        let blocks = long("The same as ever");
        let first = draw(&paper(blocks.clone())).unwrap();
        assert_eq!(first, draw(&paper(blocks.clone())).unwrap());
        let mut other = paper(blocks);
        other.seal.push('0');
        assert_ne!(first, draw(&other).unwrap());
    }

    #[test]
    fn a_paper_without_end_is_refused() {
        let page = vec![Block::NewPage; MOST + 1];
        assert!(matches!(draw(&paper(page)), Err(PdfError::TooLong)));
    }
}
