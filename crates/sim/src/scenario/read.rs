//! From the tree of a file to a [`Scenario`]: one function per mapping, one list of fields per function.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use lifeboat_arm::{Region, nearest};
use lifeboat_planner::{Complaint, Fields, Node, Position, Reader, render_duration};

use super::{
    Answers, Clients, Effect, Fault, LostPlane, Outage, Phase, Place, Planned, Scenario, ScenarioEvent, What,
};

const SCENARIO: &[&str] = &["scenario", "story", "duration", "clients", "events"];
const CLIENTS: &[&str] = &["producers", "consumers", "messagesPerSecond", "ignoreTtlPercent"];
const EVENT: &[&str] = &["at", "lose", "restore", "flap", "fault", "operator", "plan"];
const KINDS: &[&str] = &["lose", "restore", "flap", "fault", "operator", "plan"];
const OUTAGE: &[&str] = &["region", "planes"];
const FLAP: &[&str] = &["region", "times", "every"];
const FAULT: &[&str] =
    &["region", "provider", "operation", "phase", "effect", "status", "code", "by", "times", "until"];
const OPERATOR: &[&str] = &["answers", "after"];

/// Enough for a drill, and few enough to be played in seconds.
const CLIENTS_MOST: u32 = 10_000;
const TIMES_MOST: u32 = 10_000;

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
    let mut events = events?;
    events.sort_by_key(|(event, _)| event.at);
    if let Some(duration) = duration {
        within(&events, duration, reader);
    }
    nothing_restored_that_was_not_lost(&events, reader);
    let events = events.into_iter().map(|(event, _)| event).collect();
    Some(Scenario { name: name?, story: story?, duration: duration?, clients: clients?, events })
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

fn event(node: &Node, reader: &mut Reader) -> Option<(ScenarioEvent, Position)> {
    let fields = reader.map(node, "an event", EVENT)?;
    let at = fields.required("at", reader, |n, r| r.duration(n, "at"));
    let what = what(&fields, reader);
    Some((ScenarioEvent { at: at?, what: what? }, node.at))
}

fn what(fields: &Fields<'_>, reader: &mut Reader) -> Option<What> {
    let kinds = fields.present(KINDS);
    let [kind] = kinds.as_slice() else {
        let message = match kinds.as_slice() {
            // A misspelt kind is told already.
            [] if fields.has_misspelt() => return None,
            [] => "the event does not say what happens".to_owned(),
            [first, second, ..] => format!("the event says both `{first}` and `{second}`"),
            [_] => unreachable!("one kind is the ordinary case"),
        };
        let hint = "each event has `at` and one of `lose`, `restore`, `flap`, `fault`, `operator` and `plan`";
        reader.note(fields.at, Complaint::new(message).hint(hint));
        return None;
    };
    match *kind {
        "lose" => fields.required("lose", reader, |n, r| outage(n, r, "lose")).map(What::Lose),
        "restore" => fields.required("restore", reader, |n, r| outage(n, r, "restore")).map(What::Restore),
        "flap" => fields.required("flap", reader, flap),
        "fault" => fields.required("fault", reader, fault).map(What::Fault),
        "operator" => fields.required("operator", reader, operator),
        _ => fields.required("plan", reader, planned).map(What::Plan),
    }
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

fn outage(node: &Node, reader: &mut Reader, name: &str) -> Option<Outage> {
    let fields = reader.map(node, name, OUTAGE)?;
    let region = fields.required("region", reader, place);
    let planes = fields.or("planes", BTreeSet::from(LostPlane::BOTH), reader, |n, r| {
        let words = [("control", LostPlane::Control), ("data", LostPlane::Data)];
        let planes = r.list(n, "planes", |n, r| r.word(n, "planes", &words))?;
        if planes.is_empty() {
            let hint = "leave the field out to mean both planes";
            r.note(n.at, Complaint::new("`planes` names no plane").hint(hint));
            return None;
        }
        Some(planes.into_iter().collect())
    });
    Some(Outage { region: region?, planes: planes? })
}

fn flap(node: &Node, reader: &mut Reader) -> Option<What> {
    let fields = reader.map(node, "flap", FLAP)?;
    let region = fields.required("region", reader, place);
    let times = fields.required("times", reader, |n, r| r.whole(n, "times", 1, TIMES_MOST));
    let every = fields.required("every", reader, |n, r| {
        r.positive_duration(n, "every", "it is the time from one going to the next")
    });
    Some(What::Flap { region: region?, times: times?, every: every? })
}

/// An effect without what belongs to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EffectWord {
    Error,
    Hang,
    LostAnswer,
    Delay,
}

const EFFECTS: [(&str, EffectWord); 4] = [
    ("error", EffectWord::Error),
    ("hang", EffectWord::Hang),
    ("lost-answer", EffectWord::LostAnswer),
    ("delay", EffectWord::Delay),
];

fn fault(node: &Node, reader: &mut Reader) -> Option<Fault> {
    let fields = reader.map(node, "fault", FAULT)?;
    let region = fields.required("region", reader, place);
    let provider = fields.required("provider", reader, |n, r| r.parsed(n, "provider", provider));
    let operation = fields.required("operation", reader, |n, r| r.parsed(n, "operation", not_blank));
    let phase = fields.required("phase", reader, |n, r| {
        r.word(n, "phase", &[("before", Phase::Before), ("after", Phase::After)])
    });
    let effect = effect(&fields, reader);
    let times = fields.optional("times", reader, |n, r| r.whole(n, "times", 1, TIMES_MOST));
    let until = fields.optional("until", reader, |n, r| r.duration(n, "until"));
    Some(Fault {
        region: region?,
        provider: provider?,
        operation: operation?,
        phase: phase?,
        effect: effect?,
        times: times?,
        until: until?,
    })
}

fn provider(text: &str) -> Result<String, Complaint> {
    let name = text.strip_prefix("Microsoft.").unwrap_or_default();
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Ok(text.to_owned());
    }
    let hint = "write its namespace, such as `Microsoft.ServiceBus`";
    Err(Complaint::new(format!("`{text}` is no provider")).hint(hint))
}

fn effect(fields: &Fields<'_>, reader: &mut Reader) -> Option<Effect> {
    let word = fields.required("effect", reader, |n, r| r.word(n, "effect", &EFFECTS))?;
    for (key, owner, shown) in [
        ("status", EffectWord::Error, "error"),
        ("code", EffectWord::Error, "error"),
        ("by", EffectWord::Delay, "delay"),
    ] {
        if let Some(node) = fields.get(key).filter(|_| word != owner) {
            let hint = "remove it, or change the effect";
            reader.note(node.at, Complaint::new(format!("`{key}` belongs to `effect: {shown}`")).hint(hint));
        }
    }
    match word {
        EffectWord::Error => {
            let status = fields.or("status", 500, reader, |n, r| r.whole(n, "status", 400, 599));
            let code = fields
                .or("code", "InternalServerError".to_owned(), reader, |n, r| r.parsed(n, "code", not_blank));
            let status = u16::try_from(status?).expect("at most 599");
            Some(Effect::Error { status, code: code? })
        }
        EffectWord::Hang => Some(Effect::Hang),
        EffectWord::LostAnswer => Some(Effect::LostAnswer),
        EffectWord::Delay => {
            let by = fields.required("by", reader, |n, r| {
                r.positive_duration(n, "by", "it is how late the answer comes")
            });
            by.map(|by| Effect::Delay { by })
        }
    }
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

fn within(events: &[(ScenarioEvent, Position)], duration: SignedDuration, reader: &mut Reader) {
    for (event, place) in events.iter().filter(|(event, _)| event.at >= duration) {
        let (at, ends) = (render_duration(event.at), render_duration(duration));
        let message = format!("the event at `{at}` comes after the end at `{ends}`");
        reader.note(*place, Complaint::new(message).hint("make `duration` longer"));
    }
}

/// A restore that restores nothing is a slip in its region, its planes or its time.
fn nothing_restored_that_was_not_lost(events: &[(ScenarioEvent, Position)], reader: &mut Reader) {
    let mut lost: BTreeSet<(Place, LostPlane)> = BTreeSet::new();
    for (event, position) in events {
        match &event.what {
            What::Lose(outage) => {
                lost.extend(outage.planes.iter().map(|plane| (outage.region.clone(), *plane)));
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
            _ => {}
        }
    }
}
