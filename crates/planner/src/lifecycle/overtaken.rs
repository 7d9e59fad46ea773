//! The part of the transition function in which the platform finishes what a run did not see the end of.
//!
//! A move that ran into its deadline is not undone: it may come through hours later. Then the other side leads,
//! whatever was believed, and everything that follows a move follows now.

use super::transition::Scene;
use super::{Intention, Lifecycle, Phase};

impl Lifecycle {
    /// Whether a move of which no end was seen has come through meanwhile. Only then is an observation believed: a side
    /// that was never set out for cannot lead, and one that returns from the dead may claim to.
    pub(super) fn is_overtaken(&self, scene: Scene<'_>) -> bool {
        self.unfinished && scene.leads == Some(self.other())
    }

    /// Whether a move under way has led clients to the other side already: its point of no return.
    pub(super) fn has_turned(&self, scene: Scene<'_>) -> bool {
        scene.leads == Some(self.other())
    }

    /// The other side leads: everything that follows a move follows now.
    pub(super) fn follow(self, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        let follows = Intention::Follow { to: self.other() };
        let (state, mut intentions) = self.moved(scene);
        intentions.insert(0, follows);
        (state, intentions)
    }

    /// The same while something else is asked or under way. What works on the side that leads now is stopped first, and
    /// its end leads here again; a move under way finds out for itself.
    pub(super) fn make_way(self, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        match (&self.phase, self.phase.runs()) {
            (Phase::FailingOver { .. } | Phase::FailingBack | Phase::Suspecting { .. }, _) => {
                (self, Vec::new())
            }
            (_, Some(kind)) => (self, vec![Intention::StopRun { kind }]),
            (_, None) => {
                let open = self.open_question();
                let (state, mut intentions) = self.follow(scene);
                intentions.splice(0..0, open.map(Intention::Withdraw));
                (state, intentions)
            }
        }
    }
}
