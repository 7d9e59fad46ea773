//! Which boxes there are, which of them stand inside of others, and which arrows are worth drawing.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_arm::Region;
use lifeboat_arm::template::{Diagnostic, ExpandedResource, Expansion, Severity};

use crate::format::counted;
use crate::marks::Marks;

/// The resources of an expansion, by their places in it, and what waits for what.
#[derive(Debug)]
pub struct Graph<'e> {
    /// What is deployed or read. What a false condition leaves out is not there.
    pub resources: &'e [ExpandedResource],
    /// Of each, the deployment that it stands in.
    pub parents: Vec<Option<usize>>,
    /// What waits for what.
    pub arrows: Vec<Arrow>,
    /// Of each, the name that is shown: what only the deployment can tell has a mark.
    pub names: Vec<String>,
    /// Of each, the id that is shown.
    pub ids: Vec<String>,
    /// They lie in more than one region: then each box tells where.
    pub has_several_regions: bool,
    /// Mistakes of the template: what hangs on them is missing here.
    pub mistakes: usize,
    /// What stands directly inside of each deployment, or outside of all.
    held: BTreeMap<Option<usize>, Vec<usize>>,
}

/// One resource waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    /// Who waits.
    pub from: usize,
    /// For whom.
    pub to: usize,
    /// No `dependsOn` says so, only a `reference`.
    pub implied: bool,
}

impl<'e> Graph<'e> {
    /// The graph of an expansion.
    pub fn of(expansion: &'e Expansion) -> Self {
        let resources = expansion.resources.as_slice();
        let is_mistake = |found: &&Diagnostic| found.severity == Severity::Error;
        let mistakes = expansion.diagnostics.iter().filter(is_mistake).count();
        let parents = expansion.parents();
        let mut held: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (at, parent) in parents.iter().enumerate() {
            held.entry(*parent).or_default().push(at);
        }
        let marks = Marks::of(expansion);
        let mut graph = Self {
            resources,
            parents,
            arrows: Vec::new(),
            names: resources.iter().map(|resource| marks.name(resource)).collect(),
            ids: resources.iter().map(|resource| marks.text(&resource.id).into_owned()).collect(),
            has_several_regions: regions(resources).len() > 1,
            mistakes,
            held,
        };
        graph.arrows = (0..resources.len()).flat_map(|from| graph.arrows_of(from)).collect();
        graph
    }

    /// That this is not the whole graph, if so.
    pub fn incomplete(&self) -> Option<String> {
        (self.mistakes > 0)
            .then(|| format!("incomplete: the template has {}", counted(self.mistakes, "mistake")))
    }

    /// The resources directly inside a deployment, or outside of all.
    pub fn inside(&self, deployment: Option<usize>) -> impl Iterator<Item = usize> {
        self.held.get(&deployment).into_iter().flatten().copied()
    }

    /// Whether something stands inside of it.
    pub fn is_cluster(&self, at: usize) -> bool {
        self.resources[at].deployment.is_some() && self.held.contains_key(&Some(at))
    }

    /// It and the deployments around it, the outermost first.
    pub fn way(&self, at: usize) -> Vec<usize> {
        let mut way: Vec<usize> = std::iter::successors(Some(at), |at| self.parents[*at]).collect();
        way.reverse();
        way
    }

    /// That a deployment waits for what is inside, and what is inside for what the deployment waits for, its frame tells.
    fn arrows_of(&self, from: usize) -> Vec<Arrow> {
        let resource = &self.resources[from];
        let around = self.parents[from];
        // Deployments wait for what they hold, too: that is no wait of those beside it.
        let is_inherited = |to: &usize| {
            around.is_some_and(|around| {
                self.resources[around].waits_for.contains(to) && !self.way(*to).contains(&around)
            })
        };
        let holds = |to: &usize| self.way(*to).contains(&from);
        let worth = resource.waits_for.iter().filter(|to| !holds(to) && !is_inherited(to));
        worth.map(|to| Arrow { from, to: *to, implied: resource.implied.contains(to) }).collect()
    }
}

/// Where they lie, however that is spelled. What is everywhere lies in none of them.
fn regions(resources: &[ExpandedResource]) -> BTreeSet<String> {
    let all = resources.iter().filter_map(|resource| resource.location.as_deref()).map(Region::lenient);
    all.map(|region| region.as_str().to_owned()).filter(|region| region != "global").collect()
}
