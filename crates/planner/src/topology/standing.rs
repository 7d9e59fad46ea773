//! The workload as it stands: where fresh resources have taken the place of declared ones, and what these left behind.
//!
//! Derived from what was observed each time, never stored: whoever looks again with nothing in hand finds the same.

use std::borrow::Cow;

use lifeboat_arm::ResourceId;

use super::{Component, Side, Workload};
use crate::inventory::Inventory;
use crate::services::service_for;

/// What a component was before fresh resources took the place of declared ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Replaced {
    /// What the templates declare in the primary region.
    pub primary: ResourceId,
    /// What they declare in the secondary region.
    pub secondary: ResourceId,
    /// What stands by nobody's side any more, and costs until somebody deletes it.
    pub former: Vec<ResourceId>,
}

/// Which resource is meant on a side that was left and has no partner yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standby {
    /// The one that was left: to be fenced and drained.
    Left,
    /// The one that is to stand by from now on, there already or not.
    ToCome,
}

impl Component {
    /// What the templates call the resource on one side.
    pub fn declared(&self, side: Side) -> &ResourceId {
        match (&self.replaced, side) {
            (Some(replaced), Side::Primary) => &replaced.primary,
            (Some(replaced), Side::Secondary) => &replaced.secondary,
            (None, side) => self.on(side),
        }
    }

    /// What stood for it before and still stands.
    pub fn former(&self) -> &[ResourceId] {
        self.replaced.as_ref().map_or(&[], |replaced| &replaced.former)
    }
}

impl Workload {
    /// The workload with the resources that stand for its components now.
    #[must_use]
    pub fn as_observed(&self, seen: &Inventory) -> Cow<'_, Self> {
        self.standing(seen, Standby::Left)
    }

    /// The workload with the resources that stand for its components once it is prepared.
    #[must_use]
    pub fn as_prepared(&self, seen: &Inventory) -> Cow<'_, Self> {
        self.standing(seen, Standby::ToCome)
    }

    fn standing(&self, seen: &Inventory, standby: Standby) -> Cow<'_, Self> {
        let stand: Vec<Option<Component>> = self
            .components
            .iter()
            .map(|component| service_for(&component.kind).standing(component, self, seen, standby))
            .collect();
        if stand.iter().all(Option::is_none) {
            return Cow::Borrowed(self);
        }
        let mut workload = self.clone();
        for (component, stands) in workload.components.iter_mut().zip(stand) {
            if let Some(stands) = stands {
                *component = stands;
            }
        }
        Cow::Owned(workload)
    }

    /// Whether the owner has a component protected again by a fresh resource, and never by what was left.
    pub fn wants_fresh(&self, component: &str) -> bool {
        let known = self.components.iter().find(|known| known.name == component);
        known.is_some_and(|component| service_for(&component.kind).wants_fresh(component, self))
    }
}
