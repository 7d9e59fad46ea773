//! checkov as a peer: it reads the same templates and holds rules against them, and many run it in every pull request.
//!
//! Both are whole processes over one folder. checkov is installed into an environment of its own, once, below the folder
//! that the build writes to. Where that cannot be, the comparison says so and is left out. Templates at which checkov ends with a
//! traceback are left out for both.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use lifeboat_arm::tree::Node;

use crate::clock::median;
use crate::figure::{Figure, number};
use crate::process::{Folder, Probe};

/// Of checkov's time, at most.
const RATIO_MAX: f64 = 0.01;
/// Tells at which templates checkov ends with a traceback.
const DIES: &str = include_str!("checkov/dies.py");

/// `assess` over the templates of some folders, beside checkov on the same files.
pub fn figures(rounds: usize, folders: &[PathBuf]) -> Result<Vec<Figure>> {
    if folders.is_empty() {
        return Ok(vec![Figure::on_record("assess", "left out: name a folder with templates")]);
    }
    let mut templates = Templates::gather(folders)?;
    let checkov = Checkov::installed();
    if let Some(checkov) = &checkov {
        templates.leave_out(&checkov.dies_at(&templates)?)?;
    }
    let of = format!("{} templates, {}", templates.count, number(templates.megabytes(), "MB"));
    // The exit code tells what was found, and of this corpus always that something cannot be expanded.
    let assess = || Probe::lifeboat()?.with(&["assess", &templates.path()]).run_to(2);
    let runs = (0..rounds.max(3)).map(|_| assess()).collect::<Result<Vec<_>>>()?;
    let wall = |runs: &[crate::Usage]| median(runs.iter().map(|run| run.wall.as_secs_f64()).collect());
    let cpu = |runs: &[crate::Usage]| median(runs.iter().map(|run| run.cpu.as_secs_f64()).collect());
    let (own_wall, own_cpu) = (wall(&runs).unwrap_or(0.0), cpu(&runs).unwrap_or(0.0));
    let peak = runs.iter().map(crate::Usage::peak_mb).fold(0.0, f64::max);
    let mut figures = vec![
        Figure::on_record(format!("assess, {of}: wall"), number(own_wall, "s")),
        Figure::on_record("the same: processor", number(own_cpu, "s")),
        Figure::on_record("the same: peak memory", number(peak, "MB")),
    ];
    let Some(checkov) = checkov else {
        figures.push(Figure::on_record("assess of checkov", "left out: checkov cannot be installed here"));
        return Ok(figures);
    };
    // It takes minutes, and next to that nothing moves it.
    let runs = [checkov.run(&templates)?];
    if runs.iter().any(|run| run.exit > 1) {
        let says =
            "ended with a traceback: what follows is its time until then, and the ratio is at most that";
        figures.push(Figure::on_record("checkov, on all of them at once", says));
    }
    let (peer_wall, peer_cpu) = (wall(&runs).unwrap_or(f64::NAN), cpu(&runs).unwrap_or(f64::NAN));
    figures.extend([
        Figure::on_record("checkov, the same files: wall", number(peer_wall, "s")),
        Figure::on_record("the same: processor", number(peer_cpu, "s")),
        Figure::at_most("assess of checkov: wall", own_wall / peer_wall, RATIO_MAX, ""),
        Figure::at_most("assess of checkov: processor", own_cpu / peer_cpu, RATIO_MAX, ""),
    ]);
    Ok(figures)
}

/// Copies of templates in one folder: files that either would stop at are left out for both.
struct Templates {
    folder: Folder,
    count: usize,
    bytes: usize,
}

impl Templates {
    fn gather(folders: &[PathBuf]) -> Result<Self> {
        let mut found = Self { folder: Folder::new("assess")?, count: 0, bytes: 0 };
        let mut open = folders.to_vec();
        while let Some(folder) = open.pop() {
            for entry in
                std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
            {
                let path = entry?.path();
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|end| end == "json") {
                    found.take(&path)?;
                }
            }
        }
        ensure!(found.count > 0, "no template is below {folders:?}");
        Ok(found)
    }

    fn take(&mut self, path: &Path) -> Result<()> {
        let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
        if is_for_both(&text) {
            std::fs::write(self.folder.file(&format!("{:04}.json", self.count)), &text)?;
            self.count += 1;
            self.bytes += text.len();
        }
        Ok(())
    }

    fn leave_out(&mut self, names: &[String]) -> Result<()> {
        for name in names {
            let path = self.folder.file(name);
            self.bytes -= usize::try_from(std::fs::metadata(&path)?.len())?;
            self.count -= 1;
            std::fs::remove_file(path)?;
        }
        Ok(())
    }

    fn path(&self) -> String {
        self.folder.0.display().to_string()
    }

    #[expect(clippy::cast_precision_loss, reason = "a corpus has megabytes")]
    fn megabytes(&self) -> f64 {
        self.bytes as f64 / 1e6
    }
}

/// A template that can be parsed, with the sections that checkov takes for granted.
fn is_for_both(text: &str) -> bool {
    let Ok(root) = Node::parse(text) else { return false };
    let is_object = |key: &str| root.get(key).is_none_or(|node| node.members().is_some());
    let schema = root.get("$schema").and_then(Node::as_str).unwrap_or_default().to_ascii_lowercase();
    schema.contains("deploymenttemplate.json")
        && root.get("resources").is_some_and(|node| node.elements().is_some())
        && ["parameters", "variables", "outputs"].into_iter().all(is_object)
}

/// An installed checkov.
struct Checkov(PathBuf);

impl Checkov {
    /// Below the folder of the build, where the next run finds it again.
    fn installed() -> Option<Self> {
        let home = std::env::current_exe().ok()?.parent()?.parent()?.join("checkov");
        let program = home.join("bin/checkov");
        let works = || quietly(Command::new(&program).arg("--version")).is_ok();
        if !works() {
            quietly(Command::new("python3").args(["-m", "venv"]).arg(&home)).ok()?;
            quietly(Command::new(home.join("bin/pip")).args(["install", "--quiet", "checkov"])).ok()?;
        }
        works().then_some(Self(program))
    }

    /// The templates at which it ends with a traceback: one of them, and there is nothing to compare with.
    fn dies_at(&self, templates: &Templates) -> Result<Vec<String>> {
        let python = self.0.with_file_name("python");
        let out =
            Command::new(python).args(["-c", DIES, &templates.path()]).stderr(Stdio::null()).output()?;
        ensure!(out.status.success(), "checkov cannot be asked which templates it can read");
        Ok(String::from_utf8(out.stdout)?.lines().map(str::to_owned).collect())
    }

    /// All its rules for ARM, nothing fetched. It ends with 1 when a rule fails, and with 2 when it fails itself,
    /// which it does on some folders whose files it can read one by one.
    fn run(&self, templates: &Templates) -> Result<crate::Usage> {
        let program = self.0.to_str().context("the path of checkov is no text")?;
        let arguments =
            ["--framework", "arm", "--skip-download", "--quiet", "--compact", "-d", &templates.path()];
        Probe::program(program)?.with(&arguments).run_to(2).context("checkov fails on these templates")
    }
}

fn quietly(command: &mut Command) -> Result<()> {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { bail!("{command:?} ended with {status}") }
}
