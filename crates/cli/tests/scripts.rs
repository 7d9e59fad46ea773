//! Scripts: command lines and what they must print, run against the built binary.
//!
//! Each `scripts/*.txt` is a story. `$ lifeboat …` is run in a fresh folder that holds a copy of `scripts/files`; then
//! come its stdout, its stderr after a line `(stderr)`, and its exit code as `(exit N)`. `...` alone stands for any lines.
//! Besides `lifeboat` there are
//!
//! * `$ interrupt lifeboat …`: the same, with Ctrl-C as soon as it shows progress;
//! * `$ parses lifeboat …`: stdout must be one JSON value, whose members are printed;
//! * `$ same A B`: two files are equal byte by byte; `$ list FOLDER`: its files.
//!
//! `LIFEBOAT_BLESS=1` writes what is printed into blocks without `...`.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[test]
fn every_script_prints_what_it_says() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&scripts)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 6, "the scripts are gone");
    let bless = std::env::var_os("LIFEBOAT_BLESS").is_some();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = paths.iter().map(|path| scope.spawn(|| script(path, bless))).collect();
        running.into_iter().flat_map(|running| running.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}\nLIFEBOAT_BLESS=1 takes what is printed\n", wrong.join("\n"));
}

/// The README's blocks that begin with a command line show what it prints, `…` standing for any lines.
#[test]
fn the_readme_shows_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut blessed = text.clone();
    let mut seen = 0;
    for block in text.split("```text\n$ lifeboat ").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        let (line, shown) = block.split_once('\n').unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let (printed, _, _) = run(&words, &root, false);
        let wanted: Vec<&str> =
            lines(shown).into_iter().map(|line| if line == "…" { "..." } else { line }).collect();
        seen += 1;
        if std::env::var_os("LIFEBOAT_BLESS").is_some() && !wanted.contains(&"...") {
            blessed = blessed.replace(block, &format!("{line}\n{}\n", printed.trim_end()));
        } else {
            assert!(matches(&wanted, &lines(&printed)), "$ lifeboat {line}\n{printed}");
        }
    }
    assert!(seen >= 2, "the README shows {seen} commands");
    if blessed != text {
        std::fs::write(&path, blessed).unwrap();
    }
}

/// Runs one script; gives what differs.
fn script(path: &Path, bless: bool) -> Vec<String> {
    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scripts").join(&name);
    drop(std::fs::remove_dir_all(&folder));
    copy(&path.with_file_name("files"), &folder);
    let text = std::fs::read_to_string(path).unwrap();
    let mut wrong = Vec::new();
    let mut blessed = String::new();
    let mut blocks = text.split("\n$ ");
    blessed.push_str(blocks.next().unwrap());
    for block in blocks {
        let (line, expected) = block.split_once('\n').unwrap_or((block, ""));
        let actual = perform(line, &folder);
        let expected = expected.trim_end();
        if !matches(&lines(expected), &lines(&actual)) {
            if bless && !lines(expected).contains(&"...") {
                write!(blessed, "\n$ {line}\n{actual}\n").unwrap();
                continue;
            }
            wrong.push(format!("--- {name}: $ {line}\nexpected:\n{expected}\n\nactual:\n{actual}\n"));
        }
        write!(blessed, "\n$ {line}\n{expected}\n").unwrap();
    }
    if bless {
        std::fs::write(path, blessed.trim_end().to_owned() + "\n").unwrap();
    }
    wrong
}

fn lines(text: &str) -> Vec<&str> {
    text.trim_end().lines().map(str::trim_end).collect()
}

/// `...` stands for any number of lines.
fn matches(expected: &[&str], actual: &[&str]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((&"...", rest)) => (0..=actual.len()).any(|from| matches(rest, &actual[from..])),
        Some((first, rest)) => actual.first() == Some(first) && matches(rest, &actual[1..]),
    }
}

fn perform(line: &str, folder: &Path) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["lifeboat", arguments @ ..] => run(arguments, folder, false).2,
        ["interrupt", "lifeboat", arguments @ ..] => run(arguments, folder, true).2,
        ["parses", "lifeboat", arguments @ ..] => {
            let (stdout, code, _) = run(arguments, folder, false);
            let value: serde_json::Value = serde_json::from_str(&stdout).expect("stdout is JSON");
            let members: Vec<String> = match &value {
                serde_json::Value::Object(members) => members.keys().cloned().collect(),
                other => vec![format!("{} elements", other.as_array().map_or(0, Vec::len))],
            };
            format!("{}\n(exit {code})", members.join("\n"))
        }
        ["same", a, b] => {
            let [a, b] = [a, b].map(|name| std::fs::read(folder.join(name)).unwrap());
            if a == b && !a.is_empty() { "the same".to_owned() } else { "different".to_owned() }
        }
        ["list", name] => {
            let Ok(entries) = std::fs::read_dir(folder.join(name)) else {
                return "no such folder".to_owned();
            };
            let mut names: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names.join("\n")
        }
        other => panic!("the script says `{other:?}`"),
    }
}

/// Runs the binary: stdout, exit code, transcript.
fn run(arguments: &[&str], folder: &Path, interrupt: bool) -> (String, i32, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lifeboat"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        text
    });
    let mut stderr = child.stderr.take().unwrap();
    let mut said = Vec::new();
    if interrupt {
        // Once it shows progress, it listens.
        let mut byte = [0];
        while !said.ends_with(b"%") && stderr.read(&mut byte).unwrap() > 0 {
            said.push(byte[0]);
        }
        let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }
    stderr.read_to_end(&mut said).unwrap();
    let stdout = normal(&reader.join().unwrap(), folder);
    let stderr = normal(&String::from_utf8(said).unwrap(), folder);
    // How far a drill gets in a moment is nobody's business here.
    let stderr: String = stderr
        .lines()
        .filter(|line| !line.ends_with(" %"))
        .fold(String::new(), |text, line| text + line + "\n");
    let code = child.wait().unwrap().code().unwrap_or(-1);
    let mut transcript = stdout.trim_end().to_owned();
    if !stderr.is_empty() {
        let gap = if transcript.is_empty() { "" } else { "\n" };
        write!(transcript, "{gap}(stderr)\n{}", stderr.trim_end()).unwrap();
    }
    let gap = if transcript.is_empty() { "" } else { "\n" };
    write!(transcript, "{gap}(exit {code})").unwrap();
    (stdout, code, transcript)
}

/// Paths of this machine and digests of plans are left out: neither is what a script is about.
fn normal(text: &str, folder: &Path) -> String {
    let text = text.replace(&folder.display().to_string(), "‹folder›");
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for letter in text.chars().chain(['\n']) {
        if letter.is_ascii_alphanumeric() {
            word.push(letter);
            continue;
        }
        let digest = word.len() >= 12
            && word.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
            && word.chars().any(|c| c.is_ascii_alphabetic())
            && word.chars().any(|c| c.is_ascii_digit());
        out.push_str(if digest { "‹digest›" } else { &word });
        word.clear();
        out.push(letter);
    }
    out.pop();
    out
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
