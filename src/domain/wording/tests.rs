use super::*;
use proptest::prelude::*;
use rstest::rstest;

/// The form as a manager fills it in: owner, date and test have fields of their own.
const FULL: Context = Context { has_owner: true, has_due_date: true, has_success_test: true };

/// Actions as they are written in home care, care homes and supported living, and the weak phrases in them.
const TABLE: &[(&str, &[&str])] = &[
    // Medicines
    ("Remind staff to sign MAR charts", &["Remind staff"]),
    ("Remind all care staff about PRN recording", &["Remind all care staff"]),
    ("Staff to be reminded to record the reason for PRN medicines", &["Staff to be reminded"]),
    ("All staff will be reminded of the medicines policy", &["All staff will be reminded"]),
    ("Ensure MAR charts are completed", &["Ensure"]),
    ("Ensuring that creams are dated on opening", &["Ensuring"]),
    ("Be more careful when counting controlled drugs", &["Be more careful"]),
    ("Monitor medication errors", &["Monitor"]),
    ("Continue to monitor MAR charts", &["Continue to monitor"]),
    ("Consider a second medicines round", &["Consider"]),
    ("Make sure stock is rotated where possible", &["Make sure", "where possible"]),
    ("Review PRN protocols regularly", &["regularly"]),
    ("Medicines audits ongoing", &["ongoing"]),
    ("Add a maximum daily dose to all 12 PRN protocols on Beech", &[]),
    ("Rewrite the as required medicines protocol for paracetamol on Beech", &[]),
    ("Add the reason to each when required dose on the MAR chart", &[]),
    ("Two nurses count and sign the controlled drugs book at each handover", &[]),
    ("Set a reminder on the eMAR tablet for the 10pm patch change", &[]),
    ("Prompt and remind people to take the midday dose at the lunch call", &[]),
    ("Fit a thermometer in the medicines fridge and record it at 8am each day", &[]),
    // Falls
    ("Monitor falls", &["Monitor"]),
    ("Keep an eye on residents at risk of falls", &["Keep an eye"]),
    ("Keep a close eye on the lounge", &["Keep a close eye"]),
    ("Staff to be more vigilant at night", &["be more vigilant"]),
    ("Improve post-fall observations", &["Improve"]),
    ("Falls to be monitored and addressed", &["monitored", "addressed"]),
    ("Raise awareness of the falls pathway", &["Raise awareness"]),
    ("Reinforce use of sensor mats", &["Reinforce"]),
    ("Move the two monitors in the nurses' station to the corridor side", &[]),
    ("Replace the bed monitor in room 14", &[]),
    ("Write a post-fall check sheet and put one in each of the 9 care plans", &[]),
    ("Fit a movement monitor beside the bed in room 3 by Friday", &[]),
    ("Refer the four people with two falls since August to the falls clinic", &[]),
    // Nutrition and hydration
    ("Encourage staff to offer drinks", &["Encourage staff"]),
    ("Fluid intake to be monitored as needed", &["monitored", "as needed"]),
    ("Staff to monitor fluids asap", &["monitor", "asap"]),
    ("Replace the fluid monitoring charts on Ash", &[]),
    ("Weigh all 14 people on Oak every Monday and enter it in the weight chart", &[]),
    ("Update the nutrition care plan of the six people on thickened fluids", &[]),
    ("Cook and deputy rewrite the texture list on the kitchen door", &[]),
    // Dignity and experience
    ("Promote dignity at all times", &["Promote", "at all times"]),
    ("Speak to staff about knocking on doors", &["Speak to staff"]),
    ("Talk with the team about tone of voice", &["Talk with the team"]),
    ("Carers to be mindful of privacy", &["be mindful"]),
    ("Improving communication with families going forward", &["Improving", "going forward"]),
    ("Better communication with families", &["Better communication"]),
    ("Look into the complaint about laundry", &["Look into"]),
    ("Address the concerns raised in the survey", &["Address"]),
    ("Post the letters addressed to the families of rooms 4 and 6", &[]),
    ("Check the address the pharmacy holds for each person on the round", &[]),
    ("Ring each family within 24 hours of an incident and write it in the contact sheet", &[]),
    ("Ask 8 people on Elm in week 49 whether carers knock and wait", &[]),
    // Home care
    ("Monitor call times on the Harbour round", &["Monitor"]),
    ("Try to keep to call times", &["Try to"]),
    ("Carers to log in when possible", &["when possible"]),
    ("Reiterate the lone working policy", &["Reiterate"]),
    ("Work on travel time", &["Work on"]),
    ("Export the call monitoring data for the Harbour round each Friday until 18 December", &[]),
    ("Add 10 minutes of travel time between the last three calls of the evening round", &[]),
    // Care records
    ("Care plans to be reviewed as and when required", &["as and when required"]),
    ("Records to be improved", &["improved"]),
    ("Tighten up recording", &["Tighten up"]),
    ("Documentation needs to be kept under review", &["kept under review"]),
    ("Strengthening oversight of daily notes", &["Strengthening"]),
    ("Put a review date on the front of all 24 care plans", &[]),
    ("Add family contacts to the 7 files that have none", &[]),
    // Supported living, safeguarding, staffing
    ("Reduce restrictive practice as soon as possible", &["as soon as possible"]),
    ("Staff made aware: keep working on it", &["working on"]),
    ("Make all staff aware of the support plan", &["Make all staff aware"]),
    ("Discuss with the team in due course", &["Discuss with the team", "in due course"]),
    ("Re-educate on safe holds", &["Re-educate"]),
    ("Pay more attention to triggers", &["Pay more attention"]),
    ("Take more care with door codes", &["Take more care"]),
    ("Send out a reminder about supervision", &["Send out a reminder"]),
    ("Rewrite the support plan's early signs page with the psychologist", &[]),
    ("Book safeguarding level 2 for the five night carers", &[]),
    ("Put a named senior on every late shift of the December rota", &[]),
    ("Hold the quality improvement meeting on 3 December and send minutes to the branch", &[]),
    ("Put the monitoring form in the front of the folder", &[]),
    ("Buy a heart monitor for the treatment room", &[]),
];

#[test]
fn the_table_of_cases() {
    assert!(TABLE.len() >= 60, "{}", TABLE.len());
    let mut wrong = Vec::new();
    for &(text, expected) in TABLE {
        let wording = check(text, FULL);
        let found: Vec<&str> = wording.vague.iter().map(|term| term.phrase.as_str()).collect();
        if found != expected {
            wrong.push(format!("{text}\n  found {found:?}, expected {expected:?}"));
        }
        if expected.is_empty() && !wording.is_clear() {
            wrong.push(format!("{text}\n  is specific, but missing {:?}", wording.missing));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn half_of_the_table_is_good_wording() {
    let good = TABLE.iter().filter(|(_, vague)| vague.is_empty()).count();
    assert!(good >= 25 && TABLE.len() - good >= 35, "{good} of {}", TABLE.len());
}

#[rstest]
#[case("Remind staff", &[Missing::What])]
#[case("Monitor", &[Missing::What])]
#[case("Ongoing", &[Missing::What])]
#[case("", &[Missing::What])]
#[case("???", &[Missing::What])]
#[case("Ensure all staff improve", &[Missing::What])]
#[case("Training", &[Missing::What])]
#[case("Audit MAR charts on Beech", &[Missing::HowMany])]
#[case("Audit 10 MAR charts on Beech", &[])]
#[case("Audit all MAR charts on Beech", &[])]
#[case("Sample some fluid charts on Beech", &[Missing::HowMany])]
#[case("Update several care plans on Oak", &[Missing::HowMany])]
#[case("Replace the broken hoist sling on Oak", &[])]
fn says_what_is_missing_beside_the_fields(#[case] text: &str, #[case] missing: &[Missing]) {
    assert_eq!(check(text, FULL).missing, missing, "{text}");
}

#[rstest]
#[case("Replace the hoist sling on Oak", &[Missing::Who, Missing::ByWhen, Missing::HowWeWillKnow])]
#[case("Deputy replaces the hoist sling on Oak", &[Missing::ByWhen, Missing::HowWeWillKnow])]
#[case("Replace the hoist sling on Oak by 7 December", &[Missing::Who, Missing::HowWeWillKnow])]
#[case("Replace the hoist sling on Oak by 7/12/2026", &[Missing::Who, Missing::HowWeWillKnow])]
#[case("Replace the hoist sling on Oak by Friday", &[Missing::Who, Missing::HowWeWillKnow])]
#[case("Slings on Oak may be replaced", &[Missing::Who, Missing::ByWhen, Missing::HowWeWillKnow])]
#[case("Staff replace the sling; two spot checks", &[Missing::Who, Missing::ByWhen])]
#[case("Nurse replaces the sling on 7 December; deputy checks 3 transfers", &[])]
fn reads_who_when_and_how_from_the_text_where_fields_are_empty(
    #[case] text: &str,
    #[case] missing: &[Missing],
) {
    assert_eq!(check(text, Context::default()).missing, missing, "{text}");
}

#[test]
fn the_sentence_is_that_of_the_page() {
    let wording = check("remind staff about PRN", FULL);
    let term = &wording.vague[0];
    assert_eq!(
        format!("{} For example: {}", term.sentence(), term.example()),
        "“Remind staff” is hard to check. Name the change and how someone else will see it. For example: Add a maximum \
         dose to all 12 protocols; deputy checks a sample of 6 on 7 December."
    );
    assert_eq!((term.start, term.end), (0, 12));
}

#[test]
fn every_piece_of_advice_would_itself_pass() {
    use Weakness::*;
    for weakness in [Watch, Crowd, Care, Promise, Improve, Consider, Open] {
        let (advice, example) = weakness.advice();
        assert!(advice.ends_with('.') && !example.ends_with('.'));
        let wording = check(example, FULL);
        assert!(wording.is_clear(), "{example}: {wording:?}");
        assert_eq!(
            check(example, Context { has_owner: true, ..Context::default() }).missing,
            [],
            "{example}"
        );
    }
}

#[test]
fn only_high_and_critical_findings_insist() {
    let vague = check("Ensure MAR charts are signed", FULL);
    assert!(vague.must_reword(true) && !vague.must_reword(false));
    let empty = check("Training", FULL);
    assert!(empty.vague.is_empty() && empty.must_reword(true));
    let good = check("Add a maximum daily dose to all 12 PRN protocols on Beech", FULL);
    assert!(!good.must_reword(true));
    let uncounted = check("Audit MAR charts on Beech", FULL);
    assert!(!uncounted.must_reword(true), "a missing number is pointed out, no more");
}

#[rstest]
#[case("MONITOR the lounge", "MONITOR")]
#[case("They will “remind staff” daily", "remind staff")]
#[case("Staff\u{a0}reminded", "Staff\u{a0}reminded")]
#[case("Über café: ensure ‘safety’", "ensure")]
#[case("on-going", "on-going")]
fn finds_phrases_in_any_case_and_typography(#[case] text: &str, #[case] phrase: &str) {
    let found = check(text, FULL).vague;
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    assert_eq!(found[0].phrase, phrase);
    assert_eq!(&text[found[0].start..found[0].end], phrase);
}

#[rstest]
#[case("Tell him to remind. Staff training on 4 December is booked")]
#[case("The ensured sum is on the insurance certificate we send to the branch")]
#[case("Monitorship improvements considerable addressee")]
fn phrases_end_with_the_word_and_the_sentence(#[case] text: &str) {
    let found = check(text, FULL).vague;
    let phrases: Vec<_> = found.iter().map(|term| term.phrase.as_str()).collect();
    assert!(phrases.is_empty() || phrases == ["ensured"], "{text}: {phrases:?}");
}

#[test]
fn every_pattern_is_reachable() {
    // A pattern with a capital or a hyphen could never match a lower-case word.
    for phrase in PHRASES {
        assert!(
            phrase.pattern.chars().all(|c| c.is_ascii_lowercase() || " |?@".contains(c)),
            "{}",
            phrase.pattern
        );
        let shortest: Vec<&str> = phrase
            .pattern
            .split(' ')
            .filter(|part| !part.starts_with('?'))
            .map(|part| if part == "@staff" { "staff" } else { part.split('|').next().unwrap() })
            .collect();
        let text = shortest.join(" ");
        assert!(!check(&text, FULL).vague.is_empty(), "{text}");
    }
}

#[rstest]
#[case("addressed")]
#[case("Done.")]
#[case("done")]
#[case("Completed")]
#[case("As above")]
#[case("n/a")]
#[case("N/A")]
#[case("ok")]
#[case("")]
#[case("   ")]
#[case("-")]
#[case("All good, no issues")]
#[case("This has now been addressed")]
#[case("Action completed on 12 November 2026")]
#[case("Completed as per plan")]
#[case("Staff spoken to and reminded")]
#[case("Evidence seen and checked")]
#[case("No concerns")]
#[case("All actions completed, happy to close")]
#[case("Everything is in place now")]
fn notes_that_say_nothing(#[case] text: &str) {
    assert!(is_vague_note(text), "{text}");
}

#[rstest]
#[case("Sampled 6 of 12 protocols, all carry a maximum dose")]
#[case("9 of 10 charts signed")]
#[case("Watched two transfers on Oak; sling used both times")]
#[case("Four families said they were rung the same day")]
#[case("Missing dose limits on protocols 3 and 7")]
#[case("Fridge read at 8am on each of 14 days")]
#[case("Care plans for rooms 4, 6 and 9 carry the new texture level")]
fn notes_that_can_be_checked(#[case] text: &str) {
    assert!(!is_vague_note(text), "{text}");
}

proptest! {
    /// Any text at all: no panic, spans on character borders, in order, not overlapping, and being what they say.
    #[test]
    fn spans_are_true(text in "(\\PC{0,12}( |-|monitor|remind staff|Ensure|ongoing|’|\n|İ|ß)?){0,12}") {
        let wording = check(&text, FULL);
        let mut last = 0;
        for term in &wording.vague {
            prop_assert!(term.start >= last && term.end > term.start);
            prop_assert_eq!(text.get(term.start..term.end), Some(term.phrase.as_str()));
            last = term.end;
        }
        let _ = is_vague_note(&text);
    }

    /// Case never changes what is found in plain English.
    #[test]
    fn case_does_not_matter(index in 0..80_usize) {
        let (text, _) = TABLE[index % TABLE.len()];
        let spans = |text: &str| -> Vec<_> { check(text, FULL).vague.iter().map(|t| (t.start, t.end)).collect() };
        prop_assert_eq!(spans(&text.to_uppercase()), spans(text));
    }
}

/// R22: what only tells people again, case by case.
#[test]
fn what_only_tells_people_again() {
    for (text, wanted) in [
        ("Remind staff about PRN protocols", true),
        ("Remind all staff to be more careful with counts on Ash", true),
        ("Staff to be reminded at handover", true),
        ("Reiterate the medicines policy; be more vigilant", true),
        ("Send a reminder to all seniors about two signatures. Ongoing.", true),
        ("Put the maximum dose on the admission form for all 12 protocols", false),
        ("Remind staff at handover; put a second signature line on each of the 9 balance sheets", false),
        ("Second signature line on each balance sheet. Staff to be reminded.", false),
        ("Monitor fluid charts", false),
        ("Ensure compliance", false),
        ("", false),
    ] {
        assert_eq!(only_reminds(text), wanted, "{text}");
    }
}
