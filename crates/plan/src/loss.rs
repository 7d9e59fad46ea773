//! What a way gives up, said before the button.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::step::Plan;

/// Everything that a way gives up; empty when nothing is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LossStatement(pub Vec<Loss>);

impl LossStatement {
    /// Nothing is given up.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Plan {
    /// Everything that may be given up: by the ways that are begun with, and by those that may take their place without
    /// anybody being asked again. What several ways give up is named once.
    pub fn possible_losses(&self) -> Vec<Loss> {
        let mut losses: Vec<Loss> = Vec::new();
        for step in &self.steps {
            let other = step.ungraceful.as_ref().filter(|_| self.policy.may_switch);
            for loss in
                std::iter::once(step.way(self.policy.prefer)).chain(other).flat_map(|way| &way.loses.0)
            {
                if !losses.contains(loss) {
                    losses.push(loss.clone());
                }
            }
        }
        losses
    }
}

/// One thing that is given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// Of which kind.
    pub kind: LossKind,
    /// What, in words: "active messages in `orders`".
    pub what: String,
    /// How many, as an operator could last observe it; none when nobody can know.
    pub count: Option<u64>,
    /// When that was observed.
    pub observed_at: Option<Timestamp>,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LossKind {
    /// Out of reach until the old region returns.
    Stranded,
    /// Gone.
    Lost,
    /// Not carried over: state that the other side starts without.
    Reset,
    /// Nobody knows: nothing that Lifeboat knows of copies it.
    Unknown,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            LossKind::Stranded => "stranded",
            LossKind::Lost => "lost",
            LossKind::Reset => "not carried over",
            LossKind::Unknown => return write!(f, "unknown: {}, nothing copies it", self.what),
        };
        let Some(count) = self.count else { return write!(f, "{kind}: {}, count unknown", self.what) };
        write!(f, "{kind}: {count} ")?;
        // One of them: "active message in `orders`", "change of queues".
        let ends = ["s in ", "s of "].into_iter().filter_map(|end| self.what.find(end)).min();
        match ends.filter(|_| count == 1) {
            Some(end) => write!(f, "{}{}", &self.what[..end], &self.what[end + 1..])?,
            None => f.write_str(&self.what)?,
        }
        self.observed_at.map_or(Ok(()), |at| write!(f, " (seen at {at})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_more() {
        let says = |what: &str, count| {
            Loss { kind: LossKind::Lost, what: what.to_owned(), count, observed_at: None }.to_string()
        };
        assert_eq!(says("active messages in `a`", Some(1)), "lost: 1 active message in `a`");
        assert_eq!(says("active messages in `a`", Some(2)), "lost: 2 active messages in `a`");
        assert_eq!(says("changes of queues in `a`", Some(1)), "lost: 1 change of queues in `a`");
        assert_eq!(says("session state of `a`", Some(1)), "lost: 1 session state of `a`");
        assert_eq!(says("active messages in `a`", None), "lost: active messages in `a`, count unknown");
    }
}
