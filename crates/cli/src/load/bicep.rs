//! Bicep files, compiled by the user's own compiler: `bicep`, or the one that `az` brings.
//!
//! Here: which program, how it is run and ended, what it says. Not here: Bicep, the language. Positions in what Azure would
//! refuse are positions in the compiled JSON, and say so; the compiler's own complaints keep theirs.

mod child;

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use self::child::{Ended, Output, run};
use super::text_of;
use crate::errors::{CliError, Located};
use crate::output::complain;

/// Modules may have to be fetched from a registry first.
const PATIENCE: Duration = Duration::from_mins(2);

/// What `bicep build-params --stdout` prints: documents as texts. One that is of no template, or of a template spec, has no
/// template in it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuiltParameters {
    parameters_json: String,
    template_json: Option<String>,
}

/// What a file is to the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// `.bicep`
    Template,
    /// `.bicepparam`
    Parameters,
}

impl Source {
    /// By the end of its name.
    fn of(path: &Path) -> Option<Self> {
        let end = path.extension()?.to_str()?;
        if end.eq_ignore_ascii_case("bicep") {
            Some(Self::Template)
        } else if end.eq_ignore_ascii_case("bicepparam") {
            Some(Self::Parameters)
        } else {
            None
        }
    }
}

/// Whether a file gives parameters and names the template that they are for.
pub(super) fn names_its_template(path: &Path) -> bool {
    Source::of(path) == Some(Source::Parameters)
}

/// The name under which places in what became of a file are shown.
pub(super) fn shown(path: &Path) -> String {
    match Source::of(path) {
        None => path.display().to_string(),
        Some(_) => format!("{} (compiled)", path.display()),
    }
}

/// A template as JSON: what the file holds, or what the compiler makes of it.
pub(super) fn template_of(path: &Path) -> Result<String, CliError> {
    match Source::of(path) {
        None => text_of(path),
        Some(Source::Template) => compiled(path, "build"),
        Some(Source::Parameters) => built(path)?.template_json.ok_or_else(|| {
            CliError::failed(format!("`{}` is for no template that lies here", path.display()))
                .with_hint("name the template, and this file with `--parameters`")
        }),
    }
}

/// Parameters as JSON: what the file holds, or what the compiler makes of it.
pub(super) fn parameters_of(path: &Path) -> Result<String, CliError> {
    match Source::of(path) {
        None => text_of(path),
        Some(Source::Parameters) => Ok(built(path)?.parameters_json),
        Some(Source::Template) => {
            Err(CliError::failed(format!("`{}` is a template, not a parameter file", path.display()))
                .with_hint("parameters in Bicep stand in a `.bicepparam` file"))
        }
    }
}

fn built(path: &Path) -> Result<BuiltParameters, CliError> {
    let stdout = compiled(path, "build-params")?;
    serde_json::from_str(&stdout).map_err(|error| {
        CliError::caused_by(format!("the compiler printed no parameters for `{}`", path.display()), error)
            .with_hint("`az bicep upgrade`, or a newer `bicep`: version 0.22 is the first that prints them")
    })
}

/// What the first compiler that is there prints: `bicep` itself, before `az`, which starts slowly and may download one.
fn compiled(path: &Path, verb: &str) -> Result<String, CliError> {
    // A wrong path is told as any other, whatever is installed.
    text_of(path)?;
    for compiler in [Compiler::Bicep, Compiler::Az] {
        match run(compiler.command(verb, path), PATIENCE) {
            Err(Ended::Failed(error)) if error.kind() == ErrorKind::NotFound => {}
            Err(ended) => return Err(compiler.gave_up(path, ended)),
            Ok(output) => return compiler.heard(path, output),
        }
    }
    Err(CliError::failed(format!("`{}` is Bicep, and no compiler is installed", path.display())).with_hint(
        "install `bicep` (https://aka.ms/bicep-install) or the Azure CLI, where it is on the PATH; or give the JSON that \
         `bicep build` makes of it elsewhere",
    ))
}

/// A program that compiles, found on the `PATH`.
#[derive(Debug, Clone, Copy)]
enum Compiler {
    Bicep,
    Az,
}

impl Compiler {
    fn name(self) -> &'static str {
        match self {
            Self::Bicep => "bicep",
            Self::Az => "az bicep",
        }
    }

    fn command(self, verb: &str, path: &Path) -> Command {
        let mut command;
        match self {
            Self::Bicep => {
                command = Command::new("bicep");
                command.args([verb, "--stdout"]);
            }
            Self::Az => {
                command = Command::new(if cfg!(windows) { "az.cmd" } else { "az" });
                // Whether there is a newer compiler is nobody's question now.
                command.env("AZURE_BICEP_CHECK_VERSION", "false");
                command.args(["bicep", verb, "--stdout", "--file"]);
            }
        }
        command.arg(path);
        command
    }

    fn heard(self, path: &Path, output: Output) -> Result<String, CliError> {
        let said: Vec<Said<'_>> = output.stderr.lines().filter_map(Said::read).collect();
        for warning in said.iter().filter(|said| !said.error) {
            complain(&format!("bicep: {}", warning.whole));
        }
        if output.success {
            return Ok(output.stdout);
        }
        let errors: Vec<Located> =
            said.iter().filter(|said| said.error).map(|said| said.located(path)).collect();
        if !errors.is_empty() {
            return Err(CliError::Located(errors));
        }
        let says = output.stderr.trim();
        let says = if says.is_empty() { "it does not say why" } else { says };
        Err(CliError::failed(format!("`{}` cannot compile `{}`: {says}", self.name(), path.display())))
    }

    fn gave_up(self, path: &Path, ended: Ended) -> CliError {
        let (name, path) = (self.name(), path.display());
        match ended {
            Ended::Interrupted => CliError::Interrupted,
            Ended::TooLong => {
                CliError::failed(format!("`{name}` did not compile `{path}` in {} s", PATIENCE.as_secs()))
                    .with_hint("it fetches modules of registries first: try `bicep restore` by hand")
            }
            Ended::Failed(error) => CliError::caused_by(format!("cannot run `{name}`"), error)
                .with_hint("try it by hand: `bicep --version`, `az bicep version`"),
        }
    }
}

/// One line of the compiler: `FILE(LINE,COLUMN) : Error BCP062: MESSAGE [LINK]`.
#[derive(Debug, PartialEq, Eq)]
struct Said<'a> {
    /// All of it.
    whole: &'a str,
    file: &'a str,
    line: usize,
    column: usize,
    error: bool,
    message: &'a str,
    page: Option<&'a str>,
}

impl<'a> Said<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let whole = line.trim().trim_start_matches("ERROR: ").trim_start_matches("WARNING: ");
        let (place, rest) = whole.split_once(") : ")?;
        let (file, place) = place.rsplit_once('(')?;
        let mut numbers = place.split(',').map(str::parse::<usize>);
        let (line, column) = (numbers.next()?.ok()?, numbers.next().and_then(Result::ok).unwrap_or(1));
        let (level, text) = rest.split_once(' ')?;
        let (message, page) = match text.rsplit_once(" [") {
            Some((before, page)) if page.starts_with("http") => (before, page.strip_suffix(']')),
            _ => (text, None),
        };
        Some(Self { whole, file, line, column, error: level == "Error", message, page })
    }

    /// The file as the user named it, where it is that one; modules keep the compiler's name for them.
    fn located(&self, path: &Path) -> Located {
        let is_it = path.canonicalize().is_ok_and(|path| path == Path::new(self.file));
        let file = if is_it { path.display().to_string() } else { self.file.to_owned() };
        let text = std::fs::read(self.file).or_else(|_| std::fs::read(path)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let start: usize = text.split_inclusive('\n').take(self.line.saturating_sub(1)).map(str::len).sum();
        let rest = text[start..].lines().next().unwrap_or_default();
        let offset = rest.char_indices().nth(self.column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
        let word =
            rest[offset..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len() - offset);
        let begin = start + offset;
        Located {
            file,
            text,
            range: begin..begin + word.max(1),
            message: self.message.to_owned(),
            hint: self.page.map(|page| format!("see {page}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_compiler_says_is_read() {
        let read =
            |line| Said::read(line).map(|said| (said.line, said.column, said.error, said.message, said.page));
        assert_eq!(
            read(
                "/w/main.bicep(3,9) : Error BCP062: The \"x\" is (not) valid. [https://aka.ms/bicep/core#BCP062]"
            ),
            Some((3, 9, true, "BCP062: The \"x\" is (not) valid.", Some("https://aka.ms/bicep/core#BCP062")))
        );
        assert_eq!(
            read("WARNING: C:\\w (1)\\main.bicep(1,7) : Warning no-unused-params: Parameter \"a\" [b]"),
            Some((1, 7, false, "no-unused-params: Parameter \"a\" [b]", None))
        );
        for line in ["Build succeeded: 0 Warning(s), 0 Error(s)", "", "ERROR: no such command"] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn kinds_are_told_by_their_names() {
        for (name, kind) in [
            ("a/main.bicep", Some(Source::Template)),
            ("main.BicepParam", Some(Source::Parameters)),
            ("main.json", None),
            ("bicep", None),
        ] {
            assert_eq!(Source::of(Path::new(name)), kind, "{name}");
        }
    }
}
