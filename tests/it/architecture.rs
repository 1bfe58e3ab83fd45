//! The promises of docs/architecture.md that the source itself can show. Each check is a function over one file's path
//! and text, is run over the whole tree, and is shown to be able to fail on a snippet that breaks the promise.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The most lines of a file before its tests.
const MOST_LINES: usize = 400;

type Check = fn(&str, &str) -> Vec<String>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` whose name ends in `.ending`: path from the root, text.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(), text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "nothing in {folder}: the checks would pass on air");
    found
}

/// The text before the tests at its end.
fn before_tests(text: &str) -> &str {
    let mut from = 0;
    while let Some(at) = text[from..].find("#[cfg(test)]") {
        let rest = &text[from + at + "#[cfg(test)]".len()..];
        // other attributes and comments may stand between
        let lead = |line: &&str| !(line.is_empty() || line.starts_with("#[") || line.starts_with("//"));
        let line = rest.lines().map(str::trim).find(lead).unwrap_or("");
        let module = line.starts_with("mod ") || (line.starts_with("pub") && line.contains(" mod "));
        if module && line.ends_with('{') {
            return &text[..from + at];
        }
        from += at + 1;
    }
    text
}

/// What the compiler sees outside tests: no comments.
fn code(text: &str) -> String {
    before_tests(text)
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether `word` stands in `text` as a word of its own.
fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !(before.is_some_and(part) || after.is_some_and(part))
    })
}

fn run(files: &[(String, String)], check: Check) {
    let wrong: Vec<String> = files.iter().flat_map(|(path, text)| check(path, text)).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Files that only tests compile: named after `#[cfg(test)]` in the file above them.
fn only_for_tests(sources: &[(String, String)]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, text) in sources {
        for (at, mark) in text.match_indices("#[cfg(test)]\n") {
            let line = text[at + mark.len()..].lines().next().unwrap_or("").trim();
            let name = line.trim_start_matches("pub ").strip_prefix("mod ").and_then(|l| l.strip_suffix(';'));
            if let Some(name) = name {
                let folder = match path.strip_suffix("/mod.rs") {
                    Some(folder) => folder.to_owned(),
                    None => path.trim_end_matches(".rs").to_owned(),
                };
                found.insert(format!("{folder}/{name}.rs"));
                found.insert(format!("src/{name}.rs"));
            }
        }
    }
    found
}

fn sources() -> Vec<(String, String)> {
    let all = files("src", "rs");
    let tests = only_for_tests(&all);
    all.into_iter().filter(|(path, _)| !tests.contains(path)).collect()
}

// --- layers ----------------------------------------------------------------------------------------------------------

/// What a folder may not name. `domain` is pure: no async, SQL, HTTP, clock, files, network.
fn layers(path: &str, text: &str) -> Vec<String> {
    const ADAPTER: &[&str] = &["crate::store", "crate::http", "crate::workflow", "crate::worker"];
    let forbidden: &[&[&str]] = match path.split('/').nth(1) {
        Some("domain") => &[
            ADAPTER,
            &[
                "async",
                ".await",
                "sqlx",
                "axum",
                "tokio",
                "askama",
                "crate::app",
                "crate::clock",
                "crate::config",
            ],
            &["crate::auth", "crate::mail", "crate::files", "crate::database", "crate::error"],
            &["Utc::now", "Local::now", "Instant::now", "SystemTime", "std::fs", "std::net", "std::env"],
        ],
        Some("store") => {
            &[&["crate::http", "crate::workflow", "crate::worker", "crate::app", "axum", "askama"]]
        }
        Some("workflow") => &[&["crate::http", "crate::worker", "axum", "askama"]],
        Some("worker") => &[&["crate::http", "axum"]],
        Some("mail" | "files" | "auth" | "report" | "picture" | "sheet" | "pack") => {
            &[ADAPTER, &["crate::app"]]
        }
        Some("database") => &[ADAPTER, &["crate::app", "crate::domain"]],
        _ => &[],
    };
    let code = code(text);
    let names = forbidden.iter().copied().flatten().filter(|word| match word.starts_with('.') {
        true => code.contains(**word),
        false => has_word(&code, word),
    });
    names.map(|word| format!("{path} names {word}, which its layer may not")).collect()
}

#[test]
fn each_layer_names_only_what_is_below_it() {
    run(&sources(), layers);
    for (path, snippet) in [
        ("src/domain/closure.rs", "use crate::store::TenantTx;"),
        ("src/domain/closure.rs", "pub async fn gate() {}"),
        ("src/domain/closure.rs", "let now = chrono::Utc::now();"),
        ("src/domain/closure.rs", "sqlx::query(\"\")"),
        ("src/store/closure.rs", "use crate::http::page;"),
        ("src/workflow/closure.rs", "crate::http::banner::Done"),
        ("src/files/store.rs", "use crate::store::Db;"),
        ("src/worker/mod.rs", "use axum::Router;"),
    ] {
        assert_eq!(layers(path, snippet).len(), 1, "{path}: {snippet}");
    }
    assert_eq!(layers("src/domain/a.rs", "// no sqlx here\nlet asynchronous = 1;"), [""; 0]);
}

// --- SQL -------------------------------------------------------------------------------------------------------------

/// SQL stands in `store/`, and in `database/` for plumbing.
fn sql_has_its_place(path: &str, text: &str) -> Vec<String> {
    if path.starts_with("src/store/") || path.starts_with("src/database/") {
        return Vec::new();
    }
    let code = code(text);
    let macros =
        ["query!", "query_as!", "query_scalar!", "query_file!", "query_file_as!", "query_file_scalar!"];
    let calls = ["sqlx::query", "raw_sql", "AssertSqlSafe", "PgPool::connect", "PgConnection"];
    let words = ["SELECT ", "INSERT INTO ", "DELETE FROM ", " SET LOCAL "];
    let all = macros.iter().chain(&calls).chain(&words);
    all.filter(|mark| code.contains(**mark)).map(|mark| format!("{path} has SQL: {mark}")).collect()
}

#[test]
fn sql_stands_in_the_store() {
    run(&sources(), sql_has_its_place);
    for snippet in [
        "sqlx::query!(\"UPDATE a\")",
        "let q = \"SELECT 1\";",
        "raw_sql(\"x\")",
        "tx.execute(\"DELETE FROM a\")",
    ] {
        assert_ne!(sql_has_its_place("src/http/finding.rs", snippet), [""; 0], "{snippet}");
    }
    assert_eq!(sql_has_its_place("src/http/finding.rs", "// SELECT 1\nfn select() {}"), [""; 0]);
}

/// One function of a file: its name, its signature, its body.
struct Function {
    name: String,
    public: bool,
    signature: String,
    body: String,
}

/// The functions of a file, found by their first words; good enough for formatted source.
fn functions(text: &str) -> Vec<Function> {
    let code = code(text);
    let mut starts: Vec<usize> = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let line = code[..at].rfind('\n').map_or(0, |n| n + 1);
        let lead = code[line..at].trim();
        if lead
            .split_whitespace()
            .all(|w| w.starts_with("pub") || ["in", "async", "const"].contains(&w) || w.ends_with(')'))
        {
            starts.push(line);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([code.len()]);
    starts.iter().zip(ends).map(|(start, end)| function(&code[*start..end])).collect()
}

fn function(text: &str) -> Function {
    let (signature, body) = text.split_once('{').unwrap_or((text, ""));
    let name = signature.split_once("fn ").map_or("", |(_, rest)| rest);
    let name = name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or("").to_owned();
    let public = signature.trim_start().starts_with("pub");
    Function { name, public, signature: signature.to_owned(), body: body.to_owned() }
}

/// Every public function of the store that waits for the database takes a transaction. The exceptions open one, or
/// ask what holds for no provider.
fn store_takes_a_transaction(path: &str, text: &str) -> Vec<String> {
    const OPENS: &[&str] = &[
        "ping",
        "difference",
        "close",
        "begin",
        "begin_long",
        "commit",
        "rollback",
        "open_session",
        "open_reading",
    ];
    let system = [
        "src/store/system.rs",
        "src/store/codes.rs",
        "src/store/session.rs",
        "src/store/tenant_tx.rs",
        "src/store/mod.rs",
        "src/store/sample.rs",
    ];
    if !path.starts_with("src/store/") {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for f in functions(text).iter().filter(|f| f.public && f.signature.contains("async fn")) {
        let takes = ["&mut TenantTx", "&mut SystemTx"].iter().any(|tx| f.signature.contains(tx));
        if !takes && !OPENS.contains(&f.name.as_str()) {
            wrong.push(format!("{path}: {} takes no transaction", f.name));
        }
    }
    if !system.contains(&path) && has_word(&code(text), "SystemTx") {
        wrong.push(format!("{path} uses the transaction that sees every provider"));
    }
    wrong
}

#[test]
fn functions_of_the_store_take_a_transaction() {
    run(&sources(), store_takes_a_transaction);
    let bad = "pub async fn list(pool: &PgPool) -> X {\n}\n";
    assert_eq!(store_takes_a_transaction("src/store/finding.rs", bad).len(), 1);
    let bad = "pub async fn list(\n    tx: &mut SystemTx,\n) -> X {\n}\n";
    assert_eq!(store_takes_a_transaction("src/store/finding.rs", bad).len(), 1);
    let good = "pub async fn list(\n    tx: &mut TenantTx,\n) -> X {\n}\nfn word() {}";
    assert_eq!(store_takes_a_transaction("src/store/finding.rs", good), [""; 0]);
}

// --- pages read, workflows write -------------------------------------------------------------------------------------

/// The functions of the store that change rows, by module: those with a writing statement, or that call one.
fn writers(store: &[(String, String)]) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in store.iter().filter(|(path, _)| path.starts_with("src/store/")) {
        let module = path.trim_start_matches("src/store/").trim_end_matches(".rs").trim_end_matches("/mod");
        let module = module.split('/').next_back().unwrap().to_owned();
        let all = functions(text);
        let mut names: BTreeSet<String> = BTreeSet::new();
        loop {
            let before = names.len();
            for f in &all {
                let body = f.body.replace("FOR UPDATE", "").replace("FOR NO KEY UPDATE", "");
                let writes = ["INSERT INTO", "UPDATE ", "DELETE FROM", "append_event"];
                let calls =
                    names.iter().any(|name| has_word(&body, name) && body.contains(&format!("{name}(")));
                if writes.iter().any(|w| body.contains(w)) || calls {
                    names.insert(f.name.clone());
                }
            }
            if names.len() == before {
                break;
            }
        }
        if !names.is_empty() {
            found.insert(module, names);
        }
    }
    found
}

/// A page reads through the store and changes things through a workflow.
fn pages_only_read(path: &str, text: &str, writers: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    if !path.starts_with("src/http/") {
        return Vec::new();
    }
    let code = code(text);
    let mut wrong = Vec::new();
    if code.contains(".record(Event") {
        wrong.push(format!("{path} writes into the trail"));
    }
    // modules of the store by the names this file has for them
    let flat = code.replace('\n', " ");
    let imported = |module: &str| {
        flat.split("use ")
            .skip(1)
            .filter_map(|u| u.split(';').next())
            .any(|u| u.trim_start().starts_with("crate::store") && has_word(u, module))
    };
    for (module, names) in writers {
        for name in names {
            let short = format!("{module}::{name}(");
            let full = format!("store::{module}::{name}(");
            if code.contains(&full) || (imported(module) && code.contains(&short)) {
                wrong.push(format!("{path} changes rows by {module}::{name}"));
            }
        }
    }
    wrong
}

#[test]
fn pages_change_nothing_by_themselves() {
    let sources = sources();
    let writers = writers(&sources);
    for (module, name) in
        [("action", "insert"), ("member", "end"), ("session", "end"), ("system", "change_password")]
    {
        assert!(writers[module].contains(name), "{module}::{name} writes");
    }
    assert!(!writers["system"].contains("own_places"), "reading is not writing");
    let wrong: Vec<_> =
        sources.iter().flat_map(|(path, text)| pages_only_read(path, text, &writers)).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    for snippet in [
        "use crate::store::{member, provider};\nasync fn x() { member::end(&mut tx, id).await?; }",
        "async fn x() { crate::store::member::end(&mut tx, id).await?; }",
        "tx.record(Event::of_provider(EventKind::MemberLeft));",
    ] {
        assert_eq!(pages_only_read("src/http/member.rs", snippet, &writers).len(), 1, "{snippet}");
    }
    let through = "use crate::workflow::member;\nasync fn x() { member::end(&app, id).await?; }";
    assert_eq!(pages_only_read("src/http/member.rs", through, &writers), [""; 0]);
}

/// Features do not know of each other: each can be read, changed or taken out alone.
fn features_are_apart(path: &str, text: &str, features: &BTreeSet<String>) -> Vec<String> {
    let Some(own) = feature_of(path) else { return Vec::new() };
    let code = code(text);
    let flat = code.replace('\n', " ");
    let others = features.iter().filter(|other| **other != own && own != "mod");
    others
        .filter(|other| {
            let direct = has_word(&code, &format!("http::{other}"));
            let listed = flat
                .split("use ")
                .skip(1)
                .filter_map(|u| u.split(';').next())
                .any(|u| u.trim_start().starts_with("crate::http::{") && has_word(u, other));
            direct || listed
        })
        .map(|other| format!("{path} names the feature {other}"))
        .collect()
}

/// The feature a file of `http` belongs to: its name, or its folder's.
fn feature_of(path: &str) -> Option<String> {
    let rest = path.strip_prefix("src/http/")?;
    Some(rest.split('/').next()?.trim_end_matches(".rs").to_owned())
}

#[test]
fn features_do_not_import_each_other() {
    let sources = sources();
    let has_routes = |(path, text): &&(String, String)| {
        path.starts_with("src/http/") && text.contains("pub fn routes() -> Routes")
    };
    let features: BTreeSet<String> =
        sources.iter().filter(has_routes).filter_map(|(p, _)| feature_of(p)).collect();
    assert!(features.contains("account") && features.contains("sign_in"), "{features:?}");
    let wrong: Vec<_> = sources.iter().flat_map(|(p, t)| features_are_apart(p, t, &features)).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    for snippet in ["use crate::http::sign_in::Wanted;", "use crate::http::{page, sign_in};"] {
        assert_eq!(features_are_apart("src/http/account.rs", snippet, &features).len(), 1, "{snippet}");
    }
}

// --- templates -------------------------------------------------------------------------------------------------------

/// Nothing is printed unescaped, and nothing inline that the content security policy would refuse. Mail has no such
/// policy and needs its styles inline, but escapes alike.
fn templates_are_plain(path: &str, text: &str) -> Vec<String> {
    let mut lower = text.to_lowercase();
    while let (Some(open), Some(close)) = (lower.find("{#"), lower.find("#}")) {
        if close < open {
            break;
        }
        lower.replace_range(open..close + 2, "");
    }
    let tight = lower.replace(' ', "");
    let mut wrong: Vec<String> = ["|safe", "|escape(", "|e(", "{%autoescape", "markupsafe"]
        .iter()
        .filter(|mark| tight.contains(**mark))
        .map(|mark| format!("{path} prints without escaping: {mark}"))
        .collect();
    if path.contains("/mail/") {
        return wrong;
    }
    let handler = |attribute: &str| {
        let name = attribute.split('=').next().unwrap_or("");
        attribute.contains('=')
            && name.len() > 3
            && name.starts_with("on")
            && name.bytes().all(|b| b.is_ascii_lowercase())
    };
    if lower.split(|c: char| c.is_whitespace() || c == '<').any(handler) {
        wrong.push(format!("{path} has an inline handler"));
    }
    for mark in ["<style", " style=", "javascript:"] {
        if lower.contains(mark) {
            wrong.push(format!("{path} has {mark} in it"));
        }
    }
    if lower.split("<script").skip(1).any(|tag| !tag.split('>').next().unwrap_or("").contains("src=")) {
        wrong.push(format!("{path} has an inline script"));
    }
    wrong
}

#[test]
fn templates_have_nothing_inline_and_nothing_unescaped() {
    run(&files("templates", "html"), templates_are_plain);
    for snippet in [
        "{{ what|safe }}",
        "{{ what | safe }}",
        "{% autoescape false %}",
        "{{ what|escape(\"none\") }}",
        "<script>alert(1)</script>",
        "<style>a{}</style>",
        "<p style=\"color:red\">",
        "<a onclick=\"x()\">",
        "<a href=\"javascript:x()\">",
    ] {
        assert_eq!(templates_are_plain("templates/finding/show.html", snippet).len(), 1, "{snippet}");
    }
    assert_eq!(
        templates_are_plain("templates/a.html", "<script src=\"/x.js\"></script><p class=\"once\">"),
        [""; 0]
    );
}

/// Askama knows `safe` in Rust too: only what is itself a template, escaped when it was drawn, may be called so.
fn nothing_is_marked_safe(path: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let mut wrong: Vec<String> = ["MarkupDisplay", "filters::Safe", "escape = \"none\""]
        .iter()
        .filter(|mark| code.contains(**mark))
        .map(|mark| format!("{path}: {mark}"))
        .collect();
    for (at, mark) in code.match_indices("HtmlSafe for ") {
        let name = code[at + mark.len()..].split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
        let drawn = ["struct", "enum"].iter().any(|kind| {
            code.split(&format!("{kind} {name}")).next().is_some_and(|before| {
                before.len() < code.len()
                    && before.rfind("#[template(").is_some_and(|t| !before[t..].contains('}'))
            })
        });
        if !drawn {
            wrong.push(format!("{path} calls {name} safe, which is no template"));
        }
    }
    wrong
}

#[test]
fn nothing_is_marked_safe_in_rust() {
    run(&sources(), nothing_is_marked_safe);
    assert_eq!(
        nothing_is_marked_safe("src/http/a.rs", "struct Name(String);\nimpl HtmlSafe for Name {}").len(),
        1
    );
    let piece = "#[derive(Template)]\n#[template(path = \"x.html\")]\nstruct Name { a: u8 }\nimpl HtmlSafe for Name {}";
    assert_eq!(nothing_is_marked_safe("src/http/a.rs", piece), [""; 0]);
}

// --- size and lints --------------------------------------------------------------------------------------------------

fn files_are_short(path: &str, text: &str) -> Vec<String> {
    let lines = before_tests(text).lines().count();
    if lines > MOST_LINES { vec![format!("{path} has {lines} lines before its tests")] } else { Vec::new() }
}

#[test]
fn files_are_at_most_400_lines_long_before_their_tests() {
    run(&sources(), files_are_short);
    let tests = "#[cfg(test)]\nmod tests {\n";
    assert_eq!(files_are_short("src/a.rs", &"x\n".repeat(401)).len(), 1);
    let shared = "#[cfg(test)]\n#[expect(dead_code, reason = \"x\")]\npub(super) mod tests {\n".to_owned();
    assert_eq!(files_are_short("src/a.rs", &(shared + &"x\n".repeat(401))), [""; 0]);
    assert_eq!(
        files_are_short("src/a.rs", &format!("{}{tests}{}", "x\n".repeat(400), "x\n".repeat(900))),
        [""; 0]
    );
    assert_eq!(files_are_short("src/a.rs", &format!("#[cfg(test)]\nmod a;\n{}", "x\n".repeat(400))).len(), 1);
}

/// The compiler's own checks are switched on, and nothing switches them off in passing.
fn lints_stay_on(path: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let marks = ["#[allow(", "#![allow(", "unsafe {", "unsafe fn"];
    marks.iter().filter(|mark| code.contains(**mark)).map(|mark| format!("{path}: {mark}")).collect()
}

#[test]
fn the_lints_are_on_and_stay_on() {
    let cargo = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let clippy = std::fs::read_to_string(root().join("clippy.toml")).unwrap();
    for line in [
        "unsafe_code = \"forbid\"",
        "unwrap_used = \"deny\"",
        "expect_used = \"deny\"",
        "panic = \"deny\"",
        "indexing_slicing = \"deny\"",
        "allow_attributes = \"deny\"",
        "too_many_lines = \"warn\"",
    ] {
        assert!(cargo.contains(line), "Cargo.toml lacks {line}");
    }
    assert!(clippy.contains("too-many-lines-threshold = 60"));
    for door in [
        "chrono::Utc::now",
        "chrono::Local::now",
        "axum::extract::Form",
        "axum::extract::Path",
        "axum::extract::Query",
    ] {
        assert!(clippy.contains(door), "clippy.toml lets {door} in");
    }
    let check = std::fs::read_to_string(root().join(".ci/queries")).unwrap();
    assert!(check.contains("-D warnings"), "a warning must fail the build");
    run(&sources(), lints_stay_on);
    assert_eq!(lints_stay_on("src/a.rs", "#[allow(dead_code)]\nfn a() {}").len(), 1);
}

#[test]
fn the_checks_read_real_files() {
    assert!(sources().len() > 60);
    assert!(Path::new(&root().join("src/domain/closure.rs")).exists());
    assert!(functions("pub async fn a(x: u8) -> u8 {\n    b()\n}\n\nfn b() {}\n").len() == 2);
}

/// Free text is where people who use the service would be named, so every such field says not to.
#[test]
fn every_free_text_field_says_not_to_name_people() {
    let mut silent = Vec::new();
    let mut fields = 0;
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/templates"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                // the fields themselves, and what a person says about their own account
                if !name.ends_with("/macros") && !name.ends_with("/account") {
                    folders.push(path);
                }
                continue;
            }
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                // secrets, and what somebody signs in with or is written to at, are no free text
                let kinds = ["name", "email", "password"].map(|kind| format!("kind=\"{kind}\""));
                let free = !kinds.iter().any(|kind| line.contains(kind));
                let written =
                    free && (line.contains("form::textarea(draft") || line.contains("form::text(draft"));
                if written && !line.contains("\"score\"") {
                    fields += 1;
                    if !line.contains("Do not name people who use the service.") {
                        silent.push(format!("{name}: {line}"));
                    }
                }
            }
        }
    }
    assert!(fields > 20, "only {fields} fields were looked at");
    assert_eq!(silent, [""; 0]);
}
