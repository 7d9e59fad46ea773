//! Fresh namespaces: where the one that was left may not be emptied, the next one of its line stands by (D02).
//!
//! The line of `orders-bus-weu` is `orders-bus-weu-2`, `orders-bus-weu-3` and so on, in the same group. Which of them
//! stands for the component is read from the alias; which of them there are, from the group's list. Nothing is kept.
//! Somebody may make the next one by hand, empty: then it is taken. Known gaps: a fresh namespace gets no private
//! endpoints, so where the serving one has some, `SB-ENDPOINT-PARITY` refuses.

use std::collections::BTreeSet;

use lifeboat_arm::{Call, Method, ResourceId, ResourceType};
use lifeboat_plan::{Action, CallDraft, Citation, Condition, Draft, Is, Step, StepId, Way, counted};
use serde_json::{Value, json};
use sha2::Digest as _;

use super::durations;
use super::namespace::{API, Namespace, alias_property, last_segment, partner, record};
use super::settings::wants_fresh;
use super::{LISTS, namespace, reads};
use crate::inventory::{Fact, Inventory};
use crate::planning::DEPLOYED;
use crate::service::{Part, Planning};
use crate::topology::{Component, Replaced, Side, Standby, Workload};

/// The list of a group's namespaces.
pub(super) const NAMESPACES: &str = "providers/Microsoft.ServiceBus/namespaces";

const SIDES: [Side; 2] = [Side::Primary, Side::Secondary];
const LONGEST_NAME: usize = 50;

/// The component as it stands, where the owner wants fresh namespaces and any has come, or is to.
pub(super) fn standing(
    component: &Component,
    workload: &Workload,
    seen: &Inventory,
    standby: Standby,
) -> Option<Component> {
    component.secondary.as_ref().filter(|_| wants_fresh(&component.name, workload))?;
    let lines = SIDES.map(|side| Line::of(component.declared(side), workload, seen));
    let numbers = [lines[0].number(&lines[1], standby), lines[1].number(&lines[0], standby)];
    let former: Vec<ResourceId> =
        lines.iter().zip(numbers).flat_map(|(line, number)| line.before(number)).collect();
    if numbers == [1, 1] && former.is_empty() {
        return None;
    }
    Some(Component {
        primary: lines[0].id(numbers[0]),
        secondary: Some(lines[1].id(numbers[1])),
        replaced: Some(Replaced {
            primary: lines[0].declared.clone(),
            secondary: lines[1].declared.clone(),
            former,
        }),
        ..component.clone()
    })
}

/// What is to be looked at: of every namespace its lists, and the list of namespaces where there may be fresh ones.
pub(super) fn observed(component: &Component, workload: &Workload, seen: &Inventory) -> Vec<Call> {
    let fresh = component.secondary.is_some() && wants_fresh(&component.name, workload);
    let mut reads = Vec::new();
    let mut namespaces = Vec::new();
    for side in if component.secondary.is_some() { &SIDES[..] } else { &SIDES[..1] } {
        let declared = component.declared(*side);
        namespaces.push(declared.clone());
        if fresh {
            reads.extend(declared.group_id().map(|group| Call::get(format!("{group}/{NAMESPACES}"), API)));
            let line = Line::of(declared, workload, seen);
            namespaces.extend(line.known().into_iter().filter(|&number| number > 1).map(|at| line.id(at)));
        }
    }
    for id in namespaces {
        reads.push(Call::get(&id, API));
        reads.extend(LISTS.iter().map(|(list, api)| Call::get(format!("{id}/{list}"), api)));
        // How much an alias has yet to replicate, only its own record shows for sure.
        for alias in seen.list(&id, "disasterRecoveryConfigs").unwrap_or_default() {
            reads.extend(namespace::name_of(alias).map(|name| Call::get(record(&id, name), API)));
        }
        // Topics are known only after the first round.
        for topic in seen.list(&id, "topics").unwrap_or_default() {
            if let Some(name) = topic.get("name").and_then(Value::as_str) {
                reads.push(Call::get(format!("{}/subscriptions", id.child("topics", name)), API));
            }
        }
    }
    reads
}

/// A declared namespace, number 1, and those that took its place one after another.
struct Line<'a> {
    declared: &'a ResourceId,
    workload: &'a Workload,
    seen: &'a Inventory,
    /// The numbers that stand, as last known.
    stand: BTreeSet<u32>,
}

impl<'a> Line<'a> {
    fn of(declared: &'a ResourceId, workload: &'a Workload, seen: &'a Inventory) -> Self {
        let mut line = Self { declared, workload, seen, stand: BTreeSet::new() };
        let Some(group) = declared.group_id() else { return line };
        let listed = seen.last_list(&group, NAMESPACES).map_or(&[][..], |(members, _)| members);
        let listed = listed.iter().filter_map(|member| member.get("name")?.as_str());
        // A list leaves out the namespaces of a region that does not answer: what was once seen counts until it is seen
        // to be gone.
        let below = format!("{}/{NAMESPACES}/", group.folded()).to_lowercase();
        let once = seen.below(&below).filter_map(|(path, _)| path.strip_prefix(&below));
        let names = listed.chain(once.filter(|name| !name.contains('/')));
        let is_gone =
            |number| matches!(seen.fact(line_id(declared, number).as_str()), Some(Fact::Absent { .. }));
        line.stand =
            names.filter_map(|name| line.number_of(name)).filter(|&number| !is_gone(number)).collect();
        line
    }

    fn id(&self, number: u32) -> ResourceId {
        line_id(self.declared, number)
    }

    /// The number of a namespace of this line. What a template declares under such a name is another component's.
    fn number_of(&self, name: &str) -> Option<u32> {
        let number = number_in(self.declared.name(), name)?;
        (number == 1 || !self.is_declared(number)).then_some(number)
    }

    fn is_declared(&self, number: u32) -> bool {
        let id = self.id(number);
        SIDES.iter().any(|&side| self.workload.site(side).resources.find(&id).is_some())
    }

    /// All numbers of which something is known.
    fn known(&self) -> BTreeSet<u32> {
        self.stand.iter().copied().chain([1]).collect()
    }

    /// The newest one that shows the alias, and what it shows.
    fn record(&self) -> Option<(u32, &'a Value)> {
        self.known().into_iter().rev().find_map(|number| {
            let (records, _) = self.seen.last_list(&self.id(number), "disasterRecoveryConfigs")?;
            Some((number, records.first()?))
        })
    }

    /// Whether it holds queues or topics, if that is known.
    fn holds_entities(&self, number: u32) -> Option<bool> {
        let id = self.id(number);
        let lists = ["queues", "topics"].map(|list| Some(self.seen.last_list(&id, list)?.0.is_empty()));
        match lists {
            [Some(true), Some(true)] => Some(false),
            [Some(false), _] | [_, Some(false)] => Some(true),
            _ => None,
        }
    }

    /// The one that stands for the component: the partner that the alias names, else the one that shows the alias.
    /// Where the alias has gone over to the other side and has no partner there, the one that was left, or the next.
    fn number(&self, other: &Self, standby: Standby) -> u32 {
        let theirs = other.record().map(|(_, record)| record);
        let named = theirs.and_then(partner).and_then(|partner| self.number_of_partner(partner));
        let alone = theirs.is_some_and(|record| partner(record).is_none());
        // A region that returned may believe for a while that it still leads.
        let own =
            self.record().filter(|(_, record)| !alone || alias_property(record, "role") == Some("Secondary"));
        if let Some(number) = named.or(own.map(|(number, _)| number)) {
            return number;
        }
        let Some(newest) = self.stand.last().copied().filter(|_| alone) else { return 1 };
        match standby {
            Standby::Left => {
                let full = self.stand.iter().rev().find(|&&number| self.holds_entities(number) == Some(true));
                full.copied().unwrap_or(newest)
            }
            Standby::ToCome if self.holds_entities(newest) == Some(false) => newest,
            Standby::ToCome => (newest..u32::MAX)
                .map(|number| number + 1)
                .find(|&next| !self.is_declared(next))
                .unwrap_or(newest),
        }
    }

    fn number_of_partner(&self, partner: &str) -> Option<u32> {
        let number = self.number_of(partner.rsplit('/').next().unwrap_or(partner))?;
        // Azure shows an id or, in some versions, a bare name: names are unique in the whole cloud.
        ResourceId::parse(partner).map_or(true, |id| id == self.id(number)).then_some(number)
    }

    fn before(&self, number: u32) -> Vec<ResourceId> {
        self.stand.range(..number).map(|&former| self.id(former)).collect()
    }
}

fn line_id(declared: &ResourceId, number: u32) -> ResourceId {
    match (number, declared.group_id()) {
        (2.., Some(group)) => {
            let kind = ResourceType::new("Microsoft.ServiceBus/namespaces");
            group.resource(&kind, &[&name_of(declared.name(), number)])
        }
        _ => declared.clone(),
    }
}

/// The name with this number. One that would be too long loses its end, and says by a few digits whose it is.
fn name_of(declared: &str, number: u32) -> String {
    let end = format!("-{number}");
    if declared.len() + end.len() <= LONGEST_NAME {
        return format!("{declared}{end}");
    }
    let digest = sha2::Sha256::digest(declared.to_ascii_lowercase());
    let mark = format!("-{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2]);
    let kept: String = declared.chars().take(LONGEST_NAME - mark.len() - end.len()).collect();
    format!("{}{mark}{end}", kept.trim_end_matches('-'))
}

fn number_in(declared: &str, name: &str) -> Option<u32> {
    if name.eq_ignore_ascii_case(declared) {
        return Some(1);
    }
    let number: u32 = name.rsplit('-').next()?.parse().ok().filter(|&number| number > 1)?;
    name_of(declared, number).eq_ignore_ascii_case(name).then_some(number)
}

/// A step that creates the namespace that is to stand by, as the template declares that side's, without its entities:
/// they come by replication.
pub(super) fn create(component: &Component, planning: &Planning<'_>, part: &mut Part) -> Option<Step> {
    let standby = planning.standby();
    let id = component.on(standby);
    if id == component.declared(standby) {
        return None;
    }
    let declared = Namespace::planned(standby, component, planning).declared()?;
    let mut body = declared.body.as_ref().clone();
    if let (Some(object), Some(region)) = (body.as_object_mut(), &declared.location) {
        object.insert("location".into(), region.as_str().into());
    }
    let read = reads::resource(part, &format!("{}/fresh@{}", component.name, planning.to().region), id);
    let same = ["/sku/name", "/properties/premiumMessagingPartitions"].into_iter().filter_map(|pointer| {
        let value = declared.body.pointer(pointer)?.clone();
        Some(Condition::equal(&read, pointer, Draft::Value(value)))
    });
    let state = |is| Condition::test(&read, "/properties/provisioningState", is);
    let done = std::iter::once(state(Is::Equal("Succeeded".into()))).chain(same).collect();
    let under_way = ["Created", "Creating", "Activating"].map(|state| json!(state)).into();
    Some(Step {
        id: StepId::new(&component.name, "create-fresh"),
        component: component.name.clone(),
        title: format!("create the fresh namespace {} in {}", id.name(), planning.to().region),
        after: [StepId::from(DEPLOYED)].into(),
        graceful: Way {
            started_when: Some(state(Is::OneOf(under_way))),
            ..Way::new(
                Action::Send(CallDraft::arm(
                    Method::Put,
                    format!("{id}?api-version={API}"),
                    Some(body.into()),
                )),
                Condition::All(done),
                durations::namespace(),
            )
        },
        ungraceful: None,
        because: Citation::new(
            &["D02", "F20"],
            "only a new namespace can become the secondary; what was left keeps all that it holds",
        ),
    })
}

/// How many messages a namespace holds, in whatever state, as last known.
pub(super) fn messages_in(id: &ResourceId, seen: &Inventory) -> Option<u64> {
    let (queues, _) = seen.last_list(id, "queues")?;
    let (topics, _) = seen.last_list(id, "topics")?;
    let mut total = queues.iter().map(super::counts::held).sum::<Option<u64>>()?;
    for topic in topics.iter().filter_map(|topic| topic.get("name")?.as_str()).map(last_segment) {
        let (subscriptions, _) = seen.last_list(&id.child("topics", topic), "subscriptions")?;
        total += subscriptions.iter().map(super::counts::held).sum::<Option<u64>>()?;
    }
    Some(total)
}

/// What a former namespace is, for people.
pub(super) fn describe(id: &ResourceId, seen: &Inventory) -> String {
    let messages = match messages_in(id, seen) {
        Some(count) => format!("holds {}", counted(count, "message")),
        None => "holds nobody knows how many messages".to_owned(),
    };
    format!(
        "the former namespace {} still stands, {messages}, and costs until somebody deletes it",
        id.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_names_keeps_to_the_rules_of_the_service() {
        assert_eq!(name_of("orders-bus-weu", 2), "orders-bus-weu-2");
        let long = "a".repeat(49) + "b";
        let other = "a".repeat(49) + "c";
        for number in [2, 10, 4_294_967_295] {
            let name = name_of(&long, number);
            assert!(name.len() <= LONGEST_NAME, "{name}");
            assert_ne!(name, name_of(&other, number));
            assert_eq!(number_in(&long, &name.to_uppercase()), Some(number));
        }
        // A cut never leaves two hyphens.
        assert!(!name_of(&("a".repeat(40) + "-" + &"b".repeat(9)), 2).contains("--"));
    }

    #[test]
    fn only_names_of_the_line_have_a_number() {
        let number = |name| number_in("orders-bus", name);
        assert_eq!((number("orders-bus"), number("ORDERS-BUS-12")), (Some(1), Some(12)));
        for stranger in
            ["orders-bus-1", "orders-bus-0", "orders-bus-02", "orders-bus-2-2", "orders-2", "x-2", ""]
        {
            assert_eq!(number(stranger), None, "{stranger}");
        }
    }
}
