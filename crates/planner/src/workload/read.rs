//! From the tree of a file to a [`WorkloadFile`]: one function per mapping, one list of fields per function.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::names::{ComponentName, FilePath, GroupName, RuleId, SubscriptionId, WorkloadName};
use super::reader::{Complaint, Fields, Reader};
use super::source::{Node, Position, Value};
use super::{
    Acceptance, Approver, DataStore, DecisionPolicy, FailoverPolicy, Objectives, SharedTemplate, SiteEntry,
    StaleReads, Templates, WorkloadFile,
};
use crate::settings::{Entry, Section, sections};

/// The fields of the file: its own, and between them the sections of the services.
pub(super) fn fields() -> Vec<&'static str> {
    let sections = sections().map(|section| section.key);
    BEFORE_SECTIONS.iter().copied().chain(sections).chain(AFTER_SECTIONS.iter().copied()).collect()
}

const BEFORE_SECTIONS: &[&str] =
    &["workload", "subscription", "objectives", "primary", "secondary", "templates", "failover"];
const AFTER_SECTIONS: &[&str] = &["data", "accept"];
pub(super) const OBJECTIVES: &[&str] = &["rto", "rpo"];
pub(super) const SITE: &[&str] = &["region", "resourceGroup", "parameters"];
pub(super) const TEMPLATES: &[&str] = &["regional", "shared"];
pub(super) const SHARED: &[&str] = &["file", "resourceGroup", "region", "parameters"];
pub(super) const FAILOVER: &[&str] = &["policy", "holdDown", "decision", "approvers", "clientsHoldOn"];
pub(super) const DATA: &[&str] = &["store", "staleReads"];
pub(super) const STALE_READS: &[&str] = &["maxAge"];
pub(super) const ACCEPT: &[&str] = &["rule", "reason", "until", "component"];

pub(super) const POLICIES: [(&str, DecisionPolicy); 3] = [
    ("manual", DecisionPolicy::Manual),
    ("propose", DecisionPolicy::Propose),
    ("automatic", DecisionPolicy::Automatic),
];
const DEFAULT_HOLD_DOWN: SignedDuration = SignedDuration::from_mins(15);
const DEFAULT_DECISION: SignedDuration = SignedDuration::from_mins(10);
const DEFAULT_CLIENTS_HOLD_ON: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn workload(node: &Node, reader: &mut Reader) -> Option<WorkloadFile> {
    let known = fields();
    let fields = reader.map(node, "the workload file", &known)?;
    let name = fields.required("workload", reader, |n, r| r.parsed(n, "workload", WorkloadName::parse));
    let subscription =
        fields.required("subscription", reader, |n, r| r.parsed(n, "subscription", SubscriptionId::parse));
    let objectives = fields.required("objectives", reader, objectives);
    let primary = fields.required("primary", reader, |n, r| site(n, r, "primary"));
    let secondary = fields.required("secondary", reader, |n, r| site(n, r, "secondary"));
    let templates = fields.required("templates", reader, templates);
    let failover = fields.or("failover", FailoverPolicy::default(), reader, failover);
    let settings = settings(&fields, reader);
    let data = fields.or("data", Vec::new(), reader, |n, r| r.list(n, "data", data_store));
    let accept = fields.or("accept", Vec::new(), reader, |n, r| r.list(n, "accept", acceptance));

    let places = places(node);
    compare_sites(primary.as_ref(), secondary.as_ref(), &places, reader);
    compare_groups(primary.as_ref(), secondary.as_ref(), templates.as_ref(), &places, reader);
    no_name_twice(settings.as_deref(), data.as_deref(), &places, reader);
    Some(WorkloadFile {
        workload: name?,
        subscription: subscription?,
        objectives: objectives?,
        primary: primary?,
        secondary: secondary?,
        templates: templates?,
        failover: failover?,
        settings: settings?,
        data: data?,
        accept: accept?,
        places,
    })
}

fn objectives(node: &Node, reader: &mut Reader) -> Option<Objectives> {
    let fields = reader.map(node, "objectives", OBJECTIVES)?;
    let rto = fields.required("rto", reader, |n, r| {
        r.positive_duration(n, "rto", "no failover takes no time: write the longest outage you can bear")
    });
    let rpo = fields.required("rpo", reader, |n, r| r.duration(n, "rpo"));
    Some(Objectives { rto: rto?, rpo: rpo? })
}

fn site(node: &Node, reader: &mut Reader, name: &str) -> Option<SiteEntry> {
    let fields = reader.map(node, name, SITE)?;
    let region = fields.required("region", reader, |n, r| r.region(n, "region"));
    let group = fields.required("resourceGroup", reader, group);
    let parameters = fields.or("parameters", Vec::new(), reader, files);
    Some(SiteEntry { region: region?, resource_group: group?, parameters: parameters? })
}

fn group(node: &Node, reader: &mut Reader) -> Option<GroupName> {
    reader.parsed(node, "resourceGroup", GroupName::parse)
}

fn file(node: &Node, reader: &mut Reader, name: &str) -> Option<FilePath> {
    reader.parsed(node, name, FilePath::parse)
}

/// One file, or a list of them.
fn files(node: &Node, reader: &mut Reader) -> Option<Vec<FilePath>> {
    match node.value {
        Value::List(_) => reader.list(node, "parameters", |n, r| file(n, r, "parameters")),
        _ => file(node, reader, "parameters").map(|one| vec![one]),
    }
}

fn templates(node: &Node, reader: &mut Reader) -> Option<Templates> {
    let fields = reader.map(node, "templates", TEMPLATES)?;
    let regional = fields.required("regional", reader, |n, r| file(n, r, "regional"));
    let shared = fields.optional("shared", reader, shared_template);
    Some(Templates { regional: regional?, shared: shared? })
}

fn shared_template(node: &Node, reader: &mut Reader) -> Option<SharedTemplate> {
    let fields = reader.map(node, "templates.shared", SHARED)?;
    let path = fields.required("file", reader, |n, r| file(n, r, "file"));
    let group = fields.required("resourceGroup", reader, group);
    let region = fields.required("region", reader, |n, r| r.region(n, "region"));
    let parameters = fields.or("parameters", Vec::new(), reader, files);
    Some(SharedTemplate { file: path?, resource_group: group?, region: region?, parameters: parameters? })
}

impl Default for FailoverPolicy {
    /// A person decides; 15 minutes of hold-down, 10 to decide, and 10 until the last client has moved.
    fn default() -> Self {
        Self {
            policy: DecisionPolicy::Manual,
            hold_down: DEFAULT_HOLD_DOWN,
            decision: DEFAULT_DECISION,
            approvers: Vec::new(),
            clients_hold_on: DEFAULT_CLIENTS_HOLD_ON,
        }
    }
}

fn failover(node: &Node, reader: &mut Reader) -> Option<FailoverPolicy> {
    let fields = reader.map(node, "failover", FAILOVER)?;
    let policy = fields.or("policy", DecisionPolicy::Manual, reader, |n, r| r.word(n, "policy", &POLICIES));
    let hold_down = fields.or("holdDown", DEFAULT_HOLD_DOWN, reader, |n, r| {
        r.positive_duration(n, "holdDown", "without a hold-down every blip moves the workload: 15m is usual")
    });
    let decision = fields.or("decision", DEFAULT_DECISION, reader, |n, r| r.duration(n, "decision"));
    let approvers = fields.or("approvers", Vec::new(), reader, |n, r| {
        r.list(n, "approvers", |n, r| r.parsed(n, "approvers", Approver::parse))
    });
    let clients_hold_on =
        fields.or("clientsHoldOn", DEFAULT_CLIENTS_HOLD_ON, reader, |n, r| r.duration(n, "clientsHoldOn"));
    Some(FailoverPolicy {
        policy: policy?,
        hold_down: hold_down?,
        decision: decision?,
        approvers: approvers?,
        clients_hold_on: clients_hold_on?,
    })
}

/// The entries of all sections; none when any of them is wrong, after all were read.
fn settings(fields: &Fields<'_>, reader: &mut Reader) -> Option<Vec<Entry>> {
    let read: Vec<Option<Vec<Entry>>> = sections()
        .map(|section| {
            let entries = fields.or(section.key, Vec::new(), reader, |n, r| {
                r.list(n, section.key, |n, r| entry(section, n, r))
            })?;
            let entries = entries.into_iter().enumerate();
            Some(entries.map(|(index, entry)| Entry { index, ..entry }).collect())
        })
        .collect();
    let all: Option<Vec<Vec<Entry>>> = read.into_iter().collect();
    Some(all?.into_iter().flatten().collect())
}

fn entry(section: &'static Section, node: &Node, reader: &mut Reader) -> Option<Entry> {
    let what = format!("a `{}` entry", section.key);
    let fields = reader.map(node, &what, section.fields)?;
    let name = section.fields[0];
    let component = fields.required(name, reader, |n, r| r.parsed(n, name, ComponentName::parse));
    let setting = (section.read)(&fields, reader);
    Some(Entry { section, index: 0, component: component?, setting: setting? })
}

fn data_store(node: &Node, reader: &mut Reader) -> Option<DataStore> {
    let fields = reader.map(node, "a `data` entry", DATA)?;
    let store = fields.required("store", reader, |n, r| r.parsed(n, "store", ComponentName::parse));
    let stale_reads = fields.optional("staleReads", reader, stale_reads);
    Some(DataStore { store: store?, stale_reads: stale_reads? })
}

fn stale_reads(node: &Node, reader: &mut Reader) -> Option<StaleReads> {
    let fields = reader.map(node, "staleReads", STALE_READS)?;
    let max_age = fields.required("maxAge", reader, |n, r| r.duration(n, "maxAge"));
    Some(StaleReads { max_age: max_age? })
}

fn acceptance(node: &Node, reader: &mut Reader) -> Option<Acceptance> {
    let fields = reader.map(node, "an `accept` entry", ACCEPT)?;
    let rule = fields.required("rule", reader, |n, r| r.parsed(n, "rule", RuleId::parse));
    let reason = fields.required("reason", reader, |n, r| r.parsed(n, "reason", reason));
    let until = fields.required("until", reader, |n, r| r.parsed(n, "until", date));
    let component =
        fields.optional("component", reader, |n, r| r.parsed(n, "component", ComponentName::parse));
    Some(Acceptance { rule: rule?, reason: reason?, until: until?, component: component? })
}

fn reason(text: &str) -> Result<String, Complaint> {
    if text.trim().is_empty() {
        let hint = "say why the finding is all right: it is printed with the finding";
        return Err(Complaint::new("`reason` is blank").hint(hint));
    }
    Ok(text.to_owned())
}

fn date(text: &str) -> Result<Date, Complaint> {
    // jiff reads instants as dates too; here a day is wanted and nothing else.
    let day = (text.len() == "2027-03-31".len()).then(|| text.parse::<Date>().ok()).flatten();
    day.ok_or_else(|| Complaint::new(format!("`{text}` is not a date")).hint("write it like `2027-03-31`"))
}

/// The place of every value, by JSON pointer.
fn places(node: &Node) -> BTreeMap<String, Position> {
    fn walk(node: &Node, pointer: &str, places: &mut BTreeMap<String, Position>) {
        places.insert(pointer.to_owned(), node.at);
        match &node.value {
            Value::Map(entries) => {
                for (key, value) in entries {
                    let name = key.name.replace('~', "~0").replace('/', "~1");
                    walk(value, &format!("{pointer}/{name}"), places);
                }
            }
            Value::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    walk(item, &format!("{pointer}/{at}"), places);
                }
            }
            _ => {}
        }
    }
    let mut places = BTreeMap::new();
    walk(node, "", &mut places);
    places
}

type Places = BTreeMap<String, Position>;

fn compare_sites(
    primary: Option<&SiteEntry>,
    secondary: Option<&SiteEntry>,
    places: &Places,
    reader: &mut Reader,
) {
    let (Some(primary), Some(secondary)) = (primary, secondary) else { return };
    if primary.region != secondary.region {
        return;
    }
    let message = format!("primary and secondary are both in `{}`", primary.region);
    let hint = match primary.region.pair() {
        Some(pair) => format!("`{pair}` is the region that Azure pairs with it"),
        None => "choose a second region: one that goes down takes both with it".to_owned(),
    };
    reader.note(places["/secondary/region"], Complaint::new(message).hint(hint));
}

/// A group belongs to one role: emptying or redeploying one of them must not touch the other.
fn compare_groups(
    primary: Option<&SiteEntry>,
    secondary: Option<&SiteEntry>,
    templates: Option<&Templates>,
    places: &Places,
    reader: &mut Reader,
) {
    let shared = templates.and_then(|templates| templates.shared.as_ref());
    let groups: Vec<(&str, &str, &GroupName)> = [
        primary.map(|site| ("primary", "/primary/resourceGroup", &site.resource_group)),
        secondary.map(|site| ("secondary", "/secondary/resourceGroup", &site.resource_group)),
        shared.map(|shared| ("templates.shared", "/templates/shared/resourceGroup", &shared.resource_group)),
    ]
    .into_iter()
    .flatten()
    .collect();
    for (at, (role, pointer, group)) in groups.iter().enumerate() {
        if let Some((other, _, _)) = groups[..at].iter().find(|(_, _, earlier)| earlier.is(group)) {
            let message = format!("`{group}` is the group of {other} and of {role}");
            let hint = "give each its own group: what happens to one must not touch the other";
            reader.note(places[*pointer], Complaint::new(message).hint(hint));
        }
    }
}

/// One component, one entry of a list: of two, nobody could say which one holds.
fn no_name_twice(
    settings: Option<&[Entry]>,
    data: Option<&[DataStore]>,
    places: &Places,
    reader: &mut Reader,
) {
    let settings = settings.unwrap_or_default().iter();
    let settings = settings.map(|entry| (entry.section.key, &entry.component, entry.pointer()));
    let stores = data.unwrap_or_default().iter().enumerate();
    let stores = stores.map(|(at, entry)| ("data", &entry.store, format!("/data/{at}/store")));
    let named: Vec<(&str, &ComponentName, String)> = settings.chain(stores).collect();
    for (at, (list, name, pointer)) in named.iter().enumerate() {
        let same = |(other, earlier, _): &(&str, &ComponentName, String)| {
            other == list && earlier.as_str().eq_ignore_ascii_case(name.as_str())
        };
        if named[..at].iter().any(same) {
            let message = format!("`{name}` stands twice in `{list}`");
            reader.note(places[pointer], Complaint::new(message).hint("join the two entries"));
        }
    }
}
