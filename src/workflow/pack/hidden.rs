//! A paper with titles in the place of names: every text in it, so that none is forgotten.

use crate::domain::redaction::Redaction;
use crate::report::{Block, Cell, Drawn, Item, Paper, Table};

/// Hides the names in a paper. Addresses inside the pack name nobody and stay.
pub(super) fn paper(paper: Paper, names: &Redaction) -> Paper {
    let text = |text: String| names.hide(&text).into_owned();
    Paper {
        title: text(paper.title),
        place: text(paper.place),
        head: paper.head.into_iter().map(|(name, said)| (name, text(said))).collect(),
        foot: text(paper.foot),
        seal: paper.seal,
        made: paper.made,
        blocks: paper.blocks.into_iter().map(|one| block(one, names)).collect(),
    }
}

fn block(block: Block, names: &Redaction) -> Block {
    let text = |text: String| names.hide(&text).into_owned();
    match block {
        Block::Heading(said) => Block::Heading(text(said)),
        Block::Part(said) => Block::Part(text(said)),
        Block::Text(said) => Block::Text(text(said)),
        Block::Note(said) => Block::Note(text(said)),
        Block::Quote(said) => Block::Quote(text(said)),
        Block::List(items) => {
            let item = |item: Item| Item {
                lead: text(item.lead),
                text: text(item.text),
                meta: text(item.meta),
                href: item.href,
            };
            Block::List(items.into_iter().map(item).collect())
        }
        Block::Table(table) => {
            let drawn = |drawn| match drawn {
                Drawn::Spark(line, said) => Drawn::Spark(line, text(said)),
                other => other,
            };
            let cell = |cell: Cell| Cell {
                text: text(cell.text),
                below: text(cell.below),
                drawn: drawn(cell.drawn),
                ..cell
            };
            let rows = table.rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect();
            Block::Table(Table { name: text(table.name), columns: table.columns, rows })
        }
        Block::Chart { picture, sentence } => Block::Chart { picture, sentence: text(sentence) },
        Block::NewPage => Block::NewPage,
    }
}
