//! The quality lead brings the tracker that was kept until now, looks through it, imports it and takes it back.

use super::browser::{Browser, Scheme, Script};
use super::screens::inspect;
use super::stage::Stage;

const TRACKER: &str = "Rowan House improvement plan,,,,,,,\n\
    Ref,Issue identified,Action required,Lead,Target date,RAG,Status,Date completed\n\
    1,No maximum dose on PRN charts,Add a maximum dose to all 14 PRN charts,Amara Bello,03/12/2026,Red,In progress,\n\
    2,Falls not recorded within the hour,Be more careful about falls,Priya,01/10/2026,Amber,Open,\n\
    3,Menus out of date,Print the menus of the week,The cook,,Green,Open,\n\
    4,Fire door wedged,Fit closers to 3 fire doors,Priya Nair,01/09/2026,Red,Complete,28/08/2026\n\
    5,No review dates,Add review dates,Priya Nair,soon,Amber,Open,\n";

/// The screen in both sizes and schemes.
fn looked_at(browser: &Browser<'_>, name: &str) {
    let faults = inspect(browser, name);
    if !faults.is_empty() {
        browser.fail(&faults.join("\n  "));
    }
    browser.look(1280, 900, Scheme::Light);
}

#[test]
fn a_tracker_is_brought_and_taken_back() {
    let stage = Stage::open("import", "2026-11-16 09:00");
    let browser = stage.browser(Script::On);
    browser.desk("quality");
    browser.visit("findings");
    browser.follow("Import a spreadsheet");
    browser.press("Read the file");
    browser.see("Choose a file");
    browser.upload_in("", "Spreadsheet", &[&stage.file("plan.csv", TRACKER.as_bytes())]);
    browser.press("Read the file");
    browser.see_all(&["Which row has the headings?", "Row 2: Ref, Issue identified"]);
    looked_at(&browser, "import-sheet");
    browser.press("Go on to columns");
    browser.see_all(&["C: Action required", "Add a maximum dose"]);
    browser.press("Go on to words");
    browser.see("Choose the service the tracker is about");
    looked_at(&browser, "import-columns");
    browser.select("Service", "Rowan House");
    browser.press("Go on to words");
    browser.see_all(&["What do the words mean?", "The cook"]);
    looked_at(&browser, "import-words");
    browser.press("Look through all rows");
    browser.see_all(&[
        "E7 says “soon”, which is no date",
        "D5 says “The cook”, who was matched with nobody",
        "Import 4 rows",
    ]);
    looked_at(&browser, "import-check");
    browser.press("Import 4 rows");
    browser.see("It waits for its turn");
    looked_at(&browser, "import-waits");
    stage.do_jobs();
    browser.follow("Look again");
    browser.see_all(&["What came of it", "Undo this import"]);
    looked_at(&browser, "import-done");
    browser.follow("What it says was closed before Throughline");
    browser.see_all(&["Fit closers to 3 fire doors", "counted in no figure"]);
    looked_at(&browser, "import-earlier");
    browser.visit("imports");
    looked_at(&browser, "import-list");
    browser.follow("plan.csv");
    browser.press("Undo this import");
    stage.do_jobs();
    browser.follow("Look again");
    browser.see("Undone");
    browser.visit("findings");
    browser.miss("No maximum dose on PRN charts");
}
