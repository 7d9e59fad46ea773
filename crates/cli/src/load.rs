//! From paths that were typed to a workload: the one place that reads users' files.
//!
//! A folder with `lifeboat.yaml`, that file itself, or an ARM template alone. What is wrong with a file is shown in it.

mod bicep;
mod complaints;
mod expanded;
mod folder;
mod lifted;
mod linked;
mod many;
mod names;
mod text;
mod tied;
mod values;
mod veil;

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Region;
use lifeboat_arm::template::secrets::Secrets;
use lifeboat_arm::template::{Diagnostic, Template};
use lifeboat_planner::{
    About, Acceptance, Assumption, Bare, BareError, FailoverPolicy, Objectives, SiteTemplate, Workload,
    WorkloadFile, read, read_bare,
};

use crate::args::{TargetArgs, TemplateArgs};
use crate::errors::CliError;
use crate::format::counted;

use complaints::{in_compiled, of_diagnostics};
pub(crate) use complaints::{of_line, of_problems};
pub(crate) use expanded::{Expanded, expanded};
pub(crate) use folder::PassedOver;
pub(crate) use lifted::{Fix, Fixed, lifted};
use linked::Folders;
pub(crate) use many::{Targets, targets};
pub(crate) use text::text_of;
pub(crate) use tied::tied;
use veil::Known;

/// The subscription of a template that says nothing of one.
const LAB_SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";

/// What was meant.
pub(crate) struct Loaded {
    /// The workload.
    pub(crate) workload: Workload,
    /// What had to be assumed.
    pub(crate) assumptions: Vec<String>,
    /// Who decides.
    pub(crate) policy: FailoverPolicy,
    /// Findings that somebody took responsibility for.
    pub(crate) accept: Vec<Acceptance>,
}

/// The instant at which templates are evaluated and drills begin: part of what makes a drill the same every time.
pub(crate) fn epoch() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().expect("a constant that parses")
}

/// Reads what was typed.
pub(crate) fn load(target: &TargetArgs) -> Result<Loaded, CliError> {
    let path = &target.target;
    if path.is_dir() {
        return workload(&path.join("lifeboat.yaml"), target);
    }
    if is_yaml(path) {
        return workload(path, target);
    }
    template(path, target)
}

/// Whether a YAML file has the key that tells its kind at its top: one of the other kind has one mistake, not one in each line.
pub(crate) fn is_file_of(text: &str, key: &str) -> bool {
    text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':')))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml"))
}

fn workload(path: &Path, target: &TargetArgs) -> Result<Loaded, CliError> {
    of_template_alone(path, &target.template)?;
    let name = path.display().to_string();
    let text = text_of(path)?;
    let file = WorkloadFile::parse(&name, &text).map_err(|error| {
        if is_file_of(&text, "scenario") && !is_file_of(&text, "workload") {
            return CliError::failed(format!("`{name}` is a scenario, not a workload file"))
                .with_hint("name the workload first, and the scenario with `--scenario`");
        }
        of_problems(&name, &text, &error.problems)
    })?;
    let base = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let place = |relative: &str| base.join(relative);
    let regional_path = place(file.templates.regional.as_str());
    let shared_path = file.templates.shared.as_ref().map(|shared| place(shared.file.as_str()));
    let folders =
        Folders::of([Some(&regional_path), shared_path.as_ref()].into_iter().flatten().map(PathBuf::as_path));

    let regional = parse_template(&regional_path)?;
    let primary_values = site_values(&base, &file.primary.parameters, &regional)?;
    let secondary_values = site_values(&base, &file.secondary.parameters, &regional)?;
    let shared = match (&file.templates.shared, &shared_path) {
        (Some(shared), Some(path)) => {
            let template = parse_template(path)?;
            let values = site_values(&base, &shared.parameters, &template)?;
            Some((template, values, shared))
        }
        _ => None,
    };
    let about = file.about(epoch());
    let workload = read(
        &about,
        SiteTemplate {
            template: &regional,
            parameters: &primary_values.values,
            group: file.primary.resource_group.as_str(),
            region: &file.primary.region,
        },
        SiteTemplate {
            template: &regional,
            parameters: &secondary_values.values,
            group: file.secondary.resource_group.as_str(),
            region: &file.secondary.region,
        },
        shared.as_ref().map(|(template, values, shared)| SiteTemplate {
            template,
            parameters: &values.values,
            group: shared.resource_group.as_str(),
            region: &shared.region,
        }),
        &folders,
    )
    .map_err(|found| {
        let mut given = vec![(&regional, &primary_values), (&regional, &secondary_values)];
        given.extend(shared.as_ref().map(|(template, values, _)| (template, values)));
        of_expansion(found, &given)
    })?;
    let strangers = names::of_nothing(&file, &workload);
    if !strangers.is_empty() {
        return Err(of_problems(&name, &text, &strangers));
    }
    let own = [&primary_values, &secondary_values].map(|given| (&regional, given));
    let all = own.into_iter().chain(shared.as_ref().map(|(template, given, _)| (template, given)));
    let secrets: Vec<Secrets> =
        all.map(|(template, given)| Secrets::of(&template.json(), &given.values)).collect();
    let known = Known::of(&regional);
    let mut assumptions = folders.assumptions(|text| {
        secrets.iter().fold(text.to_owned(), |text, secrets| known.cover(secrets, &text))
    });
    assumptions.extend(drawn(&workload));
    assumptions.extend(primary_values.asks());
    Ok(Loaded { workload, assumptions, policy: file.failover, accept: file.accept })
}

/// What a deployment would draw anew each time, and does not.
fn drawn(workload: &Workload) -> Vec<String> {
    let says = |name: &str| {
        format!(
            "parameter `{name}` is drawn once and given: each deployment would draw another one with `newGuid()`, and \
             what is named after it could not be told beforehand"
        )
    };
    workload.drawn().into_iter().map(says).collect()
}

/// Options that say what a workload file says itself.
fn of_template_alone(path: &Path, typed: &TemplateArgs) -> Result<(), CliError> {
    region(typed.primary.as_ref(), "--primary")?;
    region(typed.secondary.as_ref(), "--secondary")?;
    let typed = [
        (!typed.parameters.is_empty(), "--parameters", "`primary.parameters` and `secondary.parameters`"),
        (!typed.secondary_parameters.is_empty(), "--secondary-parameters", "`secondary.parameters`"),
        (!typed.set.is_empty(), "--set", "the parameter files that it names"),
        (typed.primary.is_some(), "--primary", "`primary.region`"),
        (typed.secondary.is_some(), "--secondary", "`secondary.region`"),
    ];
    let Some((_, option, place)) = typed.into_iter().find(|(given, _, _)| *given) else { return Ok(()) };
    Err(CliError::failed(format!("`{option}` is for a template without a workload file"))
        .with_hint(format!("`{}` says it itself: change {place} there", path.display())))
}

/// The region that an option names.
fn region(text: Option<&String>, option: &str) -> Result<Option<Region>, CliError> {
    text.map(|text| {
        Region::parse(text).map_err(|unknown| {
            let hint = unknown.nearest.map_or_else(
                || "regions are named like `westeurope`".to_owned(),
                |nearest| format!("did you mean `{nearest}`?"),
            );
            CliError::failed(format!("{option}: {unknown}")).with_hint(hint)
        })
    })
    .transpose()
}

/// What is wrong with a template, or with a value that was given for one of its parameters.
fn of_expansion(mut found: Vec<Diagnostic>, given: &[(&Template, &values::Given)]) -> CliError {
    for diagnostic in &mut found {
        for (template, given) in given {
            given.relocate(template.file(), diagnostic);
        }
    }
    let shown = |error, (template, given): &(&Template, &values::Given)| {
        given.veil(in_compiled(error, template.file(), template.text()))
    };
    given.iter().fold(of_diagnostics(&found), shown)
}

fn parse_template(path: &Path) -> Result<Template, CliError> {
    let name = bicep::shown(path);
    let text = bicep::template_of(path)?;
    Template::parse(&name, &text).map_err(|found| in_compiled(of_diagnostics(&found), &name, &text))
}

/// The values of one site's parameter files; a parameter that still has none is named, with the file to put it in.
fn site_values(
    base: &Path,
    files: &[lifeboat_planner::FilePath],
    template: &Template,
) -> Result<values::Given, CliError> {
    let paths: Vec<PathBuf> = files.iter().map(|file| base.join(file.as_str())).collect();
    values::from_files(&paths, template)
}

fn template(path: &Path, target: &TargetArgs) -> Result<Loaded, CliError> {
    let typed = &target.template;
    let template = parse_template(path)?;
    let mut given = values::from_files(&values::files(path, &typed.parameters), &template)?;
    values::set(&mut given, &typed.set, &template)?;
    let given_there = values::from_files(&typed.secondary_parameters, &template)?;
    if typed.strict {
        values::refuse_missing(&template, &given)?;
    }
    let bare = Bare {
        given: given.values.clone(),
        given_there: given_there.values.clone(),
        secrets: given.named_secrets(),
        secrets_there: given_there.named_secrets(),
        primary: region(typed.primary.as_ref(), "--primary")?,
        secondary: region(typed.secondary.as_ref(), "--secondary")?,
    };
    let policy =
        FailoverPolicy { policy: lifeboat_planner::DecisionPolicy::Propose, ..FailoverPolicy::default() };
    let about = About {
        name: workload_name(path),
        subscription: LAB_SUBSCRIPTION.to_owned(),
        objectives: Objectives { rto: SignedDuration::from_hours(1), rpo: SignedDuration::from_hours(1) },
        approvers: Vec::new(),
        settings: Vec::new(),
        now: epoch(),
    };
    let folders = Folders::of([path]);
    let (mut workload, assumed) =
        read_bare(&about, &template, &bare, &folders).map_err(|error| match error {
            BareError::Template(found) => of_expansion(found, &[(&template, &given)]),
            // What is wrong there comes of its own values first, and else of the first region's.
            BareError::There(found) => of_expansion(found, &[(&template, &given_there), (&template, &given)]),
            other @ BareError::OneDeployment(..) => CliError::failed(other.to_string())
                .with_hint("leave `--secondary-parameters` out, and give every value with `--parameters`"),
            other @ BareError::OtherSecondary { .. } => CliError::failed(other.to_string())
                .with_hint("leave `--secondary` out, or change the template"),
            other @ BareError::OtherThere { .. } => CliError::failed(other.to_string()).with_hint(
                "leave `--secondary` out, or name the file of that region with `--secondary-parameters`",
            ),
            other @ BareError::OtherPrimary { .. } => {
                CliError::failed(other.to_string()).with_hint("leave `--primary` out, or change the template")
            }
            other @ BareError::TwoClouds(..) => CliError::failed(other.to_string())
                .with_hint("a workload can only move within one cloud: name two regions of the same one"),
            other @ BareError::OneRegion(_) => {
                CliError::failed(other.to_string()).with_hint("name two different regions")
            }
        })?;
    if typed.strict {
        refuse_assumptions(&assumed)?;
    }
    let mut assumptions: Vec<String> = assumed.into_iter().map(|assumption| assumption.says).collect();
    let secrets = Secrets::of(&template.json(), &given.values);
    let there = Secrets::of(&template.json(), &given_there.values);
    let known = Known::of(&template);
    assumptions.extend(folders.assumptions(|text| known.cover(&there, &known.cover(&secrets, text))));
    assumptions.extend(drawn(&workload));
    assumptions.push("objectives are an RTO of 1 h and an RPO of 1 h: there is no workload file".to_owned());
    assumptions.extend(workload.settle_unasked());
    Ok(Loaded { workload, assumptions, policy, accept: Vec::new() })
}

/// `--strict`: what stands for something that could have been given is an error.
fn refuse_assumptions(assumed: &[Assumption]) -> Result<(), CliError> {
    let missing: Vec<&str> = assumed
        .iter()
        .filter(|assumption| assumption.missing)
        .map(|assumption| assumption.says.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let things = counted(missing.len(), "thing");
    let list = missing.join("\n  - ");
    Err(CliError::failed(format!("`--strict`: {things} would have to be assumed\n  - {list}")).with_hint(
        "give `--primary` and `--secondary`, every parameter, and a template that declares what it needs",
    ))
}

/// A name from the file's own, or from its folder where the file's says nothing.
fn workload_name(path: &Path) -> String {
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let own = stem(path).unwrap_or_default();
    let says_nothing =
        ["azuredeploy", "main", "template", "maintemplate", "deploy"].contains(&own.to_lowercase().as_str());
    let name =
        if says_nothing { path.canonicalize().ok().and_then(|path| stem(path.parent()?)) } else { Some(own) };
    let name: String = name
        .unwrap_or_default()
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let name = name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let name: String = name.chars().take(40).collect();
    if name.is_empty() { "workload".to_owned() } else { name.trim_end_matches('-').to_owned() }
}
