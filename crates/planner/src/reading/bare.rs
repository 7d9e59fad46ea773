//! A workload from an ARM template alone: placeholders for what nobody said, a second set of parameters for the second
//! region, and every assumption listed.

mod both;
mod second;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_arm::Region;
use lifeboat_arm::template::lift::home_region;
use lifeboat_arm::template::{Diagnostic, Linked, ParameterDeclaration, Template};
use serde_json::Value;

use self::both::{both_regions, paired_regions};
use self::second::Second;
use self::values::{Here, Values, allowed_region, names_a_region, values};
use super::{About, SiteTemplate, read_site, together};
use crate::topology::{Declared, GROUPS, Site, Workload};

/// What the user said besides the template.
#[derive(Debug, Clone, Default)]
pub struct Bare {
    /// Values of parameters, from files and from `--set`, later ones winning.
    pub given: BTreeMap<String, Value>,
    /// Values that hold in the second region alone; what is not among them is derived from the first region's.
    pub given_there: BTreeMap<String, Value>,
    /// Parameters that are secrets of key vaults, each in the words that people know it by: nothing reads them here.
    pub secrets: BTreeMap<String, String>,
    /// The same in the second region.
    pub secrets_there: BTreeMap<String, String>,
    /// `--primary`.
    pub primary: Option<Region>,
    /// `--secondary`.
    pub secondary: Option<Region>,
}

/// Why a template makes no workload.
#[derive(Debug, thiserror::Error)]
pub enum BareError {
    /// The template is wrong, or needs something that is not there.
    #[error("the template has {} mistakes", .0.len())]
    Template(Vec<Diagnostic>),
    /// It is wrong with the values of the second region.
    #[error("the template has {} mistakes in the second region", .0.len())]
    There(Vec<Diagnostic>),
    /// Both regions are in one deployment, which has one set of values.
    #[error("the template holds both regions, `{0}` and `{1}`: no second deployment takes values of its own")]
    OneDeployment(Region, Region),
    /// The template holds another second region than the one asked for.
    #[error("the template pairs {found} with {primary}, and `--secondary` says {asked}")]
    OtherSecondary {
        /// The first region in the template.
        primary: Region,
        /// The second region in the template.
        found: Region,
        /// What was asked for.
        asked: Region,
    },
    /// The values of the second region are for another one than the one asked for.
    #[error("the values for the second region say `{found}`, and `--secondary` says `{asked}`")]
    OtherThere {
        /// The region in the values.
        found: Region,
        /// What was asked for.
        asked: Region,
    },
    /// The template holds another first region than the one asked for.
    #[error("the template pairs {found} with {secondary}, and `--primary` says {asked}")]
    OtherPrimary {
        /// The first region in the template.
        found: Region,
        /// The second region in the template.
        secondary: Region,
        /// What was asked for.
        asked: Region,
    },
    /// Nothing reaches from one cloud into another.
    #[error("{0} and {1} are in different clouds")]
    TwoClouds(Region, Region),
    /// The two regions are one.
    #[error("the primary and the secondary region are both {0}")]
    OneRegion(Region),
}

/// A workload and what had to be assumed to make it.
pub type Assumed = (Workload, Vec<Assumption>);

/// Something that nobody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumption {
    /// What is assumed, and why.
    pub says: String,
    /// It stands for something that could have been given; the rest follows from what was given.
    pub missing: bool,
}

impl Assumption {
    fn missing(says: String) -> Self {
        Self { says, missing: true }
    }

    fn follows(says: String) -> Self {
        Self { says, missing: false }
    }
}

/// Reads a template as a workload of its own. `about.name` names groups.
pub fn read_bare(
    about: &About,
    template: &Template,
    bare: &Bare,
    linked: &dyn Linked,
) -> Result<Assumed, BareError> {
    let home = home(about, template, bare, linked)?;
    if let Some((first, second)) = paired_regions(&home.site) {
        if first == second {
            return Err(BareError::OneRegion(first));
        }
        if cloud(&first) != cloud(&second) {
            // The first region may only be our own assumption: then the second one's pair is the better one.
            let ours = bare.primary.is_none() && first == home.primary;
            if let Some(better) = second.pair().filter(|better| ours && *better != second) {
                let bare = Bare { primary: Some(better.clone()), ..bare.clone() };
                let (workload, mut assumed) = read_bare(about, template, &bare, linked)?;
                let says =
                    format!("the primary region is {better}: {first} is in another cloud than {second}");
                assumed.insert(0, Assumption::missing(says));
                return Ok((workload, assumed));
            }
            return Err(BareError::TwoClouds(first, second));
        }
        if let Some(asked) = bare.secondary.clone().filter(|asked| *asked != second) {
            return Err(BareError::OtherSecondary { primary: first, found: second, asked });
        }
        if let Some(asked) = bare.primary.clone().filter(|asked| *asked != first) {
            return Err(BareError::OtherPrimary { found: first, secondary: second, asked });
        }
        if !(bare.given_there.is_empty() && bare.secrets_there.is_empty()) {
            return Err(BareError::OneDeployment(first, second));
        }
        return both_regions(about, template, home, (&first, &second), linked);
    }
    let Home { primary, fallback, mut values, site: at_home, mut assumed } = home;
    is_for(template, bare, &primary)?;
    assumed.append(&mut values.assumed);
    if bare.secondary.is_none() {
        assumed.push(if region_there(template, bare, &primary).as_ref() == Some(&fallback) {
            Assumption::follows(format!("the secondary region is {fallback}: its parameters name it"))
        } else {
            Assumption::missing(format!("the secondary region is {fallback}: no `--secondary` was given"))
        });
    }
    let (given, forgotten) = (&bare.given_there, &forgotten(template, bare));
    let second =
        Second { about, template, primary: &primary, secondary: &fallback, given, forgotten, linked };
    let (mut away_values, away) = second.read(&values.all, &at_home);
    assumed.append(&mut away_values.assumed);
    let unread = bare.secrets_there.iter().filter(|(name, secret)| bare.secrets.get(*name) != Some(*secret));
    assumed.extend(unread.map(|(name, secret)| {
        let says = format!(
            "parameter `{name}` is {secret} in the second region, not read here: the first region's stands for it"
        );
        Assumption::follows(says)
    }));
    let away = away.map_err(BareError::There)?;
    let workload = together(about, template, at_home, away, None).map_err(BareError::Template)?;
    let away: BTreeSet<&str> =
        workload.secondary.presumed.iter().map(|presumed| presumed.id.name()).collect();
    let presumed = workload.primary.presumed.iter();
    assumed.extend(presumed.map(|one| presumption(one, !away.is_empty() && !one.kind.is(GROUPS))));
    Ok((workload, assumed))
}

/// The template as it stands in the primary region.
struct Home {
    primary: Region,
    /// The second region, unless the template turns out to hold one.
    fallback: Region,
    values: Values,
    site: Site,
    assumed: Vec<Assumption>,
}

/// Reads the template for the primary region: the one that was asked for, else the usual one; and where the template
/// names its own region, that one.
fn home(about: &About, template: &Template, bare: &Bare, linked: &dyn Linked) -> Result<Home, BareError> {
    let named = home_region(template, &bare.given).filter(|named| Some(named) != bare.secondary.as_ref());
    let usual = named.clone().unwrap_or_else(|| Region::lenient("westeurope"));
    let (region, says) = match &bare.primary {
        Some(region) => (region.clone(), None),
        None => match allowed_region(template, &usual, bare.secondary.as_ref()) {
            Some(region) if region != usual => {
                let says = format!("the primary region is {region}: the template allows no {usual}");
                (region, Some(Assumption::missing(says)))
            }
            _ if named.is_some() => {
                let says = format!("the primary region is {usual}: the template names it");
                (usual.clone(), Some(Assumption::follows(says)))
            }
            _ => {
                let says = format!("the primary region is {usual}: no `--primary` was given");
                (usual.clone(), Some(Assumption::missing(says)))
            }
        },
    };
    let home = home_in(about, template, bare, linked, region, says)?;
    let own = only_region(&home.site).filter(|own| bare.primary.is_none() && *own != home.primary);
    let Some(own) = own.filter(|_| paired_regions(&home.site).is_none()) else { return Ok(home) };
    let says = format!("the primary region is {own}: the template places its resources there");
    home_in(about, template, bare, linked, own, Some(Assumption::follows(says)))
}

fn home_in(
    about: &About,
    template: &Template,
    bare: &Bare,
    linked: &dyn Linked,
    primary: Region,
    says: Option<Assumption>,
) -> Result<Home, BareError> {
    match &bare.secondary {
        Some(asked) if *asked == primary => return Err(BareError::OneRegion(primary)),
        Some(asked) if cloud(asked) != cloud(&primary) => {
            return Err(BareError::TwoClouds(primary, asked.clone()));
        }
        _ => {}
    }
    let asked = bare.secondary.clone().or_else(|| region_there(template, bare, &primary));
    let fallback = asked.unwrap_or_else(|| {
        let pair = other_region(&primary);
        allowed_region(template, &pair, Some(&primary)).unwrap_or(pair)
    });
    let group = format!("{}-{}", about.name, primary.abbreviation());
    let here = Here { region: &primary, group: &group, subscription: &about.subscription };
    let values = values(template, bare, here, &fallback);
    let at_home = SiteTemplate { template, parameters: &values.all, group: &group, region: &primary };
    let site = read_site(about, at_home, linked).map_err(BareError::Template)?;
    Ok(Home { primary, fallback, values, site, assumed: says.into_iter().collect() })
}

/// Required parameters that were given for the first region alone, where the second one has values of its own.
fn forgotten<'t>(template: &'t Template, bare: &Bare) -> BTreeSet<&'t str> {
    let is_forgotten = |declaration: &&ParameterDeclaration| {
        let name = &declaration.name;
        let there = bare.given_there.contains_key(name) || bare.secrets_there.contains_key(name);
        declaration.is_required() && bare.given.contains_key(name) && !there
    };
    let has_own = !(bare.given_there.is_empty() && bare.secrets_there.is_empty());
    let all = template.parameters().filter(|_| has_own).filter(is_forgotten);
    all.map(|declaration| declaration.name.as_str()).collect()
}

/// The region that the values of the second region name, unless it is the first.
fn region_there(template: &Template, bare: &Bare, primary: &Region) -> Option<Region> {
    let plain = template.parameters().filter(|declaration| !declaration.secure);
    let texts = plain.filter_map(|declaration| bare.given_there.get(&declaration.name)?.as_str());
    texts.filter_map(Region::known).find(|region| region != primary && cloud(region) == cloud(primary))
}

/// Whether the values of the second region, where they say a place at all, say the one that was asked for.
fn is_for(template: &Template, bare: &Bare, primary: &Region) -> Result<(), BareError> {
    let Some(asked) = &bare.secondary else { return Ok(()) };
    let places = template.parameters().filter(|declaration| names_a_region(declaration));
    let texts = places.filter_map(|declaration| bare.given_there.get(&declaration.name)?.as_str());
    let said: Vec<Region> = texts.filter_map(Region::known).filter(|region| region != primary).collect();
    match said.first() {
        Some(found) if !said.contains(asked) => {
            Err(BareError::OtherThere { found: found.clone(), asked: asked.clone() })
        }
        _ => Ok(()),
    }
}

/// Azure's clouds know nothing of each other.
fn cloud(region: &Region) -> &'static str {
    match region.geography() {
        Some("US Government") => "US Government",
        Some("China") => "China",
        _ => "public",
    }
}

/// The one region that everything with a place is in, if it is one.
fn only_region(site: &Site) -> Option<Region> {
    let regions: BTreeSet<&str> = site
        .resources
        .iter()
        .filter_map(|declared| declared.location.as_ref())
        .map(Region::as_str)
        .filter(|region| *region != "global")
        .collect();
    let mut regions = regions.into_iter();
    let only = regions.next().filter(|_| regions.next().is_none())?;
    Region::parse(only).ok()
}

fn presumption(presumed: &Declared, both: bool) -> Assumption {
    let name = presumed.id.name();
    let both = if both { ", in both regions" } else { "" };
    Assumption::missing(if presumed.kind.is(GROUPS) {
        format!("the group `{name}` exists: the template needs it and does not create it")
    } else {
        let kind = &presumed.kind;
        format!("`{name}` ({kind}) exists{both}: the template needs it and does not declare it")
    })
}

/// The pair that Azure made, or a neighbour.
fn other_region(primary: &Region) -> Region {
    primary
        .pair()
        .or_else(|| {
            Region::all().find(|region| region != primary && region.geography() == primary.geography())
        })
        .unwrap_or_else(|| {
            Region::lenient(if primary.as_str() == "northeurope" { "westeurope" } else { "northeurope" })
        })
}
