//! Rebuilds the embedded migrations when a file is added to the folder (the compiler only watches those it knows).
fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
