//! Evidence packs as files: how one is laid out, written and verified. What stands in one is put together by
//! `workflow/pack`; `docs/packs.md` tells the format to whoever wants to check a pack with a program of their own.

/// The ZIP file.
pub mod container;
/// What a pack holds, and the seal over it.
pub mod manifest;
/// Papers as pages that open without a server.
pub mod page;
/// Whether a pack is as it was made.
pub mod verify;

/// The program inside every pack that verifies it, for whoever has Python.
pub const VERIFIER: &str = include_str!("verify.py");
