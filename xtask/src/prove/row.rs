//! One thing that can be taken out.

/// A row of the table.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Its name: what the environment says when it is out. Unique.
    pub(super) key: String,
    /// The ids that it is a proof of: each needs a test of its own that turns red.
    pub(super) ids: Vec<String>,
    /// What is taken out, in words.
    pub(super) out: String,
    /// The file in which it lies.
    pub(super) file: String,
    /// How the copy's source changes.
    pub(super) edit: Edit,
}

/// A change of one place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    /// The file.
    pub(super) file: String,
    /// The exact text. It occurs once in the file.
    pub(super) from: String,
    /// What stands there in the copy. `{out}` is an expression that is true when the row is out.
    pub(super) to: String,
}

/// The variable that names what is out.
pub(super) const VARIABLE: &str = "LIFEBOAT_TAKEN_OUT";

impl Row {
    /// A row that is written down: ids separated by blanks, the file, the text and its replacement.
    pub(super) fn new(key: &str, ids: &str, out: &str, file: &str, from: &str, to: &str) -> Self {
        Self {
            key: key.to_owned(),
            ids: ids.split_whitespace().map(str::to_owned).collect(),
            out: out.to_owned(),
            file: file.to_owned(),
            edit: Edit {
                file: file.to_owned(),
                from: from.to_owned(),
                to: to.replace("{out}", &is_out(key)),
            },
        }
    }
}

/// An expression that is true when `key` is out.
fn is_out(key: &str) -> String {
    format!("(std::env::var_os({VARIABLE:?}).is_some_and(|key| key == {key:?}))")
}

/// An expression for the key that is out, as a `String`.
pub(super) fn what_is_out() -> String {
    format!("std::env::var({VARIABLE:?}).unwrap_or_default()")
}
