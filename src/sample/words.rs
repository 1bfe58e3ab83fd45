//! What the sample says. Nobody in it exists, and it names nobody who uses a service.

/// Given names of invented members.
pub const GIVEN: &[&str] = &[
    "Ada", "Bryn", "Cerys", "Daniel", "Esther", "Farah", "Gwen", "Hamid", "Imani", "Jonas", "Keira", "Leon",
    "Mina", "Noah", "Oona", "Priya", "Rhys", "Sana", "Tomas", "Uma", "Vera", "Wen", "Yusuf", "Zara",
];

/// Family names of invented members.
pub const FAMILY: &[&str] = &[
    "Alderton", "Brackley", "Coombe", "Dunmore", "Elsworth", "Fenwick", "Garrow", "Hollis", "Inskip",
    "Jarrow", "Kestle", "Lowther", "Marden", "Norwell", "Oakshott", "Penhale", "Quarley", "Redfern",
    "Stanmore", "Thorley", "Upwood", "Varley", "Winslade",
];

/// First halves of the names of services.
pub const PLACES: &[&str] = &[
    "Alder", "Birch", "Cedar", "Elder", "Fern", "Hawthorn", "Juniper", "Larch", "Maple", "Rowan", "Sorrel",
    "Willow",
];

/// Second halves of the names of services.
pub const HOUSES: &[&str] = &["House", "Lodge", "Court", "View", "Gardens", "Green", "Place", "Bank", "Mews"];

/// Units of a service.
pub const UNITS: &[&str] = &["Ground floor", "First floor", "Garden wing"];

/// What was seen.
pub const SEEN: &[&str] = &[
    "Six of ten charts sampled had gaps at the evening round, with no code and no note on the back",
    "Four care plans had not been reviewed in the month and two contradicted the risk assessment",
    "Handover sheets for three days did not say who would make the follow-up call",
    "Fluid charts were filled in at the end of the shift and not at the time",
    "Two of five post-fall observations stopped before the protocol says so",
    "Supervision was recorded for nine of fourteen staff in the quarter",
    "Families of three people said nobody rang them after an incident",
    "The weekly equipment check was signed but two sensor mats did not work when tried",
];

/// What is to be done.
pub const TO_DO: &[&str] = &[
    "Rewrite the six care plans named in the audit and have the deputy read each one",
    "Brief both teams at handover on recording at the time, and sample ten charts the week after",
    "Ring each family within a day of an incident and record the call in the daily notes",
    "Replace the two sensor mats and try all of them every Monday with a second signature",
    "Hold the five missing supervisions and put the next dates in the rota",
    "Move the evening medicines round to seven and check every chart before the shift ends",
    "Fold the post-fall protocol into the incident form, with a box for each observation",
    "Agree with the surgery who orders repeat prescriptions and by which day",
];

/// How success is tested.
pub const TESTS: &[&str] = &[
    "Nine of ten charts sampled over two weeks are complete",
    "All plans named are reviewed and agree with the risk assessment",
    "Every incident of the month has a recorded call to the family within a day",
    "No gaps in a sample of twenty records a month later",
];

/// Notes of progress.
pub const NOTES: &[&str] = &[
    "Talked it through at handover with the day team; the night team follows on Thursday.",
    "Four of six are done. The other two need a word with the surgery first.",
    "Sampled five records today: four complete, one without a time. Spoke with the person who wrote it.",
    "The new form is in use on both floors since Monday.",
    "Waiting for the delivery; the supplier says Friday.",
    "Checked again after a week: it holds.",
];

/// Titles of evidence, and where the record is kept.
pub const RECORDS: &[(&str, &str)] = &[
    ("Sample of ten charts", "Charts folder, office cabinet 2, this month"),
    ("Briefing sheet with signatures", "Training file, tab 4"),
    ("Updated care plans", "Care records, versions of this month"),
    ("Call log", "Daily notes, entries marked family call"),
    ("Observation of a round", "Observation file, page 12"),
    ("Figures for the month", "Quality folder, monthly sheet"),
];

/// What a verifier, a closer or the nominated individual wrote.
pub const JUDGED: &[&str] = &[
    "Looked at records made since the change, chosen by me. They meet the standard.",
    "Read what was given and spoke with two of the team. It is how we work now.",
    "Sampled across both floors and both shifts.",
];
