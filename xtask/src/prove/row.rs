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

/// A row as it is written down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    key: &'static str,
    ids: &'static str,
    out: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

impl Written {
    /// Key, ids separated by blanks, what is taken out, the file, the text and its replacement.
    pub(super) const fn new(
        key: &'static str,
        ids: &'static str,
        out: &'static str,
        file: &'static str,
        from: &'static str,
        to: &'static str,
    ) -> Self {
        Self { key, ids, out, file, from, to }
    }
}

impl Row {
    pub(super) fn of(written: Written) -> Self {
        let Written { key, ids, out, file, from, to } = written;
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
