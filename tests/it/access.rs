//! Who may do what, cell by cell: the answers of `domain::access` beside what domain.md says, written out.

use throughline::domain::access::{Denial, Reach, Relation, Verb, may, reach};
use throughline::domain::member::Role;

/// One row for each verb, one column for each role, and in each cell five answers, for how the member stands to the
/// thing: 1 not at all · 2 it is their own, in a service not given to them · 3 it is in their service · 4 so, and they
/// have owned the action in this cycle · 5 in their service, and they gave evidence that still stands.
/// `y` yes · `-` not theirs to do · `o` no, they have owned it · `e` no, they gave evidence.
///
/// Read against domain.md: care staff see their own and log findings; team leaders, deputies and registered managers
/// act in their services; safeguarding lead, quality lead and nominated individual in the provider; administrators
/// look after people. Only the owner submits (R10). Checking is by somebody who neither owned it nor gave its evidence
/// (R15), approval of closure by a manager, the quality lead or the nominated individual who never owned it (R17, and
/// the closure standard says which of them), assurance by the nominated individual alone (R18), decisions on
/// escalations by registered manager, quality lead and nominated individual (R13).
const GRID: &str = "
verb             care    leader  deputy  manager safeg.  quality nomin.  admin   reader
SeeAction        -y---   -yyyy   -yyyy   -yyyy   yyyyy   yyyyy   yyyyy   yyyyy   -----
SeeFinding       -y---   -yyyy   -yyyy   -yyyy   yyyyy   yyyyy   yyyyy   yyyyy   -----
LogFinding       --yyy   --yyy   --yyy   --yyy   yyyyy   yyyyy   yyyyy   yyyyy   -----
RunReview        -----   --yyy   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
SignOffReview    -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
ReviewWeekly     -----   --yyy   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
DisposeFinding   -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
LinkFinding      -----   --yyy   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
FindRootCause    -----   -----   --yyy   --yyy   yyyyy   yyyyy   -----   -----   -----
DefineAction     -----   --yyy   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
AddProgress      -y---   -yyyy   -yyyy   -yyyy   yyyyy   yyyyy   yyyyy   -y---   -----
WithdrawEvidence -y---   -y---   -yyyy   -yyyy   yyyyy   yyyyy   -y---   -y---   -----
OpenWithdrawn    -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
Submit           -y---   -y---   -y---   -y---   -y---   -y---   -y---   -y---   -----
Verify           -----   -----   --yoe   --yoe   yyyoe   yyyoe   yyyoe   -----   -----
Assure           -----   -----   -----   -----   -----   -----   yyyoy   -----   -----
Close            -----   -----   -----   --yoy   -----   yyyoy   yyyoy   -----   -----
Reopen           -----   -----   -----   --yyy   -----   yyyyy   yyyyy   -----   -----
CheckSustained   -----   --yoy   --yoy   --yoy   yyyoy   yyyoy   yyyoy   -----   -----
AuditClosures    -----   -----   -----   -----   -----   yyyoy   yyyoy   -----   -----
Reassign         -----   --yyy   --yyy   --yyy   yyyyy   yyyyy   yyyyy   yyyyy   -----
Reword           -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
Extend           -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
Cancel           -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
Merge            -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
DecideEscalation -----   -----   -----   --yyy   -----   yyyyy   yyyyy   -----   -----
SeeEscalations   -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
SeeDashboard     -----   --yyy   --yyy   --yyy   yyyyy   yyyyy   yyyyy   yyyyy   -----
SeeQueue         -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
SeeSignals       -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
AcknowledgeSign  -----   -----   --yyy   --yyy   -----   yyyyy   yyyyy   -----   -----
SeeMeasures      -----   --yyy   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
KeepMeasures     -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
RecalculateLimits-----   -----   -----   -----   -----   yyyyy   yyyyy   -----   -----
SeeGovernance    -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   yyyyy   -----
RecordGovernance -----   -----   --yyy   --yyy   yyyyy   yyyyy   yyyyy   -----   -----
SignGovernance   -----   -----   -----   --yyy   -----   yyyyy   yyyyy   -----   -----
MakePacks        -----   -----   -----   --yyy   -----   yyyyy   yyyyy   -----   -----
SeeExceptions    -----   -----   -----   -----   -----   yyyyy   yyyyy   -----   -----
SeeMessages      -----   -----   -----   -----   -----   -----   -----   yyyyy   -----
SetPolicy        -----   -----   -----   -----   -----   yyyyy   -----   yyyyy   -----
Import           -----   -----   -----   --yyy   -----   yyyyy   yyyyy   yyyyy   -----
ManagePeople     -----   -----   -----   -----   -----   -----   -----   yyyyy   -----
";

const ROLES: [Role; 9] = [
    Role::CareStaff,
    Role::TeamLeader,
    Role::DeputyManager,
    Role::RegisteredManager,
    Role::SafeguardingLead,
    Role::QualityLead,
    Role::NominatedIndividual,
    Role::Administrator,
    Role::ExternalReader,
];

const RELATIONS: [Relation; 5] = {
    let none = Relation { in_service: false, own: false, owned_this_cycle: false, gave_evidence: false };
    let here = Relation { in_service: true, ..none };
    [
        none,
        Relation { own: true, ..none },
        here,
        Relation { owned_this_cycle: true, ..here },
        Relation { gave_evidence: true, ..here },
    ]
};

fn answer(role: Role, verb: Verb, relation: Relation) -> char {
    match may(role, verb, relation) {
        Ok(()) => 'y',
        Err(Denial::NotYours) => '-',
        Err(Denial::Owner) => 'o',
        Err(Denial::GaveEvidence) => 'e',
    }
}

/// The grid as the program answers it, in the shape of [`GRID`].
fn answered(ask: impl Fn(Role, Verb, Relation) -> char) -> Vec<String> {
    let row = |verb: &Verb| {
        let cells: Vec<String> =
            ROLES.map(|role| RELATIONS.map(|relation| ask(role, *verb, relation)).iter().collect()).to_vec();
        format!("{:<17}{}", format!("{verb:?}"), cells.join("   "))
    };
    Verb::ALL.iter().map(row).collect()
}

fn expected() -> Vec<&'static str> {
    GRID.trim().lines().skip(1).collect()
}

#[test]
fn every_cell_is_as_the_domain_says() {
    assert_eq!(ROLES.len(), Role::ALL.len());
    let answered = answered(answer);
    for (program, domain) in answered.iter().zip(expected()) {
        assert_eq!(program, domain);
    }
    assert_eq!(answered.len(), expected().len());
}

#[test]
fn a_single_wrong_answer_is_noticed() {
    let mut changes = 0;
    for role in ROLES {
        for verb in Verb::ALL {
            let twisted = answered(|r, v, relation| match answer(r, v, relation) {
                'y' if (r, v) == (role, verb) => '-',
                '-' if (r, v) == (role, verb) => 'y',
                other => other,
            });
            changes += usize::from(twisted != expected());
        }
    }
    assert_eq!(changes, ROLES.len() * Verb::ALL.len());
}

/// Every combination of relations, not only the five of the grid: independence only ever takes away, more nearness
/// only ever gives, and an external reader gets nothing.
#[test]
fn independence_takes_away_and_nearness_gives() {
    for role in ROLES {
        for verb in Verb::ALL {
            for bits in 0..16_u8 {
                let has = |bit: u8| bits & bit != 0;
                let relation = Relation {
                    in_service: has(1),
                    own: has(2),
                    owned_this_cycle: has(4),
                    gave_evidence: has(8),
                };
                let allowed = may(role, verb, relation).is_ok();
                let clean = Relation { owned_this_cycle: false, gave_evidence: false, ..relation };
                let nearest = Relation { in_service: true, own: true, ..relation };
                assert!(!allowed || may(role, verb, clean).is_ok(), "{role} {verb:?} {relation:?}");
                assert!(!allowed || may(role, verb, nearest).is_ok(), "{role} {verb:?} {relation:?}");
                let judges = matches!(verb, Verb::Verify | Verb::Close | Verb::Assure);
                assert!(!(allowed && judges && has(4)), "{role} judges their own work by {verb:?}");
                assert!(!(allowed && verb == Verb::Verify && has(8)), "{role} checks their own evidence");
                assert!(!allowed || reach(role, verb) != Reach::None);
                assert!(!allowed || role != Role::ExternalReader);
            }
        }
    }
}
