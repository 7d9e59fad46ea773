//! The life of the example, cut into chapters: one plan each, and the world as it was when the plan began.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::Timestamp;
use lifeboat_lab::{Health, Lab, Message, Plane, Settings};
use lifeboat_plan::{Endpoint, Plan, PlanKind};
use lifeboat_planner::{Inventory, Side, Workload, plan};

use super::example::{mins, start, with_fresh_namespaces, workload};
use super::executor::Executor;
use super::fresh::with_queues_that;
use crate::observe::observe;
use crate::world::{Purpose, World, planning};

/// The host that clients know.
pub(super) const ALIAS: &str = "orders.servicebus.windows.net";
/// Where messages are sent: three queues and a topic with one subscription.
pub(super) const ENTITIES: [&str; 4] = ["orders", "invoices", "refunds", "shipments"];

/// One plan and the world in which it begins.
#[derive(Clone)]
pub(super) struct Chapter {
    pub(super) name: &'static str,
    pub(super) workload: &'static Workload,
    pub(super) purpose: Purpose,
    pub(super) plan: Plan,
    pub(super) lab: Lab,
    pub(super) inventory: Inventory,
    pub(super) now: Timestamp,
}

/// The world between two chapters.
#[derive(Clone)]
struct Stage {
    workload: &'static Workload,
    lab: Lab,
    inventory: Inventory,
    now: Timestamp,
}

pub(super) fn the_workload() -> &'static Workload {
    static WORKLOAD: OnceLock<Workload> = OnceLock::new();
    WORKLOAD.get_or_init(workload)
}

pub(super) fn endpoint() -> Endpoint {
    Endpoint::Lab("seed-1".to_owned())
}

/// Every kind of plan in the order of the story; the planned failover is told beside the unplanned one.
pub(super) fn story() -> &'static [Chapter] {
    static STORY: OnceLock<Vec<Chapter>> = OnceLock::new();
    STORY.get_or_init(|| tell(the_workload(), 1))
}

/// The same story where the owner wants a fresh namespace wherever one was left.
pub(super) fn fresh_story() -> &'static [Chapter] {
    static WORKLOAD: OnceLock<Workload> = OnceLock::new();
    static STORY: OnceLock<Vec<Chapter>> = OnceLock::new();
    STORY.get_or_init(|| tell(WORKLOAD.get_or_init(|| with_fresh_namespaces(|text| text)), 1))
}

/// That story where queues delete themselves after an hour without use.
pub(super) fn fleeting_story() -> &'static [Chapter] {
    static WORKLOAD: OnceLock<Workload> = OnceLock::new();
    static STORY: OnceLock<Vec<Chapter>> = OnceLock::new();
    let fleeting = || with_fresh_namespaces(with_queues_that(r#""autoDeleteOnIdle": "PT1H""#));
    STORY.get_or_init(|| tell(WORKLOAD.get_or_init(fleeting), 1))
}

pub(super) fn chapter(name: &str) -> &'static Chapter {
    story().iter().find(|chapter| chapter.name == name).unwrap()
}

fn tell(workload: &'static Workload, seed: u64) -> Vec<Chapter> {
    let home = workload.primary.region.clone();
    let mut stage = Stage::founded(workload, seed);
    let mut chapters = Vec::new();
    let purpose = |kind, active, planned, returning| Purpose { kind, active, planned, returning };

    let (first, second) = (Side::Primary, Side::Secondary);
    stage.play("prepare", purpose(PlanKind::Prepare, first, true, false), &mut chapters);
    stage.send(1..=12);
    stage.clone().play("planned failover", purpose(PlanKind::Failover, first, true, false), &mut chapters);
    stage.health(&home, Health::Down);
    stage.play("failover", purpose(PlanKind::Failover, first, false, false), &mut chapters);
    stage.health(&home, Health::Up);
    stage.play("fence", purpose(PlanKind::Fence, second, true, true), &mut chapters);
    stage.play("drain", purpose(PlanKind::Drain, second, true, true), &mut chapters);
    stage.play("protect again", purpose(PlanKind::Prepare, second, true, true), &mut chapters);
    stage.play("failback", purpose(PlanKind::Failback, second, true, true), &mut chapters);
    chapters
}

impl Stage {
    fn founded(workload: &'static Workload, seed: u64) -> Self {
        let mut world = World::new(workload.clone(), BTreeMap::new(), seed, start());
        world.lab = Lab::new(Settings::new(seed, &workload.subscription, start()));
        world.found().unwrap();
        Self { workload, lab: world.lab, inventory: world.inventory, now: world.now }
    }

    fn play(&mut self, name: &'static str, purpose: Purpose, chapters: &mut Vec<Chapter>) {
        self.look();
        self.lab.clear_trace();
        let strategies = BTreeMap::new();
        let endpoint = endpoint();
        let planning = planning(self.workload, &self.inventory, &endpoint, &strategies, purpose, self.now);
        let chapter = Chapter {
            name,
            workload: self.workload,
            purpose,
            plan: plan(&planning).unwrap_or_else(|error| panic!("{name}: {error}")),
            lab: self.lab.clone(),
            inventory: self.inventory.clone(),
            now: self.now,
        };
        let end = Executor::new(&chapter).run();
        (self.lab, self.now) = (end.lab, end.now);
        chapters.push(chapter);
    }

    fn look(&mut self) {
        self.inventory = observe(&mut self.lab, self.now, self.workload, &self.inventory);
    }

    /// Messages with these ids, one entity after another.
    fn send(&mut self, ids: std::ops::RangeInclusive<u64>) {
        self.now += mins(1);
        for id in ids {
            let entity = ENTITIES[usize::try_from(id).unwrap() % ENTITIES.len()];
            self.lab.service_bus_mut(self.now).send(ALIAS, entity, Message::new(id)).unwrap();
        }
    }

    fn health(&mut self, region: &lifeboat_arm::Region, health: Health) {
        self.now += mins(1);
        for plane in [Plane::Control, Plane::Data] {
            self.lab.set_health(self.now, region, plane, health);
        }
        self.now += mins(20);
    }
}
