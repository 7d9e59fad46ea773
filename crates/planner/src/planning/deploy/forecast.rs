//! How long a deployment takes.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use lifeboat_arm::ResourceId;
use lifeboat_plan::{Basis, Forecast};

use crate::durations;
use crate::topology::Declared;

/// The longest chain of creations, not their sum: ARM creates what does not wait in parallel.
pub(super) fn forecast(kept: &[&Declared]) -> Forecast {
    if kept.is_empty() {
        return Forecast::assumed(1, 2, "nothing is deployed, only looked at");
    }
    let by_id: BTreeMap<&ResourceId, &Declared> =
        kept.iter().map(|declared| (&declared.id, *declared)).collect();
    let mut known: BTreeMap<&ResourceId, (SignedDuration, SignedDuration)> = BTreeMap::new();
    let mut longest = (SignedDuration::ZERO, SignedDuration::ZERO);
    for declared in kept {
        let chain = chain(&declared.id, &by_id, &mut known, 0);
        longest = (longest.0.max(chain.0), longest.1.max(chain.1));
    }
    let overhead = SignedDuration::from_secs(10);
    Forecast {
        typical: longest.0 + overhead,
        p95: longest.1 + overhead,
        basis: Basis::Documented(
            "the longest chain of creations in the template, each by its service's page".into(),
        ),
    }
}

fn chain<'a>(
    id: &'a ResourceId,
    by_id: &BTreeMap<&'a ResourceId, &'a Declared>,
    known: &mut BTreeMap<&'a ResourceId, (SignedDuration, SignedDuration)>,
    depth: usize,
) -> (SignedDuration, SignedDuration) {
    if let Some(chain) = known.get(id) {
        return *chain;
    }
    // Templates may be wrong; a ring or an absurd depth must not take us down with it.
    let Some(declared) = by_id.get(id).filter(|_| depth < 500) else {
        return (SignedDuration::ZERO, SignedDuration::ZERO);
    };
    known.insert(id, (SignedDuration::ZERO, SignedDuration::ZERO));
    let own = durations::creation(&declared.kind);
    let before = declared.depends_on.iter().map(|source| {
        let source = by_id.get_key_value(source).map(|(id, _)| *id);
        source.map_or((SignedDuration::ZERO, SignedDuration::ZERO), |source| {
            chain(source, by_id, known, depth + 1)
        })
    });
    let (typical, p95) = before.fold((SignedDuration::ZERO, SignedDuration::ZERO), |most, one| {
        (most.0.max(one.0), most.1.max(one.1))
    });
    let chain = (own.typical + typical, own.p95 + p95);
    known.insert(id, chain);
    chain
}
