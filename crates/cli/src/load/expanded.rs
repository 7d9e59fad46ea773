//! A template alone, evaluated for one deployment.

use std::collections::BTreeMap;

use lifeboat_arm::template::links::self_contained;
use lifeboat_arm::template::secrets::{Secrets, veil_given};
use lifeboat_arm::template::{
    Context, DeploymentScope, Diagnostic, Expansion, ResourceGroupInfo, Severity, Template, expand_given,
};
use lifeboat_arm::tree::Position;
use serde_json::Value;

use super::complaints::way;
use super::linked::Folders;
use super::veil::Known;
use super::{epoch, of_expansion, parse_template, region, values};
use crate::args::{ContextArgs, ExpandArgs, ScopeArg};
use crate::errors::CliError;

/// What a template means, as far as that can be told.
pub(crate) struct Expanded {
    /// The graph, without secrets.
    pub(crate) expansion: Expansion,
    /// What had to be assumed.
    pub(crate) assumptions: Vec<String>,
    /// What Azure would accept, and somebody should look at.
    pub(crate) doubts: Vec<String>,
    /// Everything for which Azure would refuse it.
    pub(crate) mistakes: Option<CliError>,
}

/// Evaluates the template that was typed.
pub(crate) fn expanded(typed: &ExpandArgs) -> Result<Expanded, CliError> {
    let mut template = parse_template(&typed.file)?;
    if let Some(scope) = typed.context.scope {
        template = template.at(level(scope));
    }
    let mut given = values::from_files(&values::files(&typed.file, &typed.parameters), &template)?;
    values::set(&mut given, &typed.set, &template)?;
    let name = typed.file.file_stem().map(|name| name.to_string_lossy().into_owned());
    let context = context(&typed.context, name.unwrap_or_default())?;
    let folders = Folders::of([typed.file.as_path()]);
    let mut expansion = expand_given(&template, &given.all(), &context, &folders);
    let whole = hide(&mut expansion, &template, &given, &context);
    let (mut wrong, doubtful): (Vec<Diagnostic>, Vec<Diagnostic>) =
        expansion.diagnostics.iter().cloned().partition(|found| found.severity == Severity::Error);
    for found in &mut wrong {
        advise(found, &template);
    }
    let doubts = doubtful.iter().map(doubt).collect();
    let mistakes = (!wrong.is_empty()).then(|| of_expansion(wrong, &[(&template, &given)]));
    let secrets = Secrets::of(&whole, &given.values);
    let known = Known::of(&template);
    let mut assumptions = folders.assumptions(|text| known.cover(&secrets, text));
    assumptions.extend(given.asks());
    Ok(Expanded { expansion, assumptions, doubts, mistakes })
}

/// Here a value is typed, or stands in a file; what is typed stays in the shell's history.
fn advise(found: &mut Diagnostic, template: &Template) {
    let name = found.pointer.strip_prefix("/parameters/");
    if let Some(name) = name.filter(|_| found.code == "parameter-missing" && found.chain.is_empty()) {
        let secure = template.parameters().any(|declared| declared.secure && declared.name == name);
        found.hint = Some(if secure {
            "give it in a file with `--parameters`, as a value or as a reference to a key vault".to_owned()
        } else {
            format!("give it: `--set {name}=…`, or a file with `--parameters`")
        });
    }
}

/// One line: a warning beside a result must not bury it.
fn doubt(found: &Diagnostic) -> String {
    let Position { line, column } = found.position;
    let hint = found.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
    let chain = way(found);
    format!("{}:{line}:{column}: {}{chain}{hint}", found.file, found.message)
}

/// Puts a veil over what depends on secrets, in the graph and in what is said of it. Gives the template with what it links to.
fn hide(expansion: &mut Expansion, template: &Template, given: &values::Given, context: &Context) -> Value {
    // A link that cannot be written into the template cannot be expanded either: that is said already.
    let whole =
        self_contained(&template.json(), &expansion.links).unwrap_or_else(|_| (*template.json()).clone());
    veil_given(expansion, template.file(), &whole, &given.all(), context);
    whole
}

fn level(scope: ScopeArg) -> DeploymentScope {
    match scope {
        ScopeArg::Group => DeploymentScope::ResourceGroup,
        ScopeArg::Subscription => DeploymentScope::Subscription,
        ScopeArg::ManagementGroup => DeploymentScope::ManagementGroup,
        ScopeArg::Tenant => DeploymentScope::Tenant,
    }
}

fn context(typed: &ContextArgs, file: String) -> Result<Context, CliError> {
    let deployment_name = typed.deployment_name.clone().unwrap_or(file);
    let location = region(Some(&typed.location), "--location")?
        .map_or_else(|| typed.location.clone(), |region| region.as_str().to_owned());
    Ok(Context {
        subscription: guid(&typed.subscription, "--subscription", "az account show --query id")?,
        tenant: guid(&typed.tenant, "--tenant", "az account show --query tenantId")?,
        resource_group: Some(ResourceGroupInfo {
            name: typed.resource_group.clone(),
            location: location.clone(),
        }),
        location: Some(location),
        new_guid_seed: deployment_name.clone(),
        deployment_name,
        management_group: typed.management_group.clone(),
        now: typed.at.unwrap_or_else(epoch),
        groups: BTreeMap::new(),
    })
}

/// An id of a subscription or a tenant: functions tell it from a name by its shape, so another would mean something else.
fn guid(text: &str, option: &str, command: &str) -> Result<String, CliError> {
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(is_hex) {
        return Ok(text.to_owned());
    }
    Err(CliError::failed(format!("{option}: `{text}` is no id"))
        .with_hint(format!("an id is like `11111111-2222-3333-4444-555555555555`; `{command}` prints yours")))
}
