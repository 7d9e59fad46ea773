//! `lifeboat template …`: what was typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum, ValueHint};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Output, assignment};

/// What is done with a template.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum TemplateCommand {
    /// Evaluate a template: its resources, outputs, what only the deployment can tell, and every mistake.
    Expand(ExpandArgs),
    /// Find everything that ties a template to one region: places, names, hosts, ids, zones.
    Regions(RegionsArgs),
}

/// `lifeboat template expand`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
#[command(after_help = "\
Examples:
  lifeboat template expand azuredeploy.json --parameters prod.json
  lifeboat template expand azuredeploy.json --set count=2 --location northeurope --output json
  lifeboat template expand azuredeploy.json --graph svg > graph.svg
  lifeboat template expand landing.json --scope subscription --location westeurope --output json

Nothing is fetched: a linked template is read from the template's folder. Secure values are veiled, and
secrets of key vaults only named. Bicep is compiled by `bicep` or `az bicep`; what Azure would refuse is
then shown in the JSON that it makes.
A name that only the deployment can tell is `‹name 1›` in tables, graphs and JSON alike, in ids too;
`deferred` has its expression, with the pointer `/name`.
The same arguments give the same output: `utcNow()` is 2026-01-01 unless `--at` says otherwise, and
`newGuid()` is drawn from the deployment's name.")]
pub struct ExpandArgs {
    /// The template: ARM's JSON, `.bicep`, or a `.bicepparam` that names its own.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// A parameter file, JSON or `.bicepparam`; given twice, the later one wins.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub parameters: Vec<PathBuf>,
    /// One parameter; wins over every file. The value is JSON, unless the parameter is a string; `@FILE` stands for what a
    /// file holds.
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become the help text of the command")]
    pub context: ContextArgs,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub output: ExpandOutput,
    /// Print the graph instead: what is deployed, and what waits for what. Mistakes are told as ever.
    #[arg(long, value_enum, conflicts_with = "output")]
    pub graph: Option<GraphFormat>,
}

/// How a graph is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// For Graphviz, and for whatever reads its language.
    Dot,
    /// A picture, for a browser.
    Svg,
}

const WHERE: &str = "Where it would be deployed";

/// The deployment that a template is evaluated for.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct ContextArgs {
    /// The id of the subscription.
    #[arg(long, help_heading = WHERE, value_name = "ID", default_value = "00000000-0000-0000-0000-000000000000")]
    pub subscription: String,
    /// The resource group.
    #[arg(long, help_heading = WHERE, value_name = "NAME", default_value = "example")]
    pub resource_group: String,
    /// The location of the group, or of a deployment above groups.
    #[arg(long, help_heading = WHERE, value_name = "REGION", default_value = "westeurope")]
    pub location: String,
    /// The id of the tenant.
    #[arg(long, help_heading = WHERE, value_name = "ID", default_value = "00000000-0000-0000-0000-000000000000")]
    pub tenant: String,
    /// The management group.
    #[arg(long, help_heading = WHERE, value_name = "NAME")]
    pub management_group: Option<String>,
    /// The name of the deployment; else the file's.
    #[arg(long, help_heading = WHERE, value_name = "NAME")]
    pub deployment_name: Option<String>,
    /// The level; else what the template's `$schema` says.
    #[arg(long, help_heading = WHERE, value_enum)]
    pub scope: Option<ScopeArg>,
    /// What `utcNow()` answers, such as `2026-11-23T08:00:00Z`.
    #[arg(long, help_heading = WHERE, value_name = "TIME", value_parser = instant)]
    pub at: Option<Timestamp>,
}

/// A time with its offset, or a day alone, which begins in UTC.
fn instant(text: &str) -> Result<Timestamp, &'static str> {
    let day = || Some(text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let is_day = text.len() == "2026-11-23".len();
    let time = text.parse().ok().or_else(|| day().filter(|_| is_day));
    time.ok_or("a time is written like `2026-11-23T08:00:00Z`, or `2026-11-23` for the day's begin in UTC")
}

/// The levels that templates deploy to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "camelCase")]
pub enum ScopeArg {
    /// Into a resource group.
    Group,
    /// To a subscription.
    Subscription,
    /// To a management group.
    ManagementGroup,
    /// To the tenant.
    Tenant,
}

/// `lifeboat template regions`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
#[command(after_help = "\
Examples:
  lifeboat template regions azuredeploy.json                 what must change, what may, where
  lifeboat template regions infra --output json              every template below a folder
  lifeboat template regions main.json --parameters weu.json  the values of a parameter file, too
  lifeboat template regions main.json --fix                  what lifting it into parameters would change
  lifeboat template regions main.json --fix --out lifted     write the template and a parameter file per region

What is lifted is proved first: with the old region's parameter file the new template expands to the same graph,
or nothing is written. No file that is there is replaced by another text.

Ends with 1 when something must change. docs/template-regions.md explains every code.")]
pub struct RegionsArgs {
    /// Templates, or folders with templates and parameter files.
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath, required = true)]
    pub files: Vec<PathBuf>,
    /// A parameter file whose values are looked at, too.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub parameters: Vec<PathBuf>,
    /// Lift what can be lifted into parameters, and show the change.
    #[arg(long)]
    pub fix: bool,
    /// Write the lifted template and its parameter files into this folder.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "fix")]
    pub out: Option<PathBuf>,
    /// The region that the template is for today; else the one that it names most often.
    #[arg(long, value_name = "REGION", requires = "fix")]
    pub primary: Option<String>,
    /// The other region; else the primary's pair.
    #[arg(long, value_name = "REGION", requires = "fix")]
    pub secondary: Option<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// How an expansion is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ExpandOutput {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}
