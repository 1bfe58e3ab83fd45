//! Work that is left for the worker because it takes longer than a page may.

use super::text_enum::text_enum;

text_enum! {
    /// What is to be done. A kind is added here, and in `worker::jobs::run`, which says what doing it means.
    pub enum JobKind {
        /// A spreadsheet is brought in.
        Import => "import", "Import";
        /// An import is undone.
        UndoImport => "undo_import", "Undoing an import";
    }
}

text_enum! {
    /// How a job stands.
    pub enum JobState {
        /// It waits, or somebody is at it.
        Waiting => "waiting", "Waiting";
        /// It is done.
        Done => "done", "Done";
        /// It was not done, and says why.
        Failed => "failed", "Not done";
    }
}

/// How often a job is tried that fails without a reason of its own, or takes the program down with it.
pub const TRIES: i32 = 3;

#[cfg(test)]
mod tests {
    use super::super::text_enum::assert_words;
    use super::*;

    #[test]
    fn words_are_kept() {
        assert_words::<JobKind>();
        assert_words::<JobState>();
    }
}
