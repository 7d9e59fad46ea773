//! From the tree of a file to a [`Scenario`]: one function per mapping, one list of fields per function.

mod fault;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use lifeboat_arm::{Region, nearest};
use lifeboat_planner::{Complaint, Fields, Node, Position, Reader, parse_duration, render_duration};

use super::{
    Answers, Clients, LostPlane, Outage, Place, Places, Planned, Scenario, ScenarioEvent, Unseen, Vantage,
    What,
};

#[cfg(test)]
pub(super) use fault::FAULT;
pub(super) use fault::effect_words;

pub(super) const SCENARIO: &[&str] = &["scenario", "story", "duration", "clients", "events"];
pub(super) const CLIENTS: &[&str] = &["producers", "consumers", "messagesPerSecond", "ignoreTtlPercent"];
pub(super) const EVENT: &[&str] =
    &["at", "lose", "restore", "flap", "unseen", "fault", "quota", "operator", "plan"];
const KINDS: &[&str] = &["lose", "restore", "flap", "unseen", "fault", "quota", "operator", "plan"];
pub(super) const OUTAGE: &[&str] = &["region", "planes"];
pub(super) const FLAP: &[&str] = &["region", "times", "every"];
pub(super) const UNSEEN: &[&str] = &["region", "from", "planes", "until"];
pub(super) const QUOTA: &[&str] = &["region", "type", "limit"];
pub(super) const OPERATOR: &[&str] = &["answers", "after"];

/// Enough for a drill, and few enough to be played in seconds.
const CLIENTS_MOST: u32 = 10_000;
const TIMES_MOST: u32 = 10_000;
const QUOTA_MOST: u32 = 1_000_000;

/// The word for what is so already when the second region is prepared.
pub(super) const BEFORE: &str = "before-prepare";

pub(super) fn scenario(node: &Node, reader: &mut Reader) -> Option<Scenario> {
    let fields = reader.map(node, "the scenario", SCENARIO)?;
    let name = fields.required("scenario", reader, |n, r| r.parsed(n, "scenario", not_blank));
    let story = fields.or("story", String::new(), reader, |n, r| r.text(n, "story").map(str::to_owned));
    let duration = fields.required("duration", reader, |n, r| {
        r.positive_duration(n, "duration", "a drill takes time: `24h` leaves room to come home again")
    });
    let clients = fields.or("clients", Clients::default(), reader, clients);
    let events = fields.required("events", reader, |n, r| {
        let list = r.list(n, "events", event)?;
        if list.is_empty() {
            let hint = "write at least one, such as `{ at: 2h, lose: { region: primary } }`";
            r.note(n.at, Complaint::new("`events` is empty: nothing would happen").hint(hint));
            return None;
        }
        Some(list)
    });
    let (before, mut events): (Vec<Read>, Vec<Read>) =
        events?.into_iter().partition(|event| event.when == When::Before);
    events.sort_by_key(|read| read.event.at);
    if let Some(duration) = duration {
        within(&events, duration, reader);
    }
    nothing_for_nothing(&events, reader);
    let events_of = |read: Vec<Read>| read.into_iter().map(|read| read.event).collect();
    let (before, events) = (events_of(before), events_of(events));
    Some(Scenario { name: name?, story: story?, duration: duration?, clients: clients?, before, events })
}

/// An event as it was read.
struct Read {
    event: ScenarioEvent,
    when: When,
    at: Position,
}

/// On which side of the drill's start an event lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Before,
    At(SignedDuration),
}

fn not_blank(text: &str) -> Result<String, Complaint> {
    if text.trim().is_empty() { Err(Complaint::new("the name is blank")) } else { Ok(text.to_owned()) }
}

fn clients(node: &Node, reader: &mut Reader) -> Option<Clients> {
    let fields = reader.map(node, "clients", CLIENTS)?;
    let default = Clients::default();
    let mut number =
        |key, default, most| fields.or(key, default, reader, |node, reader| reader.whole(node, key, 0, most));
    let producers = number("producers", default.producers, CLIENTS_MOST);
    let consumers = number("consumers", default.consumers, CLIENTS_MOST);
    let messages_per_second = number("messagesPerSecond", default.messages_per_second, CLIENTS_MOST);
    let ignore_ttl_percent = number("ignoreTtlPercent", default.ignore_ttl_percent, 100);
    Some(Clients {
        producers: producers?,
        consumers: consumers?,
        messages_per_second: messages_per_second?,
        ignore_ttl_percent: ignore_ttl_percent?,
    })
}

fn event(node: &Node, reader: &mut Reader) -> Option<Read> {
    let fields = reader.map(node, "an event", EVENT)?;
    let when = fields.required("at", reader, |n, r| {
        r.parsed(n, "at", |text| match text {
            BEFORE => Ok(When::Before),
            text => parse_duration(text).map(When::At),
        })
    });
    let (what, places) = what(&fields, reader)?;
    let at = match when? {
        When::At(at) => at,
        When::Before if matches!(what, What::Fault(_) | What::Quota { .. } | What::Operator { .. }) => {
            SignedDuration::ZERO
        }
        When::Before => {
            let message = format!("only a fault, a quota and the operator can be there `{BEFORE}`");
            let hint = "write when it happens, counted from the end of the preparation: `at: 2h`";
            reader.note(node.at, Complaint::new(message).hint(hint));
            return None;
        }
    };
    if let Some((until, what)) = what.until()
        && until <= at
    {
        let message = format!("{what} is over at `{}`, before it begins", render_duration(until));
        let hint = "`until` is counted from the start of the drill, as `at` is";
        reader.note(node.at, Complaint::new(message).hint(hint));
    }
    Some(Read { event: ScenarioEvent { at, what, places }, when: when?, at: node.at })
}

fn what(fields: &Fields<'_>, reader: &mut Reader) -> Option<(What, Places)> {
    let kinds = fields.present(KINDS);
    let [kind] = kinds.as_slice() else {
        let message = match kinds.as_slice() {
            // A misspelt kind is told already.
            [] if fields.has_misspelt() => return None,
            [] => "the event does not say what happens".to_owned(),
            [first, second, ..] => format!("the event says both `{first}` and `{second}`"),
            [_] => unreachable!("one kind is the ordinary case"),
        };
        let hint = "each event has `at` and one of `lose`, `restore`, `flap`, `unseen`, `fault`, `quota`, `operator` and `plan`";
        reader.note(fields.at, Complaint::new(message).hint(hint));
        return None;
    };
    let nowhere = |what| (what, Places::default());
    match *kind {
        "lose" => fields.required("lose", reader, |n, r| outage(n, r, "lose", What::Lose)),
        "restore" => fields.required("restore", reader, |n, r| outage(n, r, "restore", What::Restore)),
        "flap" => fields.required("flap", reader, flap),
        "unseen" => fields.required("unseen", reader, unseen),
        "fault" => fields.required("fault", reader, fault::fault),
        "quota" => fields.required("quota", reader, quota),
        "operator" => fields.required("operator", reader, operator).map(nowhere),
        _ => fields.required("plan", reader, planned).map(What::Plan).map(nowhere),
    }
}

/// Where the value of a field stands.
fn at(fields: &Fields<'_>, key: &str) -> Position {
    fields.get(key).map_or(fields.at, |node| node.at)
}

fn at_region(fields: &Fields<'_>) -> Places {
    Places { region: at(fields, "region"), ..Places::default() }
}

fn place(node: &Node, reader: &mut Reader) -> Option<Place> {
    reader.parsed(node, "region", |text| match text {
        "primary" => Ok(Place::Primary),
        "secondary" => Ok(Place::Secondary),
        name => Region::parse(name).map(Place::Named).map_err(|unknown| {
            let complaint = Complaint::new(format!("`{name}` is neither a role nor a region of Azure"));
            match nearest(name, ["primary", "secondary"]).or(unknown.nearest) {
                Some(meant) => complaint.hint(format!("did you mean `{meant}`?")),
                None => complaint.hint("write `primary`, `secondary` or a region's name"),
            }
        }),
    })
}

fn outage(node: &Node, reader: &mut Reader, name: &str, means: fn(Outage) -> What) -> Option<(What, Places)> {
    let fields = reader.map(node, name, OUTAGE)?;
    let region = fields.required("region", reader, place);
    let planes = planes(&fields, reader);
    Some((means(Outage { region: region?, planes: planes? }), at_region(&fields)))
}

fn planes(fields: &Fields<'_>, reader: &mut Reader) -> Option<BTreeSet<LostPlane>> {
    fields.or("planes", BTreeSet::from(LostPlane::BOTH), reader, |n, r| {
        let words = [("control", LostPlane::Control), ("data", LostPlane::Data)];
        let planes = r.list(n, "planes", |n, r| r.word(n, "planes", &words))?;
        if planes.is_empty() {
            let hint = "leave the field out to mean both planes";
            r.note(n.at, Complaint::new("`planes` names no plane").hint(hint));
            return None;
        }
        Some(planes.into_iter().collect())
    })
}

fn unseen(node: &Node, reader: &mut Reader) -> Option<(What, Places)> {
    let fields = reader.map(node, "unseen", UNSEEN)?;
    let region = fields.required("region", reader, place);
    let from = fields.required("from", reader, |n, r| {
        let words = Vantage::ALL.map(|vantage| (vantage.word(), vantage));
        let from: BTreeSet<Vantage> =
            r.list(n, "from", |n, r| r.word(n, "from", &words))?.into_iter().collect();
        if from.is_empty() {
            let hint = "name who does not see the region: `north`, `west`, `far`";
            r.note(n.at, Complaint::new("`from` names no vantage point").hint(hint));
            return None;
        }
        Some(from)
    });
    let planes = planes(&fields, reader);
    let until = fields.optional("until", reader, |n, r| r.duration(n, "until"));
    let unseen = Unseen { region: region?, from: from?, planes: planes?, until: until? };
    Some((What::Unseen(unseen), at_region(&fields)))
}

fn flap(node: &Node, reader: &mut Reader) -> Option<(What, Places)> {
    let fields = reader.map(node, "flap", FLAP)?;
    let region = fields.required("region", reader, place);
    let times = fields.required("times", reader, |n, r| r.whole(n, "times", 1, TIMES_MOST));
    let every = fields.required("every", reader, |n, r| {
        r.positive_duration(n, "every", "it is the time from one going to the next")
    });
    Some((What::Flap { region: region?, times: times?, every: every? }, at_region(&fields)))
}

fn quota(node: &Node, reader: &mut Reader) -> Option<(What, Places)> {
    let fields = reader.map(node, "quota", QUOTA)?;
    let region = fields.required("region", reader, place);
    let kind = fields.required("type", reader, |n, r| r.parsed(n, "type", resource_type));
    let limit = fields.required("limit", reader, |n, r| r.whole(n, "limit", 0, QUOTA_MOST));
    let places = Places { provider: at(&fields, "type"), ..at_region(&fields) };
    Some((What::Quota { region: region?, kind: kind?, limit: limit? }, places))
}

fn resource_type(text: &str) -> Result<String, Complaint> {
    if text
        .split_once('/')
        .is_some_and(|(namespace, kind)| fault::provider(namespace).is_ok() && !kind.is_empty())
    {
        return Ok(text.to_owned());
    }
    let hint = "write it in full, such as `Microsoft.ServiceBus/namespaces`";
    Err(Complaint::new(format!("`{text}` is no type of resource")).hint(hint))
}

fn operator(node: &Node, reader: &mut Reader) -> Option<What> {
    let fields = reader.map(node, "operator", OPERATOR)?;
    let words = [("approve", Answers::Approve), ("decline", Answers::Decline), ("nobody", Answers::Nobody)];
    let answers = fields.required("answers", reader, |n, r| r.word(n, "answers", &words));
    let after = fields.or("after", Answers::USUAL_DELAY, reader, |n, r| r.duration(n, "after"));
    Some(What::Operator { answers: answers?, after: after? })
}

fn planned(node: &Node, reader: &mut Reader) -> Option<Planned> {
    reader.word(node, "plan", &[("move", Planned::Move), ("failback", Planned::Failback)])
}

/// What would happen after the end does not happen: of a flapping region, not even its last time.
fn within(events: &[Read], duration: SignedDuration, reader: &mut Reader) {
    for Read { event, at: place, .. } in events {
        let (last, what) = match &event.what {
            What::Flap { times, every, .. } => {
                let more = i32::try_from(times.saturating_sub(1)).unwrap_or(i32::MAX);
                (event.at + *every * more, "the last loss of the flapping region")
            }
            _ => (event.at, "the event"),
        };
        if last >= duration {
            let (at, ends) = (render_duration(last), render_duration(duration));
            let message = format!("{what} at `{at}` comes after the end at `{ends}`");
            reader.note(*place, Complaint::new(message).hint("make `duration` longer"));
        }
    }
}

/// A restore that restores nothing, and a loss of what is lost already, are slips in region, planes or time.
fn nothing_for_nothing(events: &[Read], reader: &mut Reader) {
    let mut lost: BTreeSet<(Place, LostPlane)> = BTreeSet::new();
    for Read { event, at: position, .. } in events {
        match &event.what {
            What::Lose(outage) => {
                let newly: Vec<bool> =
                    outage.planes.iter().map(|plane| lost.insert((outage.region.clone(), *plane))).collect();
                if !newly.contains(&true) {
                    let message = "nothing is lost: this region is lost already at that time";
                    let hint = "restore it before, or name another region or plane";
                    reader.note(*position, Complaint::new(message).hint(hint));
                }
            }
            What::Restore(outage) => {
                let restored: Vec<bool> =
                    outage.planes.iter().map(|plane| lost.remove(&(outage.region.clone(), *plane))).collect();
                if !restored.contains(&true) {
                    let message = "nothing is restored: this region was not lost before";
                    let hint = "name the region and planes of an earlier `lose`";
                    reader.note(*position, Complaint::new(message).hint(hint));
                }
            }
            What::Flap { region, .. }
                if LostPlane::BOTH.iter().any(|plane| lost.contains(&(region.clone(), *plane))) =>
            {
                let message = "the region cannot flap: it is lost already at that time";
                let hint = "restore it before, or let it flap instead of losing it";
                reader.note(*position, Complaint::new(message).hint(hint));
            }
            _ => {}
        }
    }
}
