//! The phrases that make an action hard to check.
//!
//! A pattern is words with a space between; `a|b` is either, `?a` may be left out, `@staff` is any word for staff.

use super::Weakness;

/// One weak phrase and the company in which it is not weak.
pub struct Phrase {
    /// The pattern.
    pub pattern: &'static str,
    /// Why it is weak.
    pub weakness: Weakness,
    /// Words just before that make it something else: "heart monitor", "the address".
    pub unless_after: &'static [&'static str],
    /// Words just behind that make it something else: "monitoring charts", "as required medicines".
    pub unless_before: &'static [&'static str],
}

const fn phrase(weakness: Weakness, pattern: &'static str) -> Phrase {
    Phrase { pattern, weakness, unless_after: &[], unless_before: &[] }
}

/// Things that are named after watching: the noun is specific, the verb is not.
const WATCHING_THINGS: &[&str] = &[
    "chart",
    "charts",
    "form",
    "forms",
    "record",
    "records",
    "sheet",
    "sheets",
    "log",
    "logs",
    "data",
    "system",
    "app",
    "report",
    "reports",
    "equipment",
    "device",
    "devices",
    "tool",
    "tools",
    "alarm",
    "alarms",
    "visit",
    "visits",
];

/// Words before "monitor" that make it a thing on a shelf.
const BEFORE_A_MONITOR: &[&str] = &[
    "a", "an", "the", "one", "two", "three", "new", "each", "every", "both", "heart", "baby", "pressure",
    "glucose", "oxygen", "door", "bed", "movement", "sensor", "computer", "video",
];

/// Medicines are prescribed "as required", which is no weakness.
const MEDICINES: &[&str] = &[
    "medicine",
    "medicines",
    "medication",
    "medications",
    "protocol",
    "protocols",
    "prn",
    "dose",
    "doses",
    "analgesia",
    "painkiller",
    "painkillers",
    "laxative",
    "laxatives",
    "inhaler",
    "inhalers",
    "cream",
    "creams",
    "tablet",
    "tablets",
];

use Weakness::{Care, Consider, Crowd, Improve, Open, Promise, Watch};

/// Every weak phrase. Where two match at the same word, the longer counts.
pub const PHRASES: &[Phrase] = &[
    Phrase {
        pattern: "monitor|monitors|monitored",
        weakness: Watch,
        unless_after: BEFORE_A_MONITOR,
        unless_before: WATCHING_THINGS,
    },
    Phrase {
        pattern: "monitoring",
        weakness: Watch,
        unless_after: &["call", "electronic"],
        unless_before: WATCHING_THINGS,
    },
    phrase(Watch, "keep|keeping|kept ?a ?an ?close eye"),
    phrase(Watch, "keep|keeping|kept under review"),
    phrase(Watch, "watch|watching out"),
    phrase(Watch, "oversee|overseeing"),
    phrase(Crowd, "remind|reminds|reminding|reminded ?all ?of ?the ?our ?every ?care @staff"),
    phrase(Crowd, "?all ?care @staff ?to ?will ?should ?have ?are ?were ?be ?been reminded"),
    phrase(Crowd, "send|sending|email|issue ?out ?a reminder|reminders"),
    phrase(Crowd, "reminder|reminders to ?all ?the ?our @staff"),
    phrase(Crowd, "be reminded"),
    phrase(Crowd, "reinforce|reinforces|reinforcing|reinforced"),
    phrase(Crowd, "reiterate|reiterates|reiterating|reiterated"),
    phrase(Crowd, "raise|raising|raised ?staff ?the awareness"),
    phrase(Crowd, "make|making ?all @staff aware"),
    phrase(Crowd, "?all ?care @staff ?to ?should ?must be ?made ?more aware"),
    phrase(Crowd, "speak|speaking|talk|talking to|with ?all ?the ?our @staff"),
    phrase(Crowd, "discuss|discussing with ?all ?the ?our @staff"),
    phrase(Crowd, "encourage|encouraging ?all ?the ?our @staff"),
    phrase(Crowd, "re educate|educating"),
    phrase(Care, "be|being more|extra ?very careful|vigilant|mindful|observant|attentive|proactive"),
    phrase(Care, "be|remain|stay vigilant|careful|mindful"),
    phrase(Care, "take|taking more|extra|greater care"),
    phrase(Care, "pay|paying ?more ?closer ?close attention"),
    phrase(Care, "try|trying to"),
    phrase(Care, "do|does their|our best"),
    phrase(Promise, "ensure|ensures|ensured|ensuring"),
    phrase(Promise, "make|making|makes sure"),
    phrase(Improve, "improve|improves|improved|improving"),
    phrase(Improve, "enhance|enhances|enhanced|enhancing"),
    phrase(Improve, "strengthen|strengthens|strengthening"),
    phrase(Improve, "tighten|tightening ?up"),
    phrase(Improve, "better communication|recording|records|documentation|oversight|teamwork"),
    phrase(Improve, "promote|promotes|promoting"),
    Phrase {
        pattern: "addressing|addressed",
        weakness: Improve,
        unless_after: &["envelope", "envelopes", "letter", "letters"],
        unless_before: &["to"],
    },
    Phrase {
        pattern: "address|addresses",
        weakness: Improve,
        unless_after: &[
            "the", "a", "an", "home", "email", "new", "old", "their", "his", "her", "current", "and",
        ],
        unless_before: &["book", "books", "label", "labels", "on", "in"],
    },
    phrase(Improve, "deal|dealing with"),
    phrase(Improve, "sort|sorting ?it ?this out"),
    phrase(Improve, "work|working on"),
    phrase(Consider, "consider|considers|considering"),
    phrase(Consider, "look|looking into|at"),
    phrase(Consider, "explore|exploring"),
    phrase(Consider, "think|thinking about"),
    phrase(Consider, "aim|aiming to"),
    phrase(Open, "ongoing"),
    phrase(Open, "on going"),
    phrase(Open, "continue|continuing to ?be ?monitor"),
    phrase(Open, "going forward|forwards"),
    phrase(Open, "in due course"),
    phrase(Open, "asap"),
    phrase(Open, "as soon as possible|practicable"),
    phrase(Open, "where|when|wherever|whenever|if possible|practicable|appropriate|feasible"),
    phrase(Open, "when|if|where necessary"),
    phrase(Open, "as and when"),
    Phrase {
        pattern: "as|when|if ?and ?when needed|required|necessary|appropriate",
        weakness: Open,
        unless_after: &["prn"],
        unless_before: MEDICINES,
    },
    phrase(
        Open,
        "review|reviewed|check|checked|audit|audited ?this ?it ?them regularly|periodically|frequently",
    ),
    phrase(Open, "regularly|periodically|frequently"),
    phrase(Open, "on a regular basis"),
    phrase(Open, "at all times"),
    phrase(Open, "until further notice"),
    phrase(Open, "tbc|tba"),
];
