//! A thousand ways to tamper with a pack, drawn by chance: all of them are found by whoever knows the hash of its seal, by the program
//! and by the script inside the pack alike.

use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use throughline::pack::container::{self, Writer};
use throughline::pack::manifest::{File, LINES, LeftOut, MANIFEST, Manifest, PROOF, SEAL, Seal, TEXTS, told};
use throughline::pack::verify::verify;

use super::{fetched, hash_of_seal, made, scene};
use crate::harness::TestDb;
use crate::harness::scratch::Scratch;

/// How many are tried.
const TRIES: usize = 1_000;
/// How many of them the script looks at as well.
const BY_SCRIPT: usize = 64;

type Entries = Vec<(String, Vec<u8>)>;

fn read(zip: &[u8]) -> Entries {
    container::read(zip, |_| true).unwrap().1
}

fn write(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = Writer::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.add(name, &content[..]).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn at<'a>(entries: &'a mut Entries, name: &str) -> &'a mut Vec<u8> {
    &mut entries.iter_mut().find(|(found, _)| found == name).unwrap().1
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Makes manifest and seal anew, as somebody would who wants the pack to fit together again.
fn made_anew(entries: &mut Entries, change: impl Fn(&mut Manifest)) {
    let mut manifest: Manifest = serde_json::from_slice(at(entries, MANIFEST)).unwrap();
    let others = entries.iter().filter(|(name, _)| name != MANIFEST && name != SEAL);
    manifest.files = others
        .map(|(path, content)| File {
            path: path.clone(),
            size: content.len() as u64,
            sha256: sha256(content),
        })
        .collect();
    change(&mut manifest);
    *at(entries, MANIFEST) = told(&manifest).unwrap();
    let seal: Seal = serde_json::from_slice(at(entries, SEAL)).unwrap();
    let mut line: Value = serde_json::from_str(&seal.line).unwrap();
    line["detail"]["manifest"] = sha256(at(entries, MANIFEST)).into();
    for (name, value) in [("head", &manifest.trail.head), ("tree", &manifest.trail.tree)] {
        line["detail"][name] = value.clone().into();
    }
    *at(entries, SEAL) = told(&Seal { line: line.to_string() }).unwrap();
}

/// The lines of an entry, changed in one of the ways lines can be.
fn lines(bytes: &[u8], way: usize, one: usize, other: usize) -> Vec<u8> {
    let mut rows: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (one, other) = (one % rows.len(), other % rows.len());
    match way % 4 {
        0 => {
            let other = if one == other { (one + 1) % rows.len() } else { other };
            rows.swap(one, other);
        }
        1 => drop(rows.remove(one)),
        2 => rows.insert(other, rows[one].clone()),
        _ => {
            let text = String::from_utf8(rows[one].clone()).unwrap();
            let changed = text.replacen("2026", "2025", 1);
            rows[one] =
                if changed == text { text.replacen("\"n\":", "\"n\":1", 1) } else { changed }.into_bytes();
        }
    }
    rows.concat()
}

/// One way of tampering: what it is, and the file after it.
fn tampered(zip: &[u8], (way, one, other, byte): (usize, usize, usize, u8)) -> (&'static str, Vec<u8>) {
    let mut entries = read(zip);
    let (count, byte) = (entries.len(), byte.max(1));
    let (first, second) = (one % count, other % count);
    match way {
        0 => {
            let mut bytes = zip.to_vec();
            bytes[one % zip.len()] ^= byte;
            ("a byte of the file", bytes)
        }
        1 => ("cut off", zip[..one % zip.len()].to_vec()),
        2 => ("something after the end", [zip, &[byte]].concat()),
        3 => {
            let content = &mut entries[first].1;
            let place = other % content.len().max(1);
            if content.is_empty() {
                content.push(byte)
            } else {
                content[place] ^= byte
            }
            ("a byte of an entry, packed again", write(&entries))
        }
        4 => {
            entries.remove(first);
            ("an entry taken out", write(&entries))
        }
        5 => {
            entries.insert(first, (format!("files/A-{other:04}.pdf"), vec![byte; 9]));
            ("an entry put in", write(&entries))
        }
        6 => {
            let second = if entries[first].1 == entries[second].1 { (first + 1) % count } else { second };
            let (a, b) = (entries[first].1.clone(), entries[second].1.clone());
            (entries[first].1, entries[second].1) = (b, a);
            ("two entries swapped", write(&entries))
        }
        7 => {
            entries[first].0 = format!("files/renamed-{other}");
            ("an entry renamed", write(&entries))
        }
        8 => {
            let moved = entries.remove(first);
            let to = if second == first { (first + 1) % count } else { second };
            entries.insert(to.min(entries.len()), moved);
            ("an entry in another place", write(&entries))
        }
        9 => {
            // a second entry under the same name, which no honest writer makes
            let name = entries[first].0.clone();
            let other = format!("{}x", &name[..name.len() - 1]);
            entries.push((other.clone(), vec![byte]));
            let bytes = write(&entries);
            let (from, to) = (other.as_bytes(), name.as_bytes());
            let mut found = bytes.clone();
            for place in 0..bytes.len() - from.len() {
                if &bytes[place..place + from.len()] == from {
                    found[place..place + from.len()].copy_from_slice(to);
                }
            }
            ("an entry that is there twice", found)
        }
        10 => {
            let changed = lines(at(&mut entries, LINES), one, other, usize::from(byte));
            *at(&mut entries, LINES) = changed;
            made_anew(&mut entries, |_| {});
            ("lines of the trail, manifest and seal made anew", write(&entries))
        }
        11 => {
            let changed = lines(at(&mut entries, TEXTS), one, other, usize::from(byte));
            *at(&mut entries, TEXTS) = changed;
            made_anew(&mut entries, |_| {});
            ("texts beside lines, manifest and seal made anew", write(&entries))
        }
        12 => {
            let mut proof: LeftOut = serde_json::from_slice(at(&mut entries, PROOF)).unwrap();
            let place = one % proof.left_out.len();
            proof.left_out[place] = sha256(&[byte]);
            *at(&mut entries, PROOF) = told(&proof).unwrap();
            made_anew(&mut entries, |manifest| manifest.trail.tree = sha256(&[byte]));
            ("the proof, manifest and seal made anew", write(&entries))
        }
        13 => {
            let first = entries.iter().position(|(name, _)| name.starts_with("files/")).unwrap();
            entries[first].1.push(byte);
            made_anew(&mut entries, |_| {});
            ("a file, manifest and seal made anew", write(&entries))
        }
        14 => {
            let mut seal: Seal = serde_json::from_slice(at(&mut entries, SEAL)).unwrap();
            seal.line = seal.line.replacen("\"at\"", "\"at\" ", 1 + usize::from(byte % 2));
            *at(&mut entries, SEAL) = told(&seal).unwrap();
            ("the seal", write(&entries))
        }
        _ => {
            let content = at(&mut entries, SEAL);
            content.push(b'\n');
            ("the entry of the seal, but not its line", write(&entries))
        }
    }
}

fn script(file: &std::path::Path, folder: &Scratch, hash: Option<&str>) -> (bool, String) {
    let mut command = Command::new("python3");
    command.arg("-I").arg(folder.path().join("verify.py")).arg(file);
    if let Some(hash) = hash {
        command.args(["--head", hash]);
    }
    let answer = command
        .output()
        .expect("python3 is missing: the script inside a pack cannot be tested. Run .ci/needs test");
    let said = [answer.stdout, answer.stderr].concat();
    (answer.status.success(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn a_thousand_tamperings_are_all_found() {
    let db = TestDb::new().await;
    let w = scene(&db).await;
    let id = made(&w, "manager").await;
    let (zip, hash) = (fetched(&w.browser("manager").await, id).await, hash_of_seal(&db, id).await);
    let folder = Scratch::new("tampering");
    let file = folder.path().join("pack.zip");
    std::fs::write(folder.path().join("verify.py"), throughline::pack::VERIFIER).unwrap();
    std::fs::write(&file, &zip).unwrap();
    assert_eq!(verify(&zip[..], Some(&hash)).unwrap().hash, hash);
    let (whole, said) = script(&file, &folder, Some(&hash));
    assert!(whole && said.contains("Intact") && said.contains("nothing was changed"), "{said}");
    let (whole, said) = script(&file, &folder, None);
    assert!(whole && said.contains("nothing is proved"), "{said}");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let chance = (any::<usize>(), any::<usize>(), any::<u8>());
    let (mut missed, mut found) = (Vec::new(), std::collections::BTreeSet::new());
    for n in 0..TRIES {
        let (one, other, byte) = chance.new_tree(&mut runner).unwrap().current();
        let (what, bytes) = tampered(&zip, (n % 16, one, other, byte));
        assert_ne!(bytes, zip, "{what} changed nothing");
        let sentence = match verify(&bytes[..], Some(&hash)) {
            Ok(_) => {
                missed.push(what);
                continue;
            }
            Err(fault) => fault.to_string(),
        };
        found.insert(format!("{what}: {}", sentence.split('.').next().unwrap()));
        if n < BY_SCRIPT {
            std::fs::write(&file, &bytes).unwrap();
            let (whole, said) = script(&file, &folder, Some(&hash));
            assert!(
                !whole && said.contains("NOT INTACT"),
                "{what}: the script said {said}, the program {sentence}"
            );
            assert!(
                said.contains(&sentence) || said.contains("is not what a pack holds there"),
                "{what}: the script said {said}, the program {sentence}"
            );
        }
    }
    assert_eq!(missed, [""; 0]);
    assert!(found.len() > 20, "{found:#?}");
}

/// Without the hash the parts of a forged pack fit, and that is what is said: nothing is proved.
#[tokio::test]
async fn a_pack_made_anew_is_found_out_by_its_hash_alone() {
    let db = TestDb::new().await;
    let w = scene(&db).await;
    let id = made(&w, "manager").await;
    let (zip, hash) = (fetched(&w.browser("manager").await, id).await, hash_of_seal(&db, id).await);
    let (_, forged) = tampered(&zip, (13, 0, 0, 1));
    let said = verify(&forged[..], None).unwrap().sentences().join(" ");
    assert!(said.contains("nothing is proved"), "{said}");
    let fault = verify(&forged[..], Some(&hash)).unwrap_err().to_string();
    assert!(fault.contains("made anew"), "{fault}");
}
