//! The holes of a way, wherever they are: a value that cannot be had is missed in all of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::condition::{Condition, Is};
use crate::draft::{Hole, ReadDraft};
use crate::step::{Action, CaptureFrom, ReadId, Way};

impl Way {
    /// Every read that it looks at: for its conditions, its captures and its stage.
    pub fn reads(&self) -> BTreeSet<&ReadId> {
        let conditions = std::iter::once(&self.done_when).chain(&self.started_when);
        let mut looks: BTreeSet<&ReadId> = conditions.flat_map(Condition::reads).collect();
        looks.extend(self.captures.iter().filter_map(|capture| match &capture.from {
            CaptureFrom::Read(read, _) => Some(read),
            CaptureFrom::Answer(_) => None,
        }));
        if let Action::Expand(stage) = &self.action {
            looks.extend(&stage.reads);
        }
        looks
    }

    /// All its holes, wherever they are: in what it sends, moves, looks at, keeps and compares with.
    pub fn holes(&self, reads: &BTreeMap<ReadId, ReadDraft>) -> BTreeSet<Hole> {
        let conditions = std::iter::once(&self.done_when).chain(&self.started_when);
        let mut holes: BTreeSet<Hole> = conditions.flat_map(Condition::holes).collect();
        match &self.action {
            Action::Send(call) => holes.extend(call.holes()),
            Action::Pump(transfer) => {
                holes.extend(transfer.from_host.holes().chain(transfer.to_host.holes()).cloned());
            }
            Action::Expand(_) | Action::Ask(_) | Action::Wait => {}
        }
        holes.extend(self.reads().into_iter().filter_map(|read| reads.get(read)).flat_map(ReadDraft::holes));
        holes
    }
}

impl Hole {
    /// The facts that fill it.
    pub(crate) fn facts(&self, into: &mut BTreeSet<String>) {
        match self {
            Self::Fact(key) => {
                into.insert(key.clone());
            }
            Self::Max(a, b) => {
                a.facts(into);
                b.facts(into);
            }
            Self::Add(base, _) => base.facts(into),
            Self::Captured(..) | Self::Secret(_) | Self::RunId | Self::Number(_) => {}
        }
    }
}

impl Condition {
    /// All holes of what it compares with; those of its reads are the reads' own.
    pub fn holes(&self) -> BTreeSet<Hole> {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().flat_map(Self::holes).collect(),
            Self::Not(inner) | Self::Never { seen: inner, .. } | Self::Held { of: inner, .. } => {
                inner.holes()
            }
            Self::Each { holds, .. } => holds.iter().flat_map(|(_, is)| is.holes()).collect(),
            Self::Test { item, is, .. } => {
                let id = item.iter().flat_map(|item| item.id.holes().cloned());
                is.holes().into_iter().chain(id).collect()
            }
        }
    }
}

impl Is {
    fn holes(&self) -> BTreeSet<Hole> {
        let mut holes = BTreeSet::new();
        match self {
            Self::Equal(draft)
            | Self::AtLeast(draft)
            | Self::AtMost(draft)
            | Self::After(draft)
            | Self::SameSet(draft)
            | Self::Includes(draft) => draft.collect(&mut holes),
            Self::SameId(text) => holes.extend(text.holes().cloned()),
            Self::OneOf(_) | Self::Absent | Self::Present => {}
        }
        holes
    }
}
