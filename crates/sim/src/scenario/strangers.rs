//! Names in a scenario that name nothing of the workload: such an event would hit nothing, and the drill would pass.

use std::collections::BTreeSet;

use lifeboat_arm::{Region, nearest};
use lifeboat_lab::operations;
use lifeboat_planner::{Position, Problem, Workload};

use super::{Fault, Place, Scenario, ScenarioEvent, What};

/// What is asked of ARM itself.
const RESOURCES: &[&str] =
    &["deployments", "deployments/validate", "deployments/whatIf", "resourceGroups", "resources"];
const VERBS: [&str; 3] = ["/read", "/write", "/delete"];

impl Scenario {
    /// Regions, providers, types and operations of which the workload has none, each where it stands in the file.
    pub fn strangers(&self, workload: &Workload) -> Vec<Problem> {
        let known = Known::of(workload);
        let events = self.before.iter().chain(&self.events);
        events.flat_map(|event| known.strangers(event)).collect()
    }
}

/// What a scenario can hit.
struct Known {
    regions: BTreeSet<String>,
    kinds: BTreeSet<String>,
}

impl Known {
    fn of(workload: &Workload) -> Self {
        let sites = [&workload.primary, &workload.secondary].into_iter().chain(&workload.shared);
        let sites = sites.flat_map(|site| [site.region.to_string(), site.group_region.to_string()]);
        // `global` and the like are no place that can be lost.
        let is_region = |text: &String| Region::parse(text).is_ok();
        let declared = workload.declared().filter_map(|declared| declared.location.as_ref());
        let regions = sites.chain(declared.map(ToString::to_string)).filter(is_region).collect();
        let own = workload.declared().map(|declared| declared.kind.as_str().to_owned());
        let mut kinds: BTreeSet<String> = own.collect();
        let namespace = |kind: &String| kind.split('/').next().unwrap_or_default().to_owned();
        let providers: BTreeSet<String> = kinds.iter().map(namespace).collect();
        // Each service says itself what else it can be asked.
        for provider in providers {
            kinds.extend(operations(&provider).iter().map(|asked| format!("{provider}/{asked}")));
        }
        kinds.extend(RESOURCES.iter().map(|asked| format!("Microsoft.Resources/{asked}")));
        Self { regions, kinds }
    }

    fn providers(&self) -> BTreeSet<&str> {
        self.kinds.iter().filter_map(|kind| kind.split('/').next()).collect()
    }

    fn strangers(&self, event: &ScenarioEvent) -> Vec<Problem> {
        let mut found = Vec::new();
        if let Some(Place::Named(region)) = event.what.place()
            && !self.regions.contains(region.as_str())
        {
            let known = self.regions.iter().map(String::as_str).collect();
            let message = format!("the workload has nothing in `{region}`");
            found.push(problem(event.places.region, message, region.as_str(), &known));
        }
        match &event.what {
            What::Fault(fault) => found.extend(self.fault(fault, event)),
            What::Quota { kind, .. } if !self.kinds.iter().any(|known| known.eq_ignore_ascii_case(kind)) => {
                let known = self.kinds.iter().map(String::as_str).collect();
                let message = format!("the workload has nothing of the type `{kind}`");
                found.push(problem(event.places.provider, message, kind, &known));
            }
            _ => {}
        }
        found
    }

    fn fault(&self, fault: &Fault, event: &ScenarioEvent) -> Option<Problem> {
        let providers = self.providers();
        if !providers.iter().any(|known| known.eq_ignore_ascii_case(&fault.provider)) {
            let message = format!("the workload has nothing of `{}`", fault.provider);
            return Some(problem(event.places.provider, message, &fault.provider, &providers));
        }
        let written = fault.operation.as_deref()?;
        let of_provider = |kind: &&String| {
            kind.split('/').next().is_some_and(|provider| provider.eq_ignore_ascii_case(&fault.provider))
        };
        let kinds: Vec<&String> = self.kinds.iter().filter(of_provider).collect();
        let verb = VERBS.iter().find(|verb| written.ends_with(*verb)).copied().unwrap_or_default();
        let wanted = written.trim_end_matches(verb);
        if kinds.iter().any(|kind| ends_with_segments(kind, wanted)) {
            return None;
        }
        // As long as what was written: `failovr` is compared with `failover`, not with the whole type.
        let parts = wanted.split('/').count();
        let known: Vec<String> = kinds.iter().map(|kind| last_segments(kind, parts) + verb).collect();
        let known = known.iter().map(String::as_str).collect();
        let message = format!("nothing of the workload is asked to `{written}`");
        Some(problem(event.places.operation, message, written, &known))
    }
}

fn problem(at: Position, message: String, written: &str, known: &BTreeSet<&str>) -> Problem {
    let hint = nearest(written, known.iter().copied()).map_or_else(
        || format!("it would hit nothing; there is {}", known.iter().copied().collect::<Vec<_>>().join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    Problem { at, message, hint: Some(hint) }
}

/// As the lab compares: without case, and whole segments.
fn ends_with_segments(kind: &str, wanted: &str) -> bool {
    let (kind, wanted) = (kind.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    kind.strip_suffix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

fn last_segments(kind: &str, count: usize) -> String {
    let parts: Vec<&str> = kind.split('/').collect();
    parts[parts.len().saturating_sub(count)..].join("/")
}
