//! What the program counts by itself: the figures of governance as measures of every month (R23, R25).

use chrono::NaiveDate;

use super::words_of::assurance;
use crate::domain::access::{Reach, Verb, reach};
use crate::domain::figure::Figure;
use crate::error::AppError;
use crate::http::page::with_query;
use crate::http::signed::Signed;
use crate::picture::chart::words_for;
use crate::store::figure::Over;
use crate::store::{TenantTx, provider};
use crate::workflow::figure::{Course, courses};

/// The figures of a place.
pub(super) struct Counted {
    /// Where they are counted.
    pub place: String,
    pub rows: Vec<Line>,
}

/// One figure.
pub(super) struct Line {
    pub code: &'static str,
    pub name: &'static str,
    pub href: String,
    pub last: String,
    pub target: String,
    pub shows: String,
    pub reliably: &'static str,
}

/// The figures of the service of this address, or of the whole provider for those who see it; none for the others.
pub(super) async fn read(
    tx: &mut TenantTx,
    signed: &Signed,
    slug: Option<&str>,
    today: NaiveDate,
) -> Result<Option<Counted>, AppError> {
    let member = &signed.actor.member;
    let whole = match reach(member.role, Verb::SeeGovernance) {
        Reach::Provider => true,
        Reach::None => return Ok(None),
        _ => false,
    };
    let all = provider::services(tx).await?;
    let mut seen = all.iter().filter(|service| member.sees_service(service.id));
    let (over, place, slug) = match slug {
        None if whole => {
            let ids: Vec<_> = all.iter().map(|service| service.id).collect();
            (Over::whole(signed.actor.provider, &ids), "the whole provider", "")
        }
        slug => match seen.find(|service| slug.is_none_or(|slug| service.slug == slug)) {
            Some(service) => (Over::service(service.id), service.name.as_str(), service.slug.as_str()),
            None => return Ok(None),
        },
    };
    let courses = courses(tx, &over, today).await?;
    let rows = courses.iter().filter_map(|(figure, course)| line(*figure, course, slug, signed));
    Ok(Some(Counted { place: place.to_owned(), rows: rows.collect() }))
}

/// A figure with its newest month; none when no month is over yet.
fn line(figure: Figure, course: &Course, slug: &str, signed: &Signed) -> Option<Line> {
    let (month, value) = course.months.last()?;
    let page = signed.path(&format!("governance/{}", month.text()));
    Some(Line {
        code: figure.code(),
        name: figure.label(),
        href: format!("{}#chart", with_query(&page, &[("service", slug), ("figure", figure.as_str())], None)),
        last: format!("{}, {}", value.words(figure), month.name()),
        target: figure.target().map(|target| figure.words(target)).unwrap_or_default(),
        shows: course.chart.variation.map_or_else(String::new, |kind| words_for(kind).to_owned()),
        reliably: course.chart.assurance.map_or("", assurance),
    })
}
