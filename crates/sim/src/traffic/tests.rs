//! The outline holds for more than queues: events that are read from a checkpoint, and read again.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_engine::FilledTransfer;
use lifeboat_lab::{Lab, Settings};
use lifeboat_plan::StepId;
use lifeboat_planner::Side;

use super::{Channel, Draft, Line, Pumps, Taken, Which, Work, copies};
use crate::clients::{Clients, Load};
use crate::ledger::Ledger;
use crate::tests::seen::two_namespaces;
use crate::world::World;

/// One partition. Nothing is locked and nothing is taken away; a checkpoint is written after every tenth event.
struct Events {
    log: Vec<u64>,
    next: usize,
    checkpoint: usize,
    /// The reader loses its place here, once.
    stumbles_at: Option<usize>,
}

impl Line for Events {
    fn send(&mut self, _: &mut Lab, _: Timestamp, _: &str, draft: Draft) -> bool {
        self.log.push(draft.id);
        true
    }

    fn take(&mut self, _: &mut Lab, _: Timestamp, _: &str, _: usize) -> Taken {
        if self.stumbles_at.is_some_and(|at| at == self.next) {
            (self.next, self.stumbles_at) = (self.checkpoint, None);
        }
        self.log.get(self.next).map_or(Taken::Nothing, |id| Taken::Message(Which::Draft(*id)))
    }

    fn finish(&mut self, _: &mut Lab, _: Timestamp, _: usize, work: Work) -> bool {
        self.next += 1;
        if self.next.is_multiple_of(10) {
            self.checkpoint = self.next;
        }
        work == Work::Done
    }
}

fn channel(name: &str, copy: u64, copies: u64, line: Events) -> Channel {
    Channel {
        component: "hubs".to_owned(),
        host: "hubs.servicebus.windows.net".to_owned(),
        home: String::new(),
        place: name.to_owned(),
        name: name.to_owned(),
        entrance: name.to_owned(),
        fed_by: Vec::new(),
        copy,
        copies,
        line: Box::new(line),
    }
}

fn events(stumbles_at: Option<usize>) -> Events {
    Events { log: Vec::new(), next: 0, checkpoint: 0, stumbles_at }
}

fn founded() -> World {
    let mut world =
        World::new(two_namespaces(), BTreeMap::new(), 1, Timestamp::from_second(1_772_000_000).unwrap());
    world.found().unwrap();
    world
}

#[test]
fn a_service_that_keeps_events_and_reads_from_checkpoints_fits() {
    let mut world = founded();
    let start = world.now;
    let own = world.workload.components[0].on(Side::Primary).name();
    let line = Channel {
        host: format!("{own}.servicebus.windows.net"),
        ..channel("partition 0", 0, 1, events(Some(27)))
    };
    let load = Load { producers: 1, consumers: 1, messages_per_second: 0.2, ignore_ttl_percent: 0 };
    let mut clients = Clients::new(vec![line], load, 1);
    let mut ledger = Ledger::default();
    ledger.start(start);
    let mut queue: BTreeMap<(Timestamp, u64), _> = BTreeMap::new();
    let mut next = clients.begin(start);
    let mut serial = 0;
    loop {
        for (at, turn) in next.drain(..) {
            serial += 1;
            queue.insert((at, serial), turn);
        }
        let Some(((now, _), turn)) = queue.pop_first() else { break };
        if now > start + SignedDuration::from_mins(10) {
            break;
        }
        clients.take(turn, now, &mut world.lab, &mut ledger, &mut next);
    }
    assert!(ledger.acknowledged > 100, "{}", ledger.acknowledged);
    assert_eq!(ledger.received_twice, 7, "from the checkpoint at 20 to where it stumbled");
    let open = ledger.outstanding().count() as u64;
    assert_eq!(ledger.received, ledger.acknowledged - open + ledger.received_twice);
    assert!(open < 3, "{open}");
}

#[test]
fn groups_of_readers_lie_side_by_side() {
    let line = || events(None);
    let channels = [
        channel("a", 0, 1, line()),
        channel("b/one", 0, 2, line()),
        channel("b/two", 1, 2, line()),
        channel("c", 0, 1, line()),
    ];
    let names = |first| copies(&channels, first).iter().map(|one| one.name.as_str()).collect::<Vec<_>>();
    assert_eq!(
        [names(0), names(1), names(3), names(4)],
        [vec!["a"], vec!["b/one", "b/two"], vec!["c"], vec![]]
    );
}

#[test]
fn a_transfer_of_no_known_service_has_no_pump() {
    let transfer = FilledTransfer {
        from_host: "old".to_owned(),
        from_paths: vec!["q".to_owned()],
        to_host: "new".to_owned(),
        to_path: "q".to_owned(),
        key: None,
    };
    let pumps = Pumps::of(&two_namespaces());
    let known =
        |component: &str| pumps.pump(&StepId::new(component, "drain"), transfer.clone(), None).is_some();
    assert!(known("orders-bus"));
    assert!(!known("site"), "nobody sends to it");
}

#[test]
fn a_lab_without_anything_holds_nothing() {
    let lab = Lab::new(Settings::new(1, "00000000-0000-0000-0000-000000000001", Timestamp::UNIX_EPOCH));
    assert_eq!((super::held(&lab).count(), super::holdings(&lab).len()), (0, 0));
}
