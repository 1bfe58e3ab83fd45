//! How many early-warning signs each service gives, as the worker counted them.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::domain::access::Verb;
use crate::domain::words;
use crate::http::page;
use crate::http::signed::Signed;
use crate::store::sign_count::Counted;

/// How many services are named.
const NAMED: usize = 8;

/// The card.
#[derive(Clone, Debug, Template)]
#[template(path = "dashboard/_signs.html")]
pub(super) struct SignsCard {
    sentence: String,
    services: Vec<Line>,
    /// Where all signs are.
    all_href: String,
    counted: String,
}
impl HtmlSafe for SignsCard {}

/// One service with its signs.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    href: String,
    signs: String,
}

/// The card, for those who read signs, once they were counted.
pub(super) fn card(signed: &Signed, counted: Option<&Counted>) -> Option<SignsCard> {
    let counted = counted.filter(|_| signed.can(Verb::SeeSignals))?;
    let all_href = signed.path("signals");
    let number = |n: i32| u64::try_from(n).unwrap_or(0);
    let total: u64 = counted.services.iter().map(|(.., n)| number(*n)).sum();
    let named = counted.services.iter().take(NAMED);
    let services = named.map(|(slug, name, n)| Line {
        name: name.clone(),
        href: page::with_query(&all_href, &[("service", slug)], None),
        signs: words::count(number(*n), "sign"),
    });
    let places = u64::try_from(counted.services.len()).unwrap_or(0);
    let sentence = match counted.services.as_slice() {
        [] => "Nothing gave a sign.".to_owned(),
        [_] => "What is going wrong before it is late, or came back.".to_owned(),
        _ => format!("{} in {}.", words::count(total, "sign"), words::count(places, "service")),
    };
    Some(SignsCard { sentence, services: services.collect(), all_href, counted: words::instant(counted.at) })
}
