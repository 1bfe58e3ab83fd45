//! Open findings by theme and service: the more, the darker. A few services stand side by side as columns; many are rows.

use crate::domain::figure::Figure;
use crate::domain::topic::Theme;
use crate::store::figure::Heat;

/// The most services that stand side by side.
const COLUMNS: usize = 6;
/// How many rows are shown before the rest is folded up.
const ROWS: usize = 15;

/// The table.
pub struct Table {
    /// What the rows are.
    pub corner: &'static str,
    /// The heads of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Line>,
    /// The rows that are folded up.
    pub more: Vec<Line>,
}

/// A row.
pub struct Line {
    /// Its name.
    pub name: String,
    /// Its cells, the last one of all columns.
    pub cells: Vec<Cell>,
}

/// A cell.
pub struct Cell {
    /// How many.
    pub open: i64,
    /// Whether one of them came back.
    pub back: bool,
    /// How dark it is.
    pub class: &'static str,
    /// Where the rows are.
    pub href: String,
}

/// Draws the table; `link` gives the address of the rows of a theme in a service, by its part of the address.
pub fn table(heat: &[Heat], link: impl Fn(Figure, Option<Theme>, Option<&str>) -> String) -> Table {
    let mut services: Vec<(&str, &str)> =
        heat.iter().map(|h| (h.service.as_str(), h.slug.as_str())).collect();
    services.dedup();
    let many = services.len() > COLUMNS;
    if many {
        let open = |slug: &str| heat.iter().filter(|h| h.slug == slug).map(|h| h.open).sum::<i64>();
        services.sort_by_key(|(name, slug)| (-open(slug), (*name).to_owned()));
    }
    let top = heat.iter().map(|h| h.open).max().unwrap_or(0);
    let cell = |theme: Option<Theme>, slug: Option<&str>| {
        let fits = |h: &&Heat| theme.is_none_or(|t| h.theme == t) && slug.is_none_or(|s| h.slug == s);
        let (open, back) = heat.iter().filter(fits).fold((0, 0), |(o, b), h| (o + h.open, b + h.back));
        let class = if theme.is_none() || slug.is_none() { "h0" } else { shade(open, top) };
        Cell { open, back: back > 0, class, href: link(Figure::OpenFindings, theme, slug) }
    };
    let all = std::iter::once(None);
    let themes = || Theme::ALL.iter().copied().map(Some).chain(all.clone());
    let places = || services.iter().map(|(_, slug)| Some(*slug)).chain(std::iter::once(None));
    let mut rows: Vec<Line> = if many {
        let line = |(name, slug): &(&str, &str)| Line {
            name: (*name).to_owned(),
            cells: themes().map(|theme| cell(theme, Some(slug))).collect(),
        };
        services.iter().map(line).collect()
    } else {
        let line = |theme: &Theme| Line {
            name: theme.label().to_owned(),
            cells: places().map(|slug| cell(Some(*theme), slug)).collect(),
        };
        Theme::ALL.iter().map(line).collect()
    };
    let more = rows.split_off(rows.len().min(ROWS));
    let columns: Vec<String> = if many {
        Theme::ALL.iter().map(|theme| theme.label().to_owned()).collect()
    } else {
        services.iter().map(|(name, _)| (*name).to_owned()).collect()
    };
    Table { corner: if many { "Service" } else { "Theme" }, columns, rows, more }
}

/// How dark a number is beside the largest one.
fn shade(n: i64, top: i64) -> &'static str {
    let level = if top <= 5 { n } else { (n * 5 + top - 1) / top };
    match level {
        ..=0 => "h0",
        1 => "h1",
        2 => "h2",
        3 => "h3",
        4 => "h4",
        _ => "h5",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heat(service: usize, theme: Theme, open: i64) -> Heat {
        let (slug, service) = (format!("s{service:02}"), format!("Service {service:02}"));
        Heat { theme, slug, service, open, back: i64::from(open > 6) }
    }

    fn link(_: Figure, theme: Option<Theme>, slug: Option<&str>) -> String {
        format!("{} {}", theme.map_or("all", Theme::as_str), slug.unwrap_or("all"))
    }

    #[test]
    fn a_few_services_are_columns_and_every_number_adds_up() {
        let found = [heat(1, Theme::Safety, 5), heat(1, Theme::Experience, 1), heat(2, Theme::Safety, 7)];
        let table = table(&found, link);
        assert_eq!((table.corner, table.columns.len(), table.rows.len()), ("Theme", 2, Theme::ALL.len()));
        let safety = &table.rows[0];
        let numbers: Vec<i64> = safety.cells.iter().map(|cell| cell.open).collect();
        assert_eq!(numbers, [5, 7, 12]);
        assert_eq!((safety.cells[1].class, safety.cells[1].back), ("h5", true));
        assert_eq!(safety.cells[2].href, "safety all");
    }

    #[test]
    fn many_services_are_rows_the_most_first_and_the_rest_is_folded_up() {
        let found: Vec<Heat> = (1..=20).map(|n| heat(n, Theme::Safety, i64::try_from(n).unwrap())).collect();
        let table = table(&found, link);
        assert_eq!(
            (table.corner, table.columns.len(), table.rows.len(), table.more.len()),
            ("Service", 6, 15, 5)
        );
        assert_eq!(table.rows[0].name, "Service 20");
        assert_eq!(table.rows[0].cells.last().unwrap().href, "all s20");
    }
}
