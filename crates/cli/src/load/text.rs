//! Files as text, as `az` reads them: UTF-8, or UTF-16 with the mark that tells it. Anything else is refused, so that nothing
//! is written back that was never there.

use std::path::{Path, PathBuf};

use crate::errors::CliError;

/// A file that is no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoText {
    /// The first line that is none.
    line: usize,
    /// What can be read of it, for telling what the file was to be.
    pub(super) rest: String,
}

impl NoText {
    /// What is wrong, of a file.
    pub(super) fn says(&self) -> String {
        format!("line {} is not UTF-8", self.line)
    }
}

/// What to do about a file that is no text.
pub(super) const SAVE_IT_AS_UTF_8: &str = "save it as UTF-8: `az` takes no other, but UTF-16; `iconv -f windows-1252 -t utf-8` makes it of what old editors write";

/// Reads a file, or says which one cannot be read and what to do.
pub(crate) fn text_of(path: &Path) -> Result<String, CliError> {
    let bytes = std::fs::read(path).map_err(|error| {
        CliError::caused_by(format!("cannot read `{}`", path.display()), error).with_hint(advice(path))
    })?;
    decoded(bytes).map_err(|wrong| {
        CliError::failed(format!("cannot read `{}`: {}", path.display(), wrong.says()))
            .with_hint(SAVE_IT_AS_UTF_8)
    })
}

/// The text that bytes spell. A mark of UTF-8 stays: it is the file's.
pub(super) fn decoded(bytes: Vec<u8>) -> Result<String, NoText> {
    let wide = |read: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes[2..].as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| read(*pair)).collect();
        let text = String::from_utf16(&units).ok().filter(|_| rest.is_empty());
        text.ok_or_else(|| NoText { line: 1, rest: String::from_utf16_lossy(&units) })
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, ..] => wide(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8(bytes).map_err(|wrong| {
            let rest = String::from_utf8_lossy(wrong.as_bytes()).into_owned();
            let before = &rest[..wrong.utf8_error().valid_up_to()];
            NoText { line: before.matches('\n').count() + 1, rest }
        }),
    }
}

/// The same for showing: what is no text is a sign that says so.
pub(super) fn shown(bytes: Vec<u8>) -> String {
    decoded(bytes).unwrap_or_else(|wrong| wrong.rest)
}

/// What to do about a path that leads to nothing.
pub(super) fn advice(path: &Path) -> String {
    if path.file_name().is_some_and(|name| name == "lifeboat.yaml") {
        return "name a folder that holds `lifeboat.yaml`, a workload file, or an ARM template".to_owned();
    }
    if path.is_dir() {
        return format!("`{}` is a folder: name a file", path.display());
    }
    let folder = folder_of(path);
    if !folder.is_dir() {
        let meant =
            near(&folder).map_or_else(String::new, |near| format!("; did you mean `{}`?", near.display()));
        return format!("there is no folder `{}`{meant}", folder.display());
    }
    if path.exists() {
        return "check who may read it".to_owned();
    }
    near(path).map_or_else(
        || "check the path; paths inside a workload file are relative to that file".to_owned(),
        |near| format!("did you mean `{}`?", near.display()),
    )
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// What lies beside it under a name like it, or under the same with another end: `orders` is `orders.json`.
fn near(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_string_lossy();
    let entries = std::fs::read_dir(folder_of(path)).ok()?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).take(1000).collect();
    names.sort();
    let stem = |name: &str| Path::new(name).file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
    let is_readable = |name: &&String| {
        let end = Path::new(name).extension().unwrap_or_default().to_ascii_lowercase();
        ["json", "jsonc", "bicep", "bicepparam", "yaml", "yml"].iter().any(|known| end == *known)
    };
    let same =
        || names.iter().filter(is_readable).find(|name| stem(name) == stem(&wanted)).map(String::as_str);
    let found = lifeboat_arm::nearest(&wanted, names.iter().map(String::as_str)).or_else(same)?;
    Some(path.with_file_name(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_and_marked_utf_16_are_text() {
        let little: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain("é→🚤".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let big: Vec<u8> =
            [0xFE, 0xFF].into_iter().chain("é→🚤".encode_utf16().flat_map(u16::to_be_bytes)).collect();
        for (bytes, wanted) in [
            ("é→🚤".as_bytes().to_vec(), Ok("é→🚤")),
            (b"\xEF\xBB\xBFa".to_vec(), Ok("\u{feff}a")),
            (little.clone(), Ok("é→🚤")),
            (big, Ok("é→🚤")),
            (Vec::new(), Ok("")),
            (b"a\nb\xE9\n".to_vec(), Err(2)),
            (little[..3].to_vec(), Err(1)),
            (vec![0xFF, 0xFE, 0x00, 0xD8], Err(1)),
        ] {
            let text = decoded(bytes.clone()).map_err(|wrong| wrong.line);
            assert_eq!(text, wanted.map(str::to_owned), "{bytes:?}");
        }
    }
}
