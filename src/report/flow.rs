//! The pages of a PDF as they fill: what stands where, and which part of the paper it belongs to, so that whoever has the PDF
//! read aloud hears headings, lists and tables. Nothing is drawn before all is placed: only then is known how many pages there
//! are.

use std::num::NonZeroU16;

use krilla::tagging::{Identifier, Tag, TagGroup, TagKind};

use super::letters::{Letters, Style};

/// An A4 page, in points.
pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
/// The edges of what is written.
pub(super) const LEFT: f32 = 42.5;
pub(super) const RIGHT: f32 = WIDTH - LEFT;
pub(super) const TOP: f32 = 45.0;
pub(super) const BOTTOM: f32 = HEIGHT - 64.0;

pub(super) type Colour = (u8, u8, u8);
pub(super) const INK: Colour = (23, 36, 43);
pub(super) const SOFT: Colour = (74, 88, 96);
pub(super) const RULE: Colour = (205, 199, 186);
pub(super) const MISSED: Colour = (134, 25, 15);

/// Something to be drawn, at its place on a page from its upper left corner.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// A line of text on its base line.
    Text { x: f32, y: f32, text: String, style: Style },
    /// A line through these points.
    Stroke { points: Vec<(f32, f32)>, width: f32, colour: Colour, dash: Option<(f32, f32)>, closed: bool },
    /// A surface within these points.
    Fill { points: Vec<(f32, f32)>, colour: Colour },
    /// A circle, with its edge.
    Circle { x: f32, y: f32, r: f32, fill: Option<Colour>, edge: Option<(f32, Colour)> },
}

/// A part of the paper, by its place among them.
pub(super) type Part = usize;

/// A shape and the part it belongs to; none for what only decorates.
#[derive(Debug)]
pub(super) struct Placed {
    pub shape: Shape,
    pub part: Option<Part>,
}

/// A part of the paper: what it is, and what is in it.
struct Node {
    tag: TagKind,
    parts: Vec<Part>,
    leaves: Vec<Identifier>,
}

/// A heading, for the list of contents.
pub(super) struct Heading {
    pub text: String,
    pub page: usize,
    pub y: f32,
}

/// The pages.
pub(super) struct Flow<'a> {
    pub letters: &'a Letters,
    pub pages: Vec<Vec<Placed>>,
    pub headings: Vec<Heading>,
    /// Where the next line goes on the last page.
    pub y: f32,
    nodes: Vec<Node>,
    top: Vec<Part>,
}

impl<'a> Flow<'a> {
    pub fn new(letters: &'a Letters) -> Self {
        Self {
            letters,
            pages: vec![Vec::new()],
            headings: Vec::new(),
            y: TOP,
            nodes: Vec::new(),
            top: Vec::new(),
        }
    }

    /// A new part, in another or in the paper itself.
    pub fn part(&mut self, tag: impl Into<TagKind>, within: Option<Part>) -> Part {
        let part = self.nodes.len();
        self.nodes.push(Node { tag: tag.into(), parts: Vec::new(), leaves: Vec::new() });
        match within.and_then(|parent| self.nodes.get_mut(parent)) {
            Some(parent) => parent.parts.push(part),
            None => self.top.push(part),
        }
        part
    }

    /// What was drawn for a part belongs to it.
    pub fn drawn(&mut self, part: Part, leaf: Identifier) {
        if let Some(node) = self.nodes.get_mut(part) {
            node.leaves.push(leaf);
        }
    }

    /// The parts as a tree.
    pub fn tree(&self) -> krilla::tagging::TagTree {
        let mut tree = krilla::tagging::TagTree::new();
        for part in &self.top {
            tree.push(self.group(*part));
        }
        tree
    }

    fn group(&self, part: Part) -> TagGroup {
        let Some(node) = self.nodes.get(part) else { return TagGroup::new(Tag::Div) };
        let mut group = TagGroup::new(node.tag.clone());
        for leaf in &node.leaves {
            group.push(*leaf);
        }
        for within in &node.parts {
            group.push(self.group(*within));
        }
        group
    }

    /// Puts a shape onto the last page.
    pub fn put(&mut self, shape: Shape, part: Option<Part>) {
        if let Some(page) = self.pages.last_mut() {
            page.push(Placed { shape, part });
        }
    }

    /// A page further on.
    pub fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Turns the page when less than this is left of it. Whether it did.
    pub fn keep(&mut self, room: f32) -> bool {
        let turns = self.y + room > BOTTOM && self.y > TOP;
        if turns {
            self.turn();
        }
        turns
    }

    /// Goes down.
    pub fn space(&mut self, room: f32) {
        if self.y > TOP {
            self.y += room;
        }
    }

    /// A line of text; `last` when the paragraph ends with it.
    pub fn line(&mut self, x: f32, text: &str, style: Style, part: Option<Part>, last: bool) {
        self.keep(style.leading());
        self.y += style.leading();
        // words of two lines are two words when they are read aloud
        let text = if last { text.to_owned() } else { format!("{text} ") };
        let y = self.y - style.size * 0.33;
        if !text.trim().is_empty() {
            self.put(Shape::Text { x, y, text, style }, part);
        }
    }

    /// A text from `x` to the right edge, over as many lines and pages as it takes.
    pub fn text(&mut self, x: f32, text: &str, style: Style, part: Option<Part>) {
        let lines = self.letters.wrapped(text, style, RIGHT - x);
        let last = lines.len().saturating_sub(1);
        for (at, line) in lines.iter().enumerate() {
            self.line(x, line, style, part, at == last);
        }
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str, style: Style) {
        let part = self.part(Tag::P, None);
        self.text(LEFT, text, style, Some(part));
    }

    /// A heading of a level, which stands on the page of what follows.
    pub fn heading(&mut self, text: &str, style: Style, level: NonZeroU16) {
        if text.trim().is_empty() {
            return;
        }
        self.keep(style.leading() + 70.0);
        let part = self.part(Tag::Hn(level, Some(text.to_owned())), None);
        let (page, y) = (self.pages.len().saturating_sub(1), self.y);
        self.headings.push(Heading { text: text.to_owned(), page, y });
        self.text(LEFT, text, style, Some(part));
    }
}

/// A rectangle.
pub(super) fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Vec<(f32, f32)> {
    vec![(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
}
