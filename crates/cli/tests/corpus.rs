//! Public templates, each drilled by the binary: those that declare a Service Bus namespace, and those of all other kinds.
//!
//! The floors only ever go up.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]
#![expect(clippy::disallowed_methods, reason = "tests read their settings and the clock themselves")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lifeboat_testdata::{json_files, shared};

/// How many Service Bus templates drill to an answer, good or bad. Only ever raised.
const BUS_FLOOR: usize = 26;
/// The same of the others.
const OTHERS_FLOOR: usize = 850;
/// No template may take longer, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

struct Drilled {
    path: PathBuf,
    code: Option<i32>,
    stderr: String,
    took: Duration,
}

/// Proves: S05. A drill of any template ends with an answer, or with the place of what keeps it from one.
#[test]
fn public_templates_drill_to_an_answer() {
    let Some(corpus) = shared("arm/corpus") else { return };
    let (bus, others) = templates(&corpus);
    assert!(bus.len() >= 27, "only {} templates of Service Bus", bus.len());
    let mut wrong = Vec::new();
    for (what, paths, floor) in [("Service Bus", bus, BUS_FLOOR), ("other", others, OTHERS_FLOOR)] {
        let drilled = drill_all(&paths);
        let mut codes: BTreeMap<i32, usize> = BTreeMap::new();
        for one in &drilled {
            *codes.entry(one.code.unwrap_or(-1)).or_default() += 1;
            wrong.extend(complaint(one));
        }
        println!("{what}: {} templates, by exit code {codes:?}", drilled.len());
        let answered = codes.get(&0).unwrap_or(&0) + codes.get(&1).unwrap_or(&0);
        if answered < floor {
            wrong.push(format!("{answered} {what} templates drill to an answer, {floor} did before"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a template's drill must never do.
fn complaint(one: &Drilled) -> Option<String> {
    let name = one.path.display();
    let first = one.stderr.lines().find(|line| line.starts_with("error")).unwrap_or_default();
    if one.stderr.contains("panicked") || !matches!(one.code, Some(0..=2)) {
        return Some(format!("{name}: ended with {:?}: {}", one.code, one.stderr));
    }
    if one.took > PATIENCE {
        return Some(format!("{name}: took {:?}", one.took));
    }
    if one.code == Some(2) {
        // A place in a file, or the request that Azure would refuse.
        let located = one.stderr.contains("--> ") || first.contains("cannot be deployed where it lives");
        if !located || first.len() < 20 {
            return Some(format!("{name}: the message says too little: {}", one.stderr));
        }
    }
    None
}

/// All at once as far as the machine allows, in the order given.
fn drill_all(paths: &[PathBuf]) -> Vec<Drilled> {
    let next = Mutex::new(0);
    let done = Mutex::new(BTreeMap::new());
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = {
                        let mut next = next.lock().unwrap();
                        *next += 1;
                        *next - 1
                    };
                    let Some(path) = paths.get(at) else { return };
                    let drilled = drill(path);
                    done.lock().unwrap().insert(at, drilled);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}

fn drill(path: &Path) -> Drilled {
    let began = Instant::now();
    let out = Command::new(env!("CARGO_BIN_EXE_lifeboat")).arg("drill").arg(path).output().unwrap();
    Drilled {
        path: path.to_owned(),
        code: out.status.code(),
        stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
        took: began.elapsed(),
    }
}

/// Templates that declare a Service Bus namespace, and the others.
fn templates(corpus: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut bus, mut others) = (Vec::new(), Vec::new());
    for path in json_files(corpus) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).to_ascii_lowercase();
        if !text.contains("deploymenttemplate.json") || !text.contains("\"resources\"") {
            continue;
        }
        let is_bus = text.contains("microsoft.servicebus/namespaces\"");
        if is_bus { bus.push(path) } else { others.push(path) }
    }
    (bus, others)
}
