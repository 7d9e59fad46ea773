//! The state of one expansion: limits, mistakes, results.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;

use super::expansion::{Context, ExpandedResource, Linked};
use super::links::FollowedLink;
use crate::template::diagnostic::{Diagnostic, Document, Severity};
use crate::template::language::evaluate::Meter;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::unique;
use crate::template::language::value::Value;

/// How many mistakes are told, and how many doubts.
const DIAGNOSTICS_MAX: usize = 500;
/// How many different mistakes of one kind are told of one place.
const SHARED_MAX: usize = 3;
const RESOURCES_MAX: usize = 20_000;
/// What an id adds to its own bytes in a list of ids.
const ENTRY_ROOM: usize = 48;

pub(crate) struct Engine<'t> {
    pub(crate) context: &'t Context,
    pub(crate) loader: &'t dyn Linked,
    pub(crate) meter: Meter,
    diagnostics: RefCell<Vec<Diagnostic>>,
    /// How many of each severity there are.
    told: RefCell<BTreeMap<Severity, usize>>,
    /// What was told of a place, by kind; numbers are left out.
    seen: RefCell<BTreeMap<Place, Vec<String>>>,
    resources: RefCell<Vec<Draft>>,
    /// What `reference` of a nested deployment answers, by its id.
    pub(crate) deployments: RefCell<BTreeMap<String, Value>>,
    /// The same by its header's key: one id may be deployed several times.
    pub(crate) answers: RefCell<BTreeMap<usize, Value>>,
    /// Locations of the groups that the template itself creates, by name in lower case.
    pub(crate) groups: RefCell<BTreeMap<String, String>>,
    /// Links that were followed, outer ones first.
    pub(crate) links: RefCell<Vec<FollowedLink>>,
    guids: Cell<u64>,
    keys: Cell<usize>,
    /// Resources begun, those that are not made and nested ones too.
    begun: Cell<usize>,
    quiet: Cell<bool>,
    /// That the expansion ended early stands among the diagnostics.
    told_end: Cell<bool>,
    defaults: Cell<usize>,
}

/// The file, the first byte, and the kind of a mistake.
type Place = (String, usize, &'static str);

/// A resource whose dependencies are still keys of headers.
pub(crate) struct Draft {
    pub(crate) key: usize,
    pub(crate) needs: Needs,
    pub(crate) resource: ExpandedResource,
}

/// What a resource waits for, by keys of headers.
#[derive(Default)]
pub(crate) struct Needs {
    /// Named, or of the order of a loop, or of the deployment around it.
    pub(crate) written: Vec<usize>,
    /// Asked by a `reference`.
    pub(crate) implied: Vec<usize>,
}

impl Needs {
    pub(crate) fn all(&self) -> impl Iterator<Item = usize> {
        self.written.iter().chain(&self.implied).copied()
    }
}

impl<'t> Engine<'t> {
    pub(crate) fn new(context: &'t Context, loader: &'t dyn Linked) -> Self {
        Self {
            context,
            loader,
            meter: Meter::new(),
            diagnostics: RefCell::default(),
            told: RefCell::default(),
            seen: RefCell::default(),
            resources: RefCell::default(),
            deployments: RefCell::default(),
            answers: RefCell::default(),
            groups: RefCell::default(),
            links: RefCell::default(),
            guids: Cell::new(0),
            keys: Cell::new(0),
            begun: Cell::new(0),
            quiet: Cell::new(false),
            told_end: Cell::new(false),
            defaults: Cell::new(0),
        }
    }

    pub(crate) fn next_guid(&self) -> String {
        self.guids.set(self.guids.get() + 1);
        unique::guid(&format!("{}-{}", self.context.new_guid_seed, self.guids.get()))
    }

    /// A number for a resource, since an id may be used more than once.
    pub(crate) fn next_key(&self) -> usize {
        self.keys.set(self.keys.get() + 1);
        self.keys.get()
    }

    /// Evaluates the default of a parameter: only there chance and clock may be asked.
    pub(crate) fn in_default<T>(&self, run: impl FnOnce() -> T) -> T {
        self.defaults.set(self.defaults.get() + 1);
        let result = run();
        self.defaults.set(self.defaults.get() - 1);
        result
    }

    pub(crate) fn is_in_default(&self) -> bool {
        self.defaults.get() > 0
    }

    /// Runs something whose mistakes do not count.
    pub(crate) fn quietly<T>(&self, quiet: bool, run: impl FnOnce() -> T) -> T {
        let before = self.quiet.replace(quiet || self.quiet.get());
        let result = run();
        self.quiet.set(before);
        result
    }

    /// Adds a diagnostic, unless the same mistake at the same place is known: loops would repeat it, each turn with another
    /// number. A template that is linked twice may be wrong in two ways at one place.
    pub(crate) fn push(&self, diagnostic: Diagnostic) {
        if self.quiet.get() {
            return;
        }
        let place = (diagnostic.file.clone(), diagnostic.range.start, diagnostic.code);
        let says = diagnostic.message.replace(|letter: char| letter.is_ascii_digit(), "");
        let mut seen = self.seen.borrow_mut();
        let told = seen.entry(place).or_default();
        if told.len() < SHARED_MAX && !told.contains(&says) {
            told.push(says);
            self.push_another(diagnostic);
        }
    }

    /// Adds a diagnostic that shares its place with others.
    pub(crate) fn push_another(&self, diagnostic: Diagnostic) {
        if self.quiet.get() {
            return;
        }
        // Doubts, however many, must not keep a mistake from being told: whether there is one decides.
        let mut told = self.told.borrow_mut();
        let told = told.entry(diagnostic.severity).or_default();
        if *told < DIAGNOSTICS_MAX {
            *told += 1;
            self.diagnostics.borrow_mut().push(diagnostic);
        }
    }

    /// Turns a fault into a diagnostic and stops whoever waits for the value.
    pub(crate) fn report(
        &self,
        document: &Document,
        chain: &[String],
        range: &Range<usize>,
        fault: &Fault,
    ) -> Fault {
        if !fault.reported && self.is_news(fault) {
            let range = match &fault.span {
                Some(span) => map_span(&document.text, range, span),
                None => range.clone(),
            };
            let mut diagnostic = document.diagnostic(fault.code, fault.message.clone(), range);
            diagnostic.hint.clone_from(&fault.hint);
            diagnostic.chain = chain.to_vec();
            self.push(diagnostic);
        }
        Fault::reported()
    }

    /// Whether a fault says something new: once the expansion has come to its end, everything fails for that reason.
    fn is_news(&self, fault: &Fault) -> bool {
        let is_end = self.meter.exhausted().is_some_and(|why| fault.code == "limit" && fault.message == why);
        !(is_end && self.told_end.replace(self.told_end.get() || !self.quiet.get()))
    }

    /// Says that the expansion ended early, unless that is said.
    pub(crate) fn tell_end(&self, document: &Document) {
        if let Some(why) = self.meter.exhausted() {
            let begins = document.root.range.start..document.root.range.start + 1;
            self.report(document, &[], &begins, &Fault::new("limit", why));
        }
    }

    /// Counts resources before anything of them is evaluated.
    pub(crate) fn begin_resources(&self, count: usize) -> Outcome<()> {
        let begun = self.begun.get().saturating_add(count);
        if begun > RESOURCES_MAX {
            return Err(self.meter.exhaust("the template has too many resources"));
        }
        self.begun.set(begun);
        Ok(())
    }

    /// Says what Azure would accept, and somebody should look at.
    pub(crate) fn warn(&self, document: &Document, chain: &[String], range: &Range<usize>, doubt: &Fault) {
        let mut diagnostic = document.diagnostic(doubt.code, doubt.message.clone(), range.clone());
        diagnostic.severity = Severity::Warning;
        diagnostic.hint.clone_from(&doubt.hint);
        diagnostic.chain = chain.to_vec();
        self.push(diagnostic);
    }

    pub(crate) fn push_resource(&self, draft: Draft) -> Outcome<()> {
        // loops that wait for loops, with deployments in them, have more ids to wait for than anything else
        let needs = draft.needs.written.len() + draft.needs.implied.len();
        self.meter.take(needs.saturating_mul(ENTRY_ROOM + draft.resource.id.len()))?;
        self.resources.borrow_mut().push(draft);
        Ok(())
    }

    pub(crate) fn into_parts(self) -> (Vec<Draft>, Vec<Diagnostic>) {
        (self.resources.into_inner(), self.diagnostics.into_inner())
    }
}

/// From bytes of a string's value to bytes of its text: escapes are longer in the file.
fn map_span(text: &str, literal: &Range<usize>, span: &Range<usize>) -> Range<usize> {
    let raw = text.get(literal.clone()).unwrap_or_default();
    let map = |target: usize| {
        let (mut value, mut at) = (0, 1);
        while value < target && at + 1 < raw.len() {
            let rest = &raw[at..];
            let (step, length) = match rest.as_bytes() {
                [b'\\', b'u', ..] => (6.min(rest.len()), unicode_length(rest)),
                [b'\\', _, ..] => (2, 1),
                _ => rest
                    .chars()
                    .next()
                    .map_or((1, 1), |character| (character.len_utf8(), character.len_utf8())),
            };
            value += length;
            at += step;
        }
        (literal.start + at).min(literal.end)
    };
    let start = map(span.start);
    start..map(span.end).max(start)
}

fn unicode_length(escape: &str) -> usize {
    let code = escape.get(2..6).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    code.and_then(char::from_u32).map_or(2, char::len_utf8)
}
