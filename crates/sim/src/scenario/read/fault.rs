//! Faults: what goes wrong with requests, or with a service in its region.

use jiff::SignedDuration;
use lifeboat_planner::{Complaint, Fields, Node, Reader};

use super::super::{Effect, Fault, Phase, Places, What};
use super::{TIMES_MOST, at, not_blank, place};

pub(in crate::scenario) const FAULT: &[&str] = &[
    "region",
    "provider",
    "operation",
    "phase",
    "effect",
    "status",
    "code",
    "by",
    "retryAfter",
    "times",
    "until",
];

/// An effect without what belongs to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EffectWord {
    Error,
    Hang,
    LostAnswer,
    Delay,
    Throttled,
    NoCapacity,
    Stuck,
    NoReplication,
    SlowDns,
}

const EFFECTS: [(&str, EffectWord); 9] = [
    ("error", EffectWord::Error),
    ("hang", EffectWord::Hang),
    ("lost-answer", EffectWord::LostAnswer),
    ("delay", EffectWord::Delay),
    ("throttled", EffectWord::Throttled),
    ("no-capacity", EffectWord::NoCapacity),
    ("stuck", EffectWord::Stuck),
    ("no-replication", EffectWord::NoReplication),
    ("slow-dns", EffectWord::SlowDns),
];

/// The words of `effect`.
pub(in crate::scenario) fn effect_words() -> Vec<&'static str> {
    EFFECTS.iter().map(|(word, _)| *word).collect()
}

pub(super) fn fault(node: &Node, reader: &mut Reader) -> Option<(What, Places)> {
    let fields = reader.map(node, "fault", FAULT)?;
    let region = fields.required("region", reader, place);
    let provider = fields.required("provider", reader, |n, r| r.parsed(n, "provider", provider));
    let effect = effect(&fields, reader);
    let of_requests = effect.as_ref().is_none_or(Effect::is_of_requests);
    let read_phase =
        |n: &Node, r: &mut Reader| r.word(n, "phase", &[("before", Phase::Before), ("after", Phase::After)]);
    let (operation, phase) = if of_requests {
        let operation = fields.required("operation", reader, |n, r| r.parsed(n, "operation", not_blank));
        let phase = match effect.as_ref().and_then(only_phase) {
            Some(only) => fields.or("phase", only, reader, |n, r| {
                let phase = read_phase(n, r)?;
                if phase != only {
                    contradicts(n, only, r);
                }
                Some(phase)
            }),
            None => fields.required("phase", reader, read_phase),
        };
        (operation.map(Some), phase)
    } else {
        for (key, node) in ["operation", "phase"].map(|key| (key, fields.get(key))) {
            if let Some(node) = node {
                let hint = "remove it: this effect is about the service, not about single requests";
                reader.note(node.at, Complaint::new(format!("`{key}` says nothing here")).hint(hint));
            }
        }
        (Some(None), Some(Phase::Before))
    };
    let times = fields.optional("times", reader, |n, r| r.whole(n, "times", 1, TIMES_MOST));
    let until = fields.optional("until", reader, |n, r| r.duration(n, "until"));
    let places = Places {
        region: at(&fields, "region"),
        provider: at(&fields, "provider"),
        operation: at(&fields, "operation"),
    };
    let fault = Fault {
        region: region?,
        provider: provider?,
        operation: operation?,
        phase: phase?,
        effect: effect?,
        times: times?,
        until: until?,
    };
    Some((What::Fault(fault), places))
}

/// The only phase that an effect can have, if there is only one.
fn only_phase(effect: &Effect) -> Option<Phase> {
    match effect {
        // A refusal for asking too often comes before anything is done.
        Effect::Throttled { .. } => Some(Phase::Before),
        // There is an answer to lose only after the change.
        Effect::LostAnswer => Some(Phase::After),
        _ => None,
    }
}

/// A phase that is not the effect's only one.
fn contradicts(node: &Node, only: Phase, reader: &mut Reader) {
    let (message, hint) = match only {
        Phase::Before => (
            "`phase: after` contradicts `effect: throttled`: what is refused with 429 is not done",
            "write `phase: before`; for a change that is made and answered with an error, `effect: error, status: 429`",
        ),
        Phase::After => (
            "`phase: before` contradicts `effect: lost-answer`: the change is made, and only its answer is lost",
            "write `phase: after`; for a request to which nothing happens and nothing is answered, `effect: hang`",
        ),
    };
    reader.note(node.at, Complaint::new(message).hint(hint));
}

pub(super) fn provider(text: &str) -> Result<String, Complaint> {
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
        ("retryAfter", EffectWord::Throttled, "throttled"),
        ("by", EffectWord::Delay, "delay"),
    ] {
        let may_stand = word == owner || key == "by" && word == EffectWord::SlowDns;
        if let Some(node) = fields.get(key).filter(|_| !may_stand) {
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
            late(fields, reader, "it is how late the answer comes").map(|by| Effect::Delay { by })
        }
        EffectWord::Throttled => {
            let default = SignedDuration::from_secs(10);
            let retry_after = fields.or("retryAfter", default, reader, |n, r| r.duration(n, "retryAfter"));
            retry_after.map(|retry_after| Effect::Throttled { retry_after })
        }
        EffectWord::NoCapacity => Some(Effect::NoCapacity),
        EffectWord::Stuck => Some(Effect::Stuck),
        EffectWord::NoReplication => Some(Effect::NoReplication),
        EffectWord::SlowDns => {
            late(fields, reader, "it is how late name servers learn").map(|by| Effect::SlowDns { by })
        }
    }
}

fn late(fields: &Fields<'_>, reader: &mut Reader, because: &str) -> Option<SignedDuration> {
    fields.required("by", reader, |n, r| r.positive_duration(n, "by", because))
}
