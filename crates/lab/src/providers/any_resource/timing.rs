//! How long a resource takes that has no provider of its own. The numbers are the lab's: see [`crate::Timing`].

use serde::{Deserialize, Serialize};

use crate::timing::Span;

/// The durations of resources of which the lab knows nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnyResourceTiming {
    /// From the PUT of a resource without a provider of its own to `Succeeded`.
    pub create: Span,
    /// From its DELETE to 404.
    pub delete: Span,
}

impl Default for AnyResourceTiming {
    fn default() -> Self {
        Self { create: Span::seconds(11, 48), delete: Span::seconds(7, 26) }
    }
}
