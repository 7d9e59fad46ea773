//! What was typed. Nothing here is checked beyond its form; what was meant is resolved by the commands.

mod template;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};

pub use template::{
    ContextArgs, ExpandArgs, ExpandOutput, GraphFormat, RegionsArgs, ScopeArg, TemplateCommand,
};

/// Keeps a second Azure region ready for a workload, proves it, and moves the workload there and back.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(
    name = "lifeboat",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = EXIT_CODES,
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    done; objectives met, nothing blocks
  1    done, and the answer is bad: an objective missed (or foreseen to be), an invariant broken,
       a blocking finding
  2    the input is wrong; nothing was decided about it
  130  stopped by Ctrl-C";

/// The commands.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Lose a region in the lab and see what becomes of the workload.
    Drill(DrillArgs),
    /// Check a workload or a template against the rules.
    Assess(AssessArgs),
    /// Say what a rule checks, why, and what cures it.
    Explain(ExplainArgs),
    /// Show what would be done, and prove what it needs.
    Plan(PlanArgs),
    /// Read ARM templates as Azure does.
    #[command(subcommand)]
    Template(TemplateCommand),
}

/// What is looked at: a workload, or only a template.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct TargetArgs {
    /// A workload (a folder with `lifeboat.yaml`, or the file itself) or a template: ARM's JSON, `.bicep` or `.bicepparam`.
    #[arg(value_name = "TARGET", value_hint = ValueHint::AnyPath)]
    pub target: PathBuf,
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become the help text of the command")]
    pub template: TemplateArgs,
}

const TEMPLATE: &str = "Template (without a workload file)";

/// What a template needs to be expanded.
#[derive(Debug, Clone, PartialEq, Eq, Default, ClapArgs)]
pub struct TemplateArgs {
    /// A parameter file, JSON or `.bicepparam`; given twice, the later one wins.
    #[arg(long, help_heading = TEMPLATE, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub parameters: Vec<PathBuf>,
    /// A parameter file for the region that takes over, as `template regions --fix --out` writes it; what it leaves out is
    /// derived from the primary's values. Given twice, the later one wins.
    #[arg(long, help_heading = TEMPLATE, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub secondary_parameters: Vec<PathBuf>,
    /// One parameter; wins over every `--parameters`. The value is JSON, unless the parameter is a string; `@FILE` stands
    /// for what a file holds.
    #[arg(long, help_heading = TEMPLATE, value_name = "NAME=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// The region that serves today, such as `westeurope`; else the template's own. A workload file says it itself.
    #[arg(long, help_heading = TEMPLATE, value_name = "REGION")]
    pub primary: Option<String>,
    /// The region that takes over; else the one that its parameters name, else the primary's pair. A workload file says it itself.
    #[arg(long, help_heading = TEMPLATE, value_name = "REGION")]
    pub secondary: Option<String>,
    /// Refuse to assume anything: a parameter without a value is an error, not a placeholder.
    #[arg(long, help_heading = TEMPLATE)]
    pub strict: bool,
}

/// `lifeboat drill`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
#[command(after_help = "\
Examples:
  lifeboat drill .                               lose the primary region of this workload
  lifeboat drill infra/regional.json --set n=2   a template alone, without a workload file
  lifeboat drill orders.json --parameters weu.json --secondary-parameters neu.json
                                                 the same, with a parameter file per region
  lifeboat drill . --planned --report out        in good order; page and JSON to `out`
  lifeboat drill . --scenario slow.yaml --seed 7 another story, another seed

A drill never touches Azure: it plays in the lab, in virtual time.
The same seed gives the same drill, byte for byte.")]
pub struct DrillArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become the help text of the command")]
    pub target: TargetArgs,
    /// Write the report into this folder: `report.html`, `report.json`, `events.jsonl` and `journal.jsonl`. Files of an
    /// earlier report are replaced.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub report: Option<PathBuf>,
    /// The seed of everything random.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// What goes wrong and when (see docs/scenarios.md); else the primary region is lost without warning.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "planned")]
    pub scenario: Option<PathBuf>,
    /// Move in good order while everything answers, instead of losing a region.
    #[arg(long)]
    pub planned: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `lifeboat assess`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
#[command(after_help = "\
Examples:
  lifeboat assess .                                         every rule, against this workload
  lifeboat assess infra/regional.json --parameters weu.json a template in a pull request
  lifeboat assess templates                                 every template below a folder
  lifeboat assess . --output json | jq '.findings[].rule'

Ends with 1 when a blocking finding is open. `lifeboat explain RULE` says more about one rule.
A folder without `lifeboat.yaml` stands for every ARM template below it. Of several, each is assessed
on its own; one that cannot be read is told, and the others are assessed even so.")]
pub struct AssessArgs {
    /// Workloads (a folder with `lifeboat.yaml`, or the file itself), ARM templates, or folders of templates.
    #[arg(value_name = "TARGET", required = true, value_hint = ValueHint::AnyPath)]
    pub targets: Vec<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become the help text of the command")]
    pub template: TemplateArgs,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `lifeboat explain`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
#[command(after_help = "\
Example:
  lifeboat explain SB-SKU")]
pub struct ExplainArgs {
    /// The rule's id as `assess` prints it; upper or lower case.
    #[arg(value_name = "RULE")]
    pub rule: String,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `lifeboat plan`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
#[command(after_help = "\
Examples:
  lifeboat plan prepare .                        what makes the second region ready
  lifeboat plan failover . --requests            every request, with its `az rest` line
  lifeboat plan failover . --planned             in good order, while everything answers
  lifeboat plan failback . --save failback.json  keep exactly this plan

Shows and changes nothing. Every step says what it needs from the region that may be lost.")]
pub struct PlanArgs {
    /// What the plan is for.
    #[arg(value_enum, value_name = "KIND")]
    pub kind: PlanKindArg,
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become the help text of the command")]
    pub target: TargetArgs,
    /// Write the plan to this file, in a folder that is there.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub save: Option<PathBuf>,
    /// Show every request as it will be sent, with its holes by name, and as a line for `az rest`.
    #[arg(long)]
    pub requests: bool,
    /// Plan for the case that everything answers.
    #[arg(long)]
    pub planned: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// The kinds of plan that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanKindArg {
    /// Make the second region ready.
    Prepare,
    /// Move the workload to the second region.
    Failover,
    /// Move it home.
    Failback,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("expected `name=value`".to_owned()),
    }
}

#[cfg(test)]
mod tests;
