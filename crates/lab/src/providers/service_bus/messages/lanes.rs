//! Where messages wait: in one line, or each session in a lane of its own, which nobody else reads while somebody has one of
//! its messages.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Policy, Store, Stored};
use crate::providers::service_bus::data_plane::Session;

impl Store {
    /// Puts a message where its sequence belongs: at the end for a new one, near the front for one given back.
    pub(super) fn place(&mut self, policy: &Policy, stored: Stored) {
        let lane = match (&stored.message.session, policy.sessions) {
            (Some(session), true) => {
                self.in_lanes += 1;
                let session = session.clone();
                let lane = self.lanes.entry(session.clone()).or_default();
                let first = lane.front().map(|head| head.sequence);
                if !self.busy.contains_key(&session) && first.is_none_or(|first| stored.sequence < first) {
                    if let Some(first) = first {
                        self.ready.remove(&first);
                    }
                    self.ready.insert(stored.sequence, session);
                }
                lane
            }
            _ => &mut self.active,
        };
        if lane.back().is_none_or(|last| last.sequence < stored.sequence) {
            lane.push_back(stored);
        } else {
            let at = lane.partition_point(|other| other.sequence < stored.sequence);
            lane.insert(at, stored);
        }
    }

    pub(super) fn next_of_session(&mut self, session: Session<'_>) -> Option<Stored> {
        let name: Arc<str> = match session {
            Session::Any => self.ready.first_key_value()?.1.clone(),
            Session::Named(name) => self.lanes.get_key_value(name)?.0.clone(),
        };
        let lane = self.lanes.get_mut(&name)?;
        let stored = lane.pop_front()?;
        if lane.is_empty() {
            self.lanes.remove(&name);
        }
        self.in_lanes -= 1;
        self.ready.remove(&stored.sequence);
        *self.busy.entry(name).or_insert(0) += 1;
        Some(stored)
    }

    /// A lock in a session ended: when it was the last one, the session is anybody's again.
    pub(super) fn leave_lane(&mut self, policy: &Policy, session: Option<&Arc<str>>) {
        let (Some(session), true) = (session, policy.sessions) else { return };
        let Some(locks) = self.busy.get_mut(session) else { return };
        *locks -= 1;
        if *locks == 0 {
            self.busy.remove(session);
            if let Some(head) = self.lanes.get(session).and_then(VecDeque::front) {
                self.ready.insert(head.sequence, session.clone());
            }
        }
    }
}
