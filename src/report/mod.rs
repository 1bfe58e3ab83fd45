//! Papers: what is printed, block by block, in words and pictures that are finished. A page of the program draws a paper as HTML,
//! [`pdf`] as a PDF for A4; since both draw the same blocks, both say the same.
//!
//! Nothing in a paper is markup: every text is drawn as it is, letter by letter.

use chrono::{DateTime, Utc};

use crate::picture::chart::Picture;
use crate::picture::spark::{Sign, Spark};

/// The pages of a PDF, and what stands on each.
mod flow;
/// Letters and how wide they are.
mod letters;
/// A paper as a PDF.
pub mod pdf;
/// Papers become PDFs one at a time.
pub mod press;
/// Charts, small lines and signs in a PDF.
mod shapes;
/// Tables in a PDF.
mod table;

/// Something that can be printed.
#[derive(Clone, Debug)]
pub struct Paper {
    /// What it is: "Governance report: October 2026".
    pub title: String,
    /// Where: the provider or the service.
    pub place: String,
    /// The lines of its head: what, and the words.
    pub head: Vec<(&'static str, String)>,
    /// The foot of every page: what it is, in a few words.
    pub foot: String,
    /// The foot of every page: by what it can be checked.
    pub seal: String,
    /// When it was made; for what is signed off, when that was, so that the same paper is made again.
    pub made: DateTime<Utc>,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A part of a paper.
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading; it stands with what follows.
    Heading(String),
    /// A heading below such a one.
    Part(String),
    /// A sentence or more.
    Text(String),
    /// Small words beside what stands above.
    Note(String),
    /// What somebody wrote; its line breaks are kept.
    Quote(String),
    /// Lines with what is known of each beside them.
    List(Vec<Item>),
    /// A table.
    Table(Table),
    /// A chart with the sentence that says what it shows.
    Chart {
        /// The chart.
        picture: Box<Picture>,
        /// What it shows.
        sentence: String,
    },
    /// What follows begins on a new page.
    NewPage,
}

/// A line of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Its first words, in bold: "Challenge:".
    pub lead: String,
    /// What it says.
    pub text: String,
    /// What is known of it.
    pub meta: String,
    /// Where its first words lead, on a page; empty for nowhere.
    pub href: String,
}

/// A table. The first cell of each row is its head.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it is.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows; each has a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of a table.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// Its head.
    pub name: String,
    /// How much of the width it has, beside the others.
    pub width: f32,
    /// Whether it holds numbers.
    pub number: bool,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn words(name: &str, width: f32) -> Self {
        Self { name: name.to_owned(), width, number: false }
    }

    /// A column of numbers.
    #[must_use]
    pub fn numbers(name: &str, width: f32) -> Self {
        Self { name: name.to_owned(), width, number: true }
    }
}

/// A cell of a table.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// Small words below.
    pub below: String,
    /// Where it leads, on a page; empty for nowhere.
    pub href: String,
    /// Whether it says that a target is missed.
    pub missed: bool,
    /// What is drawn in it.
    pub drawn: Drawn,
}

/// What is drawn in a cell.
#[derive(Clone, Debug, Default)]
pub enum Drawn {
    /// Nothing.
    #[default]
    Nothing,
    /// A line over time, with what it shows in words for those who do not see it.
    Spark(Box<Spark>, String),
    /// A sign; its words are the cell's.
    Sign(Sign),
    /// The cell is the darker the more it counts: `h0` to `h5`.
    Shade(&'static str),
}

impl Cell {
    /// A cell that says something.
    #[must_use]
    pub fn says(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The same with small words below.
    #[must_use]
    pub fn with(self, below: impl Into<String>) -> Self {
        Self { below: below.into(), ..self }
    }

    /// The same, leading somewhere on a page.
    #[must_use]
    pub fn to(self, href: impl Into<String>) -> Self {
        Self { href: href.into(), ..self }
    }

    /// A cell with a sign and its words.
    #[must_use]
    pub fn sign(sign: Option<Sign>) -> Self {
        sign.map_or_else(
            || Self::says("–"),
            |sign| Self { drawn: Drawn::Sign(sign), ..Self::says(sign.words) },
        )
    }

    /// A cell with a line over time, or words that there is none.
    #[must_use]
    pub fn spark(spark: Option<Spark>, shows: String) -> Self {
        let drawn = |spark| Self { drawn: Drawn::Spark(Box::new(spark), shows), ..Self::default() };
        spark.map_or_else(|| Self::says("Too few months"), drawn)
    }

    /// The small line, for a page.
    #[must_use]
    pub fn line(&self) -> Option<&Spark> {
        if let Drawn::Spark(spark, _) = &self.drawn { Some(spark) } else { None }
    }

    /// The sign, for a page.
    #[must_use]
    pub const fn signs(&self) -> Option<&Sign> {
        if let Drawn::Sign(sign) = &self.drawn { Some(sign) } else { None }
    }

    /// How dark it is, as a class of the style sheet.
    #[must_use]
    pub const fn shade(&self) -> &'static str {
        if let Drawn::Shade(class) = self.drawn { class } else { "" }
    }
}
