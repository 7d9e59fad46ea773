//! Resources by the names that an expression may call them by, where the name itself is an answer of the run:
//! `reference(reference('names').outputs.bus.value)`. Names that the template writes have long become ids.

use lifeboat_arm::template::ExpandedResource;

use super::super::program::Program;

/// The resources that an expression may name.
pub(super) struct Named<'a> {
    pub(super) program: &'a Program,
    /// The nested deployment in which the expression stands; none in the outermost.
    pub(super) within: Option<usize>,
}

impl<'a> Named<'a> {
    /// The resource that a name, `type/name` or a symbolic name calls: of the own template, else of the ones around it. None
    /// where several answer to it.
    pub(super) fn find(&self, name: &str) -> Option<&'a ExpandedResource> {
        let mut within = self.within;
        loop {
            let own = self.program.own(within).map(|at| &self.program.resources[at]);
            let mut found = own.filter(|one| is_called(one, name));
            if let Some(first) = found.next() {
                return found.all(|other| other.id.eq_ignore_ascii_case(&first.id)).then_some(first);
            }
            within = self.program.inside[within?];
        }
    }
}

fn is_called(resource: &ExpandedResource, name: &str) -> bool {
    let is = |own: &str| own.eq_ignore_ascii_case(name);
    let (kind, own) = (&resource.kind, &resource.name);
    is(own) || resource.symbol.as_deref().is_some_and(is) || name.contains('/') && is(&interleaved(kind, own))
}

/// `Microsoft.Sql/servers/databases`, `a/b` → `Microsoft.Sql/servers/a/databases/b`.
fn interleaved(kind: &str, name: &str) -> String {
    let mut kinds = kind.split('/');
    let mut all: Vec<&str> = kinds.next().into_iter().collect();
    for (kind, name) in kinds.zip(name.split('/')) {
        all.extend([kind, name]);
    }
    all.join("/")
}
