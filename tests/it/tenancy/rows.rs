//! The table: one row for each address of the program.

use axum::http::Method;

/// What an address is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nobody has to be signed in.
    Public,
    /// For programs with a key; no session opens it (tests/it/api.rs).
    Program,
    /// A person's own pages, in no provider.
    Person,
    /// A page of a provider that names no thing.
    Provider,
    /// A page of one thing of a provider.
    Thing,
}

/// One address. What stands in braces is filled by what comes before it (`things::fill`), values that begin with `@`
/// by what they name.
#[derive(Debug)]
pub struct Row {
    pub method: Method,
    pub path: &'static str,
    pub kind: Kind,
    /// Who of the fixtures can open it, with a thing of the house.
    pub works_for: &'static str,
    /// A form as somebody could send it.
    pub form: &'static [(&'static str, &'static str)],
    /// Whether the form brings files.
    pub files: bool,
}

const fn get(path: &'static str, kind: Kind, works_for: &'static str) -> Row {
    Row { method: Method::GET, path, kind, works_for, form: &[], files: false }
}

const fn post(
    path: &'static str,
    kind: Kind,
    works_for: &'static str,
    form: &'static [(&'static str, &'static str)],
) -> Row {
    Row { method: Method::POST, path, kind, works_for, form, files: false }
}

const fn upload(
    path: &'static str,
    kind: Kind,
    works_for: &'static str,
    form: &'static [(&'static str, &'static str)],
) -> Row {
    Row { method: Method::POST, path, kind, works_for, form, files: true }
}

use Kind::{Person, Program, Provider, Public, Thing};

const MINUTES: &[(&str, &str)] = &[
    ("round", "0"),
    ("held", "20"),
    ("held-month", "11"),
    ("held-year", "2026"),
    ("present", "@owner"),
    ("minutes", "The figures were read"),
];

pub const ROWS: &[Row] = &[
    get("/healthz", Public, ""),
    get("/readyz", Public, ""),
    get("/", Public, ""),
    get("/sign-in", Public, ""),
    post("/sign-in", Public, "", &[("email", "nobody@elsewhere.example"), ("password", "wrong")]),
    post("/sign-out", Public, "", &[]),
    get("/sign-in/code", Public, ""),
    post("/sign-in/code", Public, "", &[("code", "123456")]),
    post("/sign-in/go-on", Person, "", &[]),
    post("/account/codes", Person, "", &[("own-password", "wrong")]),
    post("/account/codes/phone", Person, "", &[("old-code", "123456")]),
    post("/account/codes/recovery", Person, "", &[("code", "123456")]),
    get("/join/{slug}", Public, ""),
    post("/join/{slug}", Public, "", &[("code", "abcde-fghjk-mnpqr-stuvw")]),
    get("/join/{slug}/{secret}", Public, ""),
    post(
        "/join/{slug}/{secret}",
        Public,
        "",
        &[("name", "Noor Aziz"), ("sign-in", "noor.aziz"), ("password", "marmalade tractor evening")],
    ),
    get("/mail/{slug}/{secret}", Public, ""),
    post("/mail/{slug}/{secret}", Public, "", &[("List-Unsubscribe", "One-Click")]),
    get("/calendar/{slug}/{secret}", Public, ""),
    get("/providers", Person, ""),
    get("/account", Person, ""),
    post("/account/password", Person, "", &[("current-password", "wrong"), ("new-password", "wrong")]),
    post("/account/sessions/others/end", Person, "", &[]),
    post("/account/sessions/{session}/end", Person, "", &[]),
    get("/p/{provider}", Provider, "manager"),
    get("/p/{provider}/dashboard", Provider, "manager"),
    get("/p/{provider}/messages", Provider, "administrator"),
    get("/p/{provider}/notices", Provider, "carer"),
    post("/p/{provider}/notices", Provider, "carer", &[("until", "1795255200000000")]),
    get("/p/{provider}/notices/{id}", Thing, "carer"),
    get("/p/{provider}/notices/calendar", Provider, "carer"),
    post("/p/{provider}/notices/calendar", Provider, "carer", &[]),
    post("/p/{provider}/notices/calendar/end", Provider, "carer", &[]),
    get("/p/{provider}/notices/mail", Provider, "carer"),
    post("/p/{provider}/notices/mail", Provider, "carer", &[("chosen", "yes"), ("kinds", "assigned")]),
    get("/p/{provider}/actions", Provider, "manager"),
    get("/p/{provider}/escalations", Provider, "manager"),
    get("/p/{provider}/escalations/log", Provider, "manager"),
    get("/p/{provider}/escalations/{escalation}", Thing, "manager"),
    post(
        "/p/{provider}/escalations/{escalation}",
        Thing,
        "manager",
        &[("version", "@version"), ("decision", "no_escalation"), ("because", "It is nearly done")],
    ),
    get("/p/{provider}/actions/{reference}", Thing, "carer"),
    get("/p/{provider}/verify", Provider, "manager"),
    get("/p/{provider}/verify/exceptions", Provider, "quality"),
    get("/p/{provider}/assurance", Provider, "nominated"),
    get("/p/{provider}/closure-audit", Provider, "quality"),
    post("/p/{provider}/closure-audit", Provider, "quality", &[("quarter", "2026-q3"), ("size", "5")]),
    get("/p/{provider}/actions/{reference}/closure-audit", Thing, "quality"),
    post(
        "/p/{provider}/actions/{reference}/closure-audit",
        Thing,
        "quality",
        &[("version", "@version"), ("stands_up", "yes"), ("note", "Opened every record of the sample again")],
    ),
    get("/p/{provider}/signals", Provider, "manager"),
    get("/p/{provider}/signals/{sign}/{reference}", Thing, "manager"),
    post("/p/{provider}/signals/{sign}/{reference}", Thing, "manager", PUT_ASIDE),
    get("/p/{provider}/governance", Provider, "manager"),
    get("/p/{provider}/governance/{month}", Provider, "manager"),
    get("/p/{provider}/governance/{month}/{figure}", Provider, "manager"),
    get("/p/{provider}/governance/{month}/{figure}/limits", Provider, "quality"),
    post(
        "/p/{provider}/governance/{month}/{figure}/limits",
        Provider,
        "quality",
        &[("stands", "yes"), ("from", "2026-10"), ("why", "A new closure standard began")],
    ),
    get("/p/{provider}/governance/{month}/meeting", Provider, "manager"),
    get("/p/{provider}/governance/{month}/report", Provider, "manager"),
    get("/p/{provider}/governance/{month}/report.pdf", Provider, "manager"),
    get("/p/{provider}/trail", Provider, "manager"),
    post("/p/{provider}/governance/{month}/minutes", Provider, "manager", MINUTES),
    post(
        "/p/{provider}/governance/{month}/decisions",
        Provider,
        "manager",
        &[("item", "figure:m1"), ("said", "challenge"), ("note", "Are these the right ones?")],
    ),
    post("/p/{provider}/governance/{month}/sign-off", Provider, "manager", &[("round", "0")]),
    get("/p/{provider}/packs", Provider, "manager"),
    get("/p/{provider}/packs/new", Provider, "manager"),
    post(
        "/p/{provider}/packs",
        Provider,
        "manager",
        &[("service", "rowan-house"), ("naming", "titles"), ("purpose", "An inspection"), ("id", "@new")],
    ),
    get("/p/{provider}/packs/{pack}", Thing, "manager"),
    get("/p/{provider}/packs/{pack}/pack.zip", Thing, "manager"),
    get("/p/{provider}/packs/{pack}/read/{*path}", Thing, "manager"),
    post("/p/{provider}/packs/{pack}/withdrawal", Thing, "manager", &[("reason", "Somebody is named in it")]),
    get("/p/{provider}/measures", Provider, "manager"),
    get("/p/{provider}/measures/new", Provider, "manager"),
    post("/p/{provider}/measures/new", Provider, "manager", MEASURE),
    get("/p/{provider}/measures/{measure}", Thing, "manager"),
    post("/p/{provider}/measures/{measure}/readings", Thing, "manager", READING),
    post(
        "/p/{provider}/measures/{measure}/pasted",
        Thing,
        "manager",
        &[("pasted", "September 2026\t4"), ("paste_reason", "")],
    ),
    post(
        "/p/{provider}/measures/{measure}/recalculation",
        Thing,
        "quality",
        &[("stands", "yes"), ("from", "2026-10-01"), ("why", "The second carer came")],
    ),
    get("/p/{provider}/measures/{measure}/definition", Thing, "manager"),
    post(
        "/p/{provider}/measures/{measure}/definition",
        Thing,
        "manager",
        &[("seen", "1"), ("name", "Falls at night"), ("reason", "Days are counted elsewhere")],
    ),
    post(
        "/p/{provider}/measures/{measure}/end",
        Thing,
        "manager",
        &[("seen", "1"), ("end_reason", "Counted elsewhere")],
    ),
    post("/p/{provider}/measures/{measure}/actions", Thing, "manager", &[("action", "A-0001")]),
    post("/p/{provider}/signals/{sign}/{reference}/again", Thing, "manager", &[("seen", "0")]),
    get("/p/{provider}/actions/{reference}/verification", Thing, "manager"),
    post("/p/{provider}/actions/{reference}/verification", Thing, "manager", VERDICT),
    get("/p/{provider}/actions/{reference}/assurance", Thing, "nominated"),
    post(
        "/p/{provider}/actions/{reference}/assurance",
        Thing,
        "nominated",
        &[("version", "@version"), ("decision", "assured"), ("note", "Read the samples")],
    ),
    get("/p/{provider}/actions/{reference}/closure", Thing, "manager"),
    post(
        "/p/{provider}/actions/{reference}/closure",
        Thing,
        "manager",
        &[("version", "@version"), ("note", "The sample shows that it holds")],
    ),
    get("/p/{provider}/actions/{reference}/reopening", Thing, "manager"),
    post("/p/{provider}/actions/{reference}/reopening", Thing, "manager", REASON_AND_DATE),
    get("/p/{provider}/sustain-checks", Provider, "manager"),
    get("/p/{provider}/actions/{reference}/sustain-check", Thing, "manager"),
    post(
        "/p/{provider}/actions/{reference}/sustain-check",
        Thing,
        "manager",
        &[
            ("version", "@version"),
            ("check", "00000000-0000-0000-0000-000000000000"),
            ("note", "Protocols written since the closure"),
            ("method", "record_sample"),
            ("sample", "8"),
            ("met", "8"),
            ("lasting", "held"),
        ],
    ),
    get("/p/{provider}/actions/{reference}/owner", Thing, "manager"),
    post(
        "/p/{provider}/actions/{reference}/owner",
        Thing,
        "manager",
        &[("version", "@version"), ("owner", "@owner"), ("reason", "Works nights this month")],
    ),
    get("/p/{provider}/actions/{reference}/rewording", Thing, "manager"),
    post(
        "/p/{provider}/actions/{reference}/rewording",
        Thing,
        "manager",
        &[
            ("version", "@version"),
            ("what", "Add a maximum dose to all 14 protocols by Friday"),
            ("success_test", "7 of 7 sampled protocols show a maximum dose"),
            ("reason", "Two more were found"),
        ],
    ),
    get("/p/{provider}/actions/{reference}/extension", Thing, "manager"),
    post("/p/{provider}/actions/{reference}/extension", Thing, "manager", REASON_AND_DATE),
    get("/p/{provider}/actions/{reference}/merging", Thing, "manager"),
    post(
        "/p/{provider}/actions/{reference}/merging",
        Thing,
        "manager",
        &[("version", "@version"), ("into", "1"), ("reason", "The same gap, found twice")],
    ),
    get("/p/{provider}/actions/{reference}/cancellation", Thing, "manager"),
    post(
        "/p/{provider}/actions/{reference}/cancellation",
        Thing,
        "manager",
        &[("version", "@version"), ("reason", "The unit has closed")],
    ),
    get("/p/{provider}/imports", Provider, "manager"),
    upload("/p/{provider}/imports", Provider, "manager", &[]),
    get("/p/{provider}/imports/{import}", Thing, "manager"),
    get("/p/{provider}/imports/{import}/sheet", Thing, "manager"),
    post(
        "/p/{provider}/imports/{import}/sheet",
        Thing,
        "manager",
        &[("seen", "0"), ("sheet", "0"), ("header_row", "1")],
    ),
    get("/p/{provider}/imports/{import}/columns", Thing, "manager"),
    post(
        "/p/{provider}/imports/{import}/columns",
        Thing,
        "manager",
        &[("seen", "0"), ("column-0", "action"), ("risk", "low"), ("success_test", "Look")],
    ),
    get("/p/{provider}/imports/{import}/words", Thing, "manager"),
    post("/p/{provider}/imports/{import}/words", Thing, "manager", &[("seen", "0")]),
    get("/p/{provider}/imports/{import}/check", Thing, "manager"),
    post("/p/{provider}/imports/{import}/check", Thing, "manager", &[("seen", "0")]),
    post("/p/{provider}/imports/{import}/start", Thing, "manager", &[("seen", "0")]),
    post("/p/{provider}/imports/{import}/undoing", Thing, "manager", &[]),
    post("/p/{provider}/imports/{import}/forgetting", Thing, "manager", &[("seen", "0")]),
    get("/p/{provider}/earlier", Provider, "carer"),
    get("/p/{provider}/weekly-review", Provider, "manager"),
    post("/p/{provider}/weekly-review", Provider, "manager", &[("service", "@service")]),
    get("/p/{provider}/weekly-review/{review}", Thing, "manager"),
    post("/p/{provider}/weekly-review/{review}", Thing, "manager", &[("present", "@owner")]),
    get("/p/{provider}/weekly-review/{review}/actions/{action}", Thing, "manager"),
    post(
        "/p/{provider}/weekly-review/{review}/actions/{action}",
        Thing,
        "manager",
        &[("version", "@version"), ("standing", "on_track")],
    ),
    get("/p/{provider}/findings", Provider, "manager"),
    get("/p/{provider}/findings/new", Provider, "carer"),
    post("/p/{provider}/findings/new", Provider, "manager", FINDING),
    get("/p/{provider}/findings/{finding}", Thing, "manager"),
    post("/p/{provider}/findings/{finding}/sources", Thing, "manager", SOURCE),
    get("/p/{provider}/findings/{finding}/root-cause", Thing, "manager"),
    post(
        "/p/{provider}/findings/{finding}/root-cause",
        Thing,
        "manager",
        &[("version", "@version"), ("factors", "staffing"), ("later", "yes")],
    ),
    post("/p/{provider}/findings/{finding}/root-cause/again", Thing, "manager", &[]),
    post("/p/{provider}/findings/{finding}/earlier", Thing, "manager", &[("earlier", "F-0001")]),
    get("/p/{provider}/findings/{finding}/earlier/{earlier}/withdrawal", Thing, "manager"),
    post(
        "/p/{provider}/findings/{finding}/earlier/{earlier}/withdrawal",
        Thing,
        "manager",
        &[("reason", "Another unit, another cause")],
    ),
    get("/p/{provider}/findings/{finding}/actions/new", Thing, "manager"),
    post("/p/{provider}/findings/{finding}/actions/new", Thing, "manager", ACTION),
    get("/p/{provider}/findings/{finding}/disposition", Thing, "manager"),
    post(
        "/p/{provider}/findings/{finding}/disposition",
        Thing,
        "manager",
        &[
            ("version", "@version"),
            ("disposition", "no_action_needed"),
            ("reason", "It was put right on the day"),
        ],
    ),
    get("/p/{provider}/reviews", Provider, "manager"),
    get("/p/{provider}/reviews/new", Provider, "manager"),
    post("/p/{provider}/reviews/new", Provider, "manager", REVIEW),
    get("/p/{provider}/reviews/{review}", Thing, "manager"),
    post("/p/{provider}/reviews/{review}/sign-off", Thing, "manager", &[("version", "@version")]),
    get("/p/{provider}/my-actions", Provider, "carer"),
    get("/p/{provider}/my-team", Provider, "manager"),
    get("/p/{provider}/my-team/owner", Provider, "manager"),
    post(
        "/p/{provider}/my-team/owner",
        Provider,
        "manager",
        &[("action", "1:1"), ("owner", "@owner"), ("reason", "Works nights this month")],
    ),
    get("/p/{provider}/actions/{reference}/update", Thing, "carer"),
    upload("/p/{provider}/actions/{reference}/update", Thing, "carer", UPDATE),
    post("/p/{provider}/actions/{reference}/submission", Thing, "carer", &[("version", "@version")]),
    post(
        "/p/{provider}/actions/{reference}/submission/withdrawal",
        Thing,
        "carer",
        &[("version", "@version")],
    ),
    get("/p/{provider}/evidence/{id}", Thing, "carer"),
    get("/p/{provider}/evidence/{id}/preview", Thing, "carer"),
    get("/p/{provider}/evidence/{id}/withdrawal", Thing, "carer"),
    post("/p/{provider}/evidence/{id}/withdrawal", Thing, "manager", &[("reason", "The wrong week")]),
    get("/p/{provider}/settings", Provider, "administrator"),
    get("/p/{provider}/settings/escalation", Provider, "quality"),
    post("/p/{provider}/settings/escalation", Provider, "quality", &[]),
    get("/p/{provider}/settings/standards", Provider, "quality"),
    get("/p/{provider}/settings/standards/new", Provider, "quality"),
    post("/p/{provider}/settings/standards/new", Provider, "quality", STANDARD),
    get("/p/{provider}/settings/standards/{id}", Thing, "quality"),
    post("/p/{provider}/settings/standards/{id}", Thing, "quality", STANDARD),
    post(
        "/p/{provider}/settings/standards/{id}/removal",
        Thing,
        "quality",
        &[("seen", "x"), ("removal_reason", "The general one will do")],
    ),
    get("/p/{provider}/settings/due-days", Provider, "quality"),
    post(
        "/p/{provider}/settings/due-days",
        Provider,
        "quality",
        &[("low", "15"), ("medium", "9"), ("high", "4"), ("critical", "1"), ("reason", "As the board asked")],
    ),
    get("/p/{provider}/settings/members", Provider, "administrator"),
    get("/p/{provider}/settings/members/{id}", Thing, "administrator"),
    get("/p/{provider}/settings/members/{id}/place", Thing, "administrator"),
    post(
        "/p/{provider}/settings/members/{id}/place",
        Thing,
        "administrator",
        &[("seen", "x"), ("name", "A"), ("role", "team_leader"), ("services", "@service")],
    ),
    get("/p/{provider}/settings/codes", Provider, "administrator"),
    post(
        "/p/{provider}/settings/codes",
        Provider,
        "administrator",
        &[("seen", "x"), ("roles", "registered_manager")],
    ),
    get("/p/{provider}/settings/members/{id}/codes", Thing, "administrator"),
    post(
        "/p/{provider}/settings/members/{id}/codes",
        Thing,
        "administrator",
        &[("reason", "Lost their telephone; I saw them today")],
    ),
    post("/p/{provider}/settings/members/{id}/codes/confirmation", Thing, "administrator", &[]),
    post("/p/{provider}/settings/members/{id}/codes/withdrawal", Thing, "administrator", &[]),
    get("/p/{provider}/settings/invitations", Provider, "administrator"),
    get("/p/{provider}/settings/invitations/new", Provider, "administrator"),
    post(
        "/p/{provider}/settings/invitations/new",
        Provider,
        "administrator",
        &[("way", "code"), ("name", "Noor Aziz"), ("role", "care_staff"), ("services", "@service")],
    ),
    post("/p/{provider}/settings/invitations/{id}/renewal", Thing, "administrator", &[]),
    post("/p/{provider}/settings/invitations/{id}/withdrawal", Thing, "administrator", &[]),
    get("/p/{provider}/settings/downloads", Provider, "administrator"),
    get("/p/{provider}/settings/keys", Provider, "administrator"),
    post(
        "/p/{provider}/settings/keys",
        Provider,
        "administrator",
        &[("name", "Board report"), ("reads", "actions"), ("service", "@service"), ("lasts", "month")],
    ),
    post("/p/{provider}/settings/keys/{id}/end", Thing, "administrator", &[]),
    get("/api/openapi.json", Public, ""),
    get("/api/{slug}/v1/findings", Program, ""),
    get("/api/{slug}/v1/actions", Program, ""),
    get("/api/{slug}/v1/measures", Program, ""),
    get("/p/{provider}/settings/history", Provider, "administrator"),
    get("/p/{provider}/settings/services", Provider, "administrator"),
    get("/p/{provider}/settings/services/new", Provider, "administrator"),
    post(
        "/p/{provider}/settings/services/new",
        Provider,
        "administrator",
        &[("name", "Rowan Heights"), ("kind", "nursing"), ("nation", "wales")],
    ),
    get("/p/{provider}/settings/services/{id}", Thing, "administrator"),
    post(
        "/p/{provider}/settings/services/{id}",
        Thing,
        "administrator",
        &[("seen", "x"), ("name", "Rowan Hill"), ("kind", "nursing"), ("nation", "wales")],
    ),
    get("/p/{provider}/settings/members/{id}/departure", Thing, "administrator"),
    post(
        "/p/{provider}/settings/members/{id}/departure",
        Thing,
        "administrator",
        &[("actions", "1:1"), ("owner-1", "@owner"), ("reason", "Moves to another town")],
    ),
];

const UPDATE: &[(&str, &str)] = &[
    ("id", "@new"),
    ("note", "Rewrote four more"),
    ("done_on", "20"),
    ("done_on-month", "11"),
    ("done_on-year", "2026"),
    ("next", "working"),
    ("kept-record", "@upload"),
];

const STANDARD: &[(&str, &str)] = &[
    ("topic", "falls"),
    ("risk", "high"),
    ("evidence", "record"),
    ("window", "3"),
    ("due", "5"),
    ("approver", "registered_manager"),
    ("sustain", "28"),
    ("reason", "Two relapses"),
];

const FINDING: &[(&str, &str)] = &[
    ("id", "@new"),
    ("review_id", "@new"),
    ("action_id", "@new"),
    ("source", "audit"),
    ("service", "@service"),
    ("unit", "@unit"),
    ("what", "Maximum dose missing on 4 of 12 protocols"),
    ("evidence_source", "record_check"),
    ("risk", "high"),
    ("theme", "safety"),
    ("topic", "medicines"),
    ("held_on", "20"),
    ("held_on-month", "11"),
    ("held_on-year", "2026"),
    ("found_on", "20"),
    ("found_on-month", "11"),
    ("found_on-year", "2026"),
    ("found_by", "The night team"),
];

const ACTION: &[(&str, &str)] = &[
    ("action_id", "@new"),
    ("action", "Add a maximum dose to the 4 protocols that lack one"),
    ("success_test", "4 of 4 protocols show a maximum dose"),
    ("owner", "@owner"),
    ("evidence", "record"),
];

const SOURCE: &[(&str, &str)] = &[("review_id", "@new"), ("source", "@review")];

const REVIEW: &[(&str, &str)] = &[
    ("id", "@new"),
    ("kind", "audit"),
    ("title", "Medicines in autumn"),
    ("service", "@service"),
    ("held_on", "20"),
    ("held_on-month", "11"),
    ("held_on-year", "2026"),
    ("conducted_by", "The night team"),
];

const MEASURE: &[(&str, &str)] = &[
    ("id", "@new"),
    ("name", "Care records with a review date"),
    ("place", "@service"),
    ("shape", "share"),
    ("better", "up"),
    ("cadence", "monthly"),
];

const READING: &[(&str, &str)] =
    &[("period", "20"), ("period-month", "11"), ("period-year", "2026"), ("numerator", "4"), ("reason", "")];

const PUT_ASIDE: &[(&str, &str)] = &[
    ("seen", "0"),
    ("reason", "The new charts come next week"),
    ("until", "28"),
    ("until-month", "11"),
    ("until-year", "2026"),
];

const REASON_AND_DATE: &[(&str, &str)] = &[
    ("version", "@version"),
    ("reason", "The new charts come next week"),
    ("due", "11"),
    ("due-month", "12"),
    ("due-year", "2026"),
];

const VERDICT: &[(&str, &str)] = &[
    ("version", "@version"),
    ("method", "record_sample"),
    ("sample", "6"),
    ("met", "6"),
    ("note", "Six protocols from two units, all with a maximum dose"),
    ("mark-record", "supports"),
    ("outcome", "complete"),
];
