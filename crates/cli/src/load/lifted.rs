//! Templates lifted into parameters, and the files that this makes.

mod diff;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lifeboat_arm::Region;
use lifeboat_arm::template::lift::{Lift, LiftError, Lifted, home_region, is_liftable, lift, parameter_file};
use lifeboat_arm::template::placeholder::placeholders;
use lifeboat_arm::template::regions::{Level, Tie, ties};
use lifeboat_arm::template::secrets::{Secrets, secret_ranges};
use lifeboat_arm::template::{Context, DeploymentScope, ResourceGroupInfo, Template, expand};

use super::folder::PassedOver;
use super::linked::Folders;
use super::tied::{Wrong, nothing_below, templates};
use super::values::Given;
use super::veil::{Known, cover_ranges};
use super::{LAB_SUBSCRIPTION, epoch, region, text_of, values};
use crate::args::RegionsArgs;
use crate::errors::CliError;
use diff::changed_lines;

/// What became of the templates that were typed.
pub(crate) struct Outcome {
    /// Template by template.
    pub(crate) all: Vec<Fixed>,
    /// Files below the folders that were passed over.
    pub(crate) passed_over: PassedOver,
    /// What could not be read or expanded.
    pub(crate) mistakes: Option<CliError>,
}

/// One template.
pub(crate) struct Fixed {
    /// Its file, as typed.
    pub(crate) file: String,
    /// What came out.
    pub(crate) result: Fix,
    /// The lines that change.
    pub(crate) diff: String,
    /// Parameters that are secrets of key vaults, each with its vault.
    pub(crate) vaults: Vec<(String, String)>,
    /// Files that it links to.
    pub(crate) links: Vec<String>,
    /// The files that belong to it, by their place below the folder that is written into: the template, and a parameter
    /// file for each region, today's first.
    pub(crate) files: Vec<(PathBuf, String)>,
    /// Whether a drill takes it: it goes into a resource group, or to a subscription.
    pub(crate) can_be_drilled: bool,
}

/// The lifted template, or why it stays as it is.
pub(crate) enum Fix {
    /// With the region that it is for today, and the other one.
    Lifted {
        lifted: Box<Lifted>,
        primary: Region,
        secondary: Region,
        /// The region that the template says most often, where it is another one.
        says: Option<Region>,
    },
    Refused(String),
    /// It serves any region as it is.
    Nothing,
}

impl Outcome {
    /// All files, by their places below the folder that is written into.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&Path, &str)> {
        let all = self.all.iter().flat_map(|fixed| &fixed.files);
        all.map(|(path, text)| (path.as_path(), text.as_str()))
    }
}

/// Lifts every template that was typed. Writes nothing.
pub(crate) fn lifted(typed: &RegionsArgs) -> Result<Outcome, CliError> {
    let mut wrong = Wrong::default();
    let mut passed_over = PassedOver::default();
    let found = templates(&typed.files, &mut wrong, &mut passed_over)?;
    if found.is_empty() && wrong.is_empty() {
        return Err(nothing_below(&typed.files, &passed_over));
    }
    if found.len() > 1 && !typed.parameters.is_empty() {
        return Err(CliError::failed("`--parameters` with `--fix` is for one template")
            .with_hint("name the template that the values are for"));
    }
    let mut all = Vec::new();
    let mut links = Links::default();
    for (place, template) in &found {
        let given = values::from_files(&typed.parameters, template)?;
        let linked = links.take(template, &given);
        let fixed = one(place, template, &given, typed, &mut wrong)?;
        all.extend(fixed.map(|fixed| Fixed { links: linked, vaults: given.vaults().collect(), ..fixed }));
    }
    leave_linked_ones(&mut all, &links);
    let mistakes = wrong.mistakes();
    let outcome = Outcome { all, passed_over, mistakes };
    if let Some(out) = &typed.out {
        refuse_to_replace(&outcome, out)?;
    }
    Ok(outcome)
}

fn one(
    place: &Path,
    template: &Template,
    given: &Given,
    typed: &RegionsArgs,
    wrong: &mut Wrong,
) -> Result<Option<Fixed>, CliError> {
    let file = template.file().to_owned();
    let unchanged = |result| Fixed {
        file: file.clone(),
        result,
        diff: String::new(),
        vaults: Vec::new(),
        links: Vec::new(),
        files: Vec::new(),
        can_be_drilled: matches!(
            template.scope(),
            DeploymentScope::ResourceGroup | DeploymentScope::Subscription
        ),
    };
    let (primary, secondary) = match regions(typed, template, &given.values)? {
        Ok(both) => both,
        Err(result) => return Ok(Some(unchanged(result))),
    };
    let says = home_region(template, &given.values).filter(|says| *says != primary);
    let name = place.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let context = context(&primary, name.clone());
    let folders = Folders::of([Path::new(template.file())]);
    let (known, secrets) = (Known::of(template), Secrets::of(&template.json(), &given.values));
    let shown = |text: &str| known.cover(&secrets, text);
    let wanted = Lift {
        template,
        given: &given.values,
        references: &given.secrets,
        primary: &primary,
        secondary: &secondary,
        context: &context,
        linked: &folders,
    };
    let mut lifted = match lift(&wanted) {
        Ok(lifted) => lifted,
        Err(LiftError::NotExpanding(mut found)) => {
            for mistake in &mut found {
                mistake.message = shown(&mistake.message);
                mistake.hint = mistake.hint.take().map(|hint| shown(&hint));
            }
            wrong.found.extend(found);
            return Ok(None);
        }
        Err(refused) => {
            let result = shown(&refused.to_string());
            return Ok(Some(unchanged(Fix::Refused(result))));
        }
    };
    for mistake in &mut lifted.mistakes {
        mistake.message = shown(&mistake.message);
    }
    for name in lifted.same_names.iter_mut().chain(&mut lifted.same_places) {
        *name = shown(name);
    }
    let diff = changed_lines(&covered(template), &covered_text(template, &lifted.text), &lifted.edits);
    let diff = secrets.cover(&diff);
    let values_of = |region: &Region, values| {
        (
            place.with_file_name(format!("{name}.{region}.parameters.json")),
            parameter_file(values, &given.secrets),
        )
    };
    let files = vec![
        (place.to_owned(), lifted.text.clone()),
        values_of(&primary, &lifted.primary),
        values_of(&secondary, &lifted.secondary),
    ];
    let result = Fix::Lifted { lifted: Box::new(lifted), primary, secondary, says };
    Ok(Some(Fixed { diff, files, ..unchanged(result) }))
}

/// Which template links to which file, by the files' real places.
#[derive(Default)]
struct Links(BTreeMap<PathBuf, String>);

impl Links {
    /// Takes down the files that a template links to, whatever becomes of it.
    fn take(&mut self, template: &Template, given: &Given) -> Vec<String> {
        let names: BTreeSet<String> = given.values.keys().cloned().collect();
        let mut values = given.values.clone();
        let made_up = placeholders(template, &names);
        values.extend(made_up.into_iter().map(|(name, placeholder)| (name, placeholder.value)));
        // Where it is deployed to says nothing of the files that it links to.
        let anywhere = Region::lenient("westeurope");
        let folders = Folders::of([Path::new(template.file())]);
        let expansion = expand(template, &values, &context(&anywhere, "links".to_owned()), &folders);
        let files: Vec<String> = expansion.links.iter().map(|link| link.found.file.clone()).collect();
        for file in &files {
            self.0.insert(real(file), template.file().to_owned());
        }
        files
    }
}

fn real(path: &str) -> PathBuf {
    Path::new(path).canonicalize().unwrap_or_else(|_| PathBuf::from(path))
}

/// A template that another one links to gets its values there: new parameters would not be given.
fn leave_linked_ones(all: &mut [Fixed], links: &Links) {
    for fixed in all {
        let from = links.0.get(&real(&fixed.file));
        let changes = !fixed.diff.is_empty();
        if let Some(from) = from.filter(|_| changes) {
            let why = format!(
                "`{from}` links to it, and would have to hand in what is new; lift it by hand, or by itself"
            );
            fixed.result = Fix::Refused(why);
            fixed.diff.clear();
            fixed.files.clear();
        }
    }
}

/// The two regions: typed, or as the template and the pairs say; or what becomes of a template that has none.
fn regions(
    typed: &RegionsArgs,
    template: &Template,
    given: &BTreeMap<String, serde_json::Value>,
) -> Result<Result<(Region, Region), Fix>, CliError> {
    let primary = region(typed.primary.as_ref(), "--primary")?.or_else(|| home_region(template, given));
    let secondary = region(typed.secondary.as_ref(), "--secondary")?;
    let Some(primary) = primary else {
        let why = "it names no region that it is for: say which serves today: `--primary westeurope`";
        let is_tied = |tie: &Tie| tie.kind.level() < Level::GoodToKnow;
        let liftable = is_liftable(template) || ties(template).iter().any(is_tied);
        return Ok(Err(if liftable { Fix::Refused(why.to_owned()) } else { Fix::Nothing }));
    };
    Ok(match secondary.or_else(|| primary.pair()) {
        Some(secondary) if secondary == primary => {
            Err(Fix::Refused(format!("{primary} is both regions: name two different ones")))
        }
        Some(secondary) => Ok((primary, secondary)),
        None => Err(Fix::Refused(format!(
            "{primary} is paired with no region: say which takes over: `--secondary northeurope`"
        ))),
    })
}

/// A file that is there stays, unless it says the same already.
fn refuse_to_replace(outcome: &Outcome, out: &Path) -> Result<(), CliError> {
    let mut taken = BTreeSet::new();
    for (name, text) in outcome.files() {
        let path = out.join(name);
        let shown = path.display();
        if path.exists() && text_of(&path).ok().as_deref() != Some(text) {
            return Err(CliError::failed(format!("`{shown}` is there already, with another text"))
                .with_hint("name another folder with `--out`; nothing was written"));
        }
        if !taken.insert(name) {
            return Err(CliError::failed(format!("two templates would be written to `{shown}`"))
                .with_hint("name the folder that they are in, or one after the other"));
        }
    }
    Ok(())
}

/// The text of a template with its secrets covered; lengths stay as they are.
fn covered(template: &Template) -> String {
    cover_ranges(template.text(), &secret_ranges(template))
}

/// The same of a text that was lifted from a template.
fn covered_text(template: &Template, text: &str) -> String {
    // What was proved can be parsed.
    Template::parse(template.file(), text).map_or_else(|_| String::new(), |lifted| covered(&lifted))
}

fn context(primary: &Region, deployment_name: String) -> Context {
    Context {
        subscription: LAB_SUBSCRIPTION.to_owned(),
        tenant: LAB_SUBSCRIPTION.to_owned(),
        resource_group: Some(ResourceGroupInfo { name: "example".to_owned(), location: primary.to_string() }),
        location: Some(primary.to_string()),
        new_guid_seed: deployment_name.clone(),
        deployment_name,
        management_group: None,
        now: epoch(),
        groups: BTreeMap::new(),
    }
}
