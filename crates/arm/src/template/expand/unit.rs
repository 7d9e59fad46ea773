//! One deployment under expansion: its resources by all the names that they go by.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use super::frame::Frame;
use super::full::full_deployment;
use super::header::{Header, with_turns};
use crate::template::diagnostic::did_you_mean;
use crate::template::language::evaluate::Env;
use crate::template::language::expression::Expression;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::functions::record;
use crate::template::language::scope::{self, Scope};
use crate::template::language::surroundings::Neighbours;
use crate::template::language::value::Value;
use crate::tree::Node;

/// How far a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Waiting,
    Busy,
    Done,
}

pub(crate) struct Unit<'t> {
    /// What its expressions see: with outer scope the parent's.
    pub(crate) frame: &'t Frame<'t>,
    /// Whose resources these are; with outer scope not the frame's template.
    pub(crate) template: &'t Node,
    pub(crate) headers: Vec<Header<'t>>,
    pub(crate) progress: RefCell<Vec<Progress>>,
    pub(crate) scope: Scope,
    pub(crate) chain: Vec<String>,
    /// What the deployment waits for, and so each of its resources.
    pub(crate) inherited: Vec<usize>,
    pub(crate) parent: Option<&'t Unit<'t>>,
    /// Places of headers in the order of their ids, each id once.
    by_id: Vec<usize>,
    by_symbol: BTreeMap<String, Vec<usize>>,
    by_loop: BTreeMap<String, Vec<usize>>,
    /// Made when first asked for: most templates name their resources by id alone.
    names: OnceCell<Names>,
}

/// Resources by their names, in lower case.
#[derive(Default)]
struct Names {
    /// By name, and by type with name.
    whole: BTreeMap<String, Vec<usize>>,
    /// Children by the last part of their name, which templates use inside of the parent.
    short: BTreeMap<String, Vec<usize>>,
}

impl Names {
    fn of(headers: &[Header<'_>]) -> Self {
        let mut names = Self::default();
        for (index, header) in headers.iter().enumerate().filter(|(_, header)| !header.nameless) {
            let parts: Vec<&str> = header.name.split('/').collect();
            let mut known_as = vec![
                header.name.to_lowercase(),
                format!("{}/{}", header.kind, header.name).to_lowercase(),
                scope::interleave(&header.kind, &parts).unwrap_or_default().to_lowercase(),
            ];
            known_as.dedup();
            if let [_, .., own] = parts.as_slice() {
                names.short.entry(own.to_lowercase()).or_default().push(index);
            }
            for name in known_as {
                names.whole.entry(scope::key(&name)).or_default().push(index);
            }
        }
        names
    }
}

impl<'t> Unit<'t> {
    pub(crate) fn new(
        frame: &'t Frame<'t>,
        template: &'t Node,
        headers: Vec<Header<'t>>,
        scope: Scope,
        chain: Vec<String>,
        inherited: Vec<usize>,
        parent: Option<&'t Unit<'t>>,
    ) -> Self {
        let mut by_id: Vec<usize> = (0..headers.len()).filter(|at| !headers[*at].nameless).collect();
        // a resource may be written twice under opposite conditions: the one that is made counts
        by_id.sort_unstable_by_key(|&at| (headers[at].id_key.as_str(), !headers[at].condition, at));
        by_id.dedup_by(|later, first| headers[*later].id_key == headers[*first].id_key);
        let mut by_symbol: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut by_loop: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, header) in headers.iter().enumerate() {
            if let Some(symbol) = header.symbol {
                by_symbol.entry(symbol.to_lowercase()).or_default().push(index);
            }
            if let Some((name, _)) = &header.batch {
                by_loop.entry(name.to_lowercase()).or_default().push(index);
            }
        }
        let progress = RefCell::new(vec![Progress::Waiting; headers.len()]);
        Self {
            frame,
            template,
            headers,
            progress,
            scope,
            chain,
            inherited,
            parent,
            by_id,
            by_symbol,
            by_loop,
            names: OnceCell::new(),
        }
    }

    /// An environment for the resources' bodies and the outputs.
    pub(crate) fn env<'a>(&'a self, used: &'a RefCell<Vec<usize>>) -> Env<'a> {
        Env { neighbours: Some(self), used: Some(used), ..self.frame.env() }
    }

    fn of_id(&self, key: &str) -> Option<usize> {
        let found = self.by_id.binary_search_by(|at| self.headers[*at].id_key.as_str().cmp(key));
        found.ok().map(|place| self.by_id[place])
    }

    fn by_names(&self) -> &Names {
        self.names.get_or_init(|| Names::of(&self.headers))
    }

    /// The resources that a dependency or `reference` means.
    pub(crate) fn find(&self, written: &str) -> Outcome<Vec<usize>> {
        let folded = written.to_lowercase();
        if let Some(found) = self.by_symbol.get(&folded) {
            return Ok(found.clone());
        }
        if let Some((symbol, index)) = folded.strip_suffix(']').and_then(|text| text.split_once('['))
            && let Some(found) = self.by_symbol.get(symbol)
        {
            return Ok(found.iter().filter(|at| self.turn(**at) == index.parse().ok()).copied().collect());
        }
        let key = scope::key(&folded);
        if folded.starts_with('/') {
            if let Some(found) = self.of_id(&key) {
                return Ok(vec![found]);
            }
            return Ok(self.find_elsewhere(&key));
        }
        if let Some(found) = self.by_loop.get(&folded) {
            return Ok(found.clone());
        }
        let names = self.by_names();
        let found = names.whole.get(&key).or_else(|| names.short.get(&folded));
        let Some(found) = found else { return Ok(Vec::new()) };
        let mut ids: Vec<&str> = found.iter().map(|index| self.headers[*index].id_key.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() > 1 {
            let hint = "write the id: `[resourceId('type', 'name')]`".to_owned();
            let message = format!("`{written}` is the name of {} resources of the template", ids.len());
            return Err(Fault::new("dependency-ambiguous", message).hint(Some(hint)));
        }
        Ok(self.of_id(ids[0]).into_iter().collect())
    }

    /// An id whose scope is spelled wrongly still means the only resource of that type and name.
    fn find_elsewhere(&self, key: &str) -> Vec<usize> {
        let Some((_, tail)) = key.rsplit_once("/providers/") else { return Vec::new() };
        if !tail.starts_with("microsoft.resources/deployments/") {
            return Vec::new();
        }
        match self.by_names().whole.get(tail).map(Vec::as_slice) {
            Some([only]) if self.headers[*only].is_deployment() => vec![*only],
            _ => Vec::new(),
        }
    }

    pub(crate) fn turn(&self, index: usize) -> Option<i64> {
        self.headers[index].turns.last().map(|(_, turn)| *turn)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let symbols = self.headers.iter().filter_map(|header| header.symbol);
        let named = self.headers.iter().filter(|header| !header.nameless);
        named.map(|header| header.name.as_str()).chain(symbols)
    }

    fn locate_among(
        &self,
        env: &Env<'_>,
        target: &str,
        found: &[usize],
    ) -> Outcome<(String, Option<String>)> {
        if let [index] = found {
            let header = &self.headers[*index];
            if let Some(used) = env.used.filter(|_| !target.starts_with('/') && header.condition) {
                used.borrow_mut().push(header.key);
            }
            return Ok((header.id.clone(), Some(header.api_version.clone())));
        }
        if found.len() > 1 {
            let message = format!("`{target}` is a loop of {} resources", found.len());
            return Err(Fault::new("reference-unknown", message));
        }
        if target.starts_with('/') {
            return Ok((target.to_owned(), None));
        }
        if let Some(parent) = self.parent {
            return parent.locate(env, target);
        }
        // `Microsoft.Storage/storageAccounts/name` without a scope is meant from here
        if target.contains('.') && target.matches('/').count() >= 2 {
            return Ok((format!("{}/providers/{}", self.scope.id(), target.trim_matches('/')), None));
        }
        let hint = did_you_mean(target, self.names());
        Err(Fault::new("reference-unknown", format!("there is no resource `{target}` in the template"))
            .hint(hint))
    }

    /// A nested deployment of the template is expanded, so that its outputs are known already.
    fn deployment_answer(
        &self,
        env: &Env<'_>,
        target: &str,
        found: &[usize],
        api_version: Option<&str>,
        full: bool,
    ) -> Outcome<Option<Value>> {
        let engine = self.frame.engine;
        match found {
            [index] if self.headers[*index].is_deployment() => {
                let header = &self.headers[*index];
                if !header.condition || header.existing {
                    return Ok(None);
                }
                env.meter.deeper(|| self.expand_deployment(*index))?;
                if let Some(used) = env.used {
                    used.borrow_mut().push(header.key);
                }
                let known = engine.answers.borrow().get(&header.key).cloned();
                let Some(known) = known else { return Ok(None) };
                if !full {
                    return Ok(Some(known));
                }
                let version = api_version.unwrap_or(&header.api_version);
                full_deployment(&header.id, version, self.location(*index), known).map(Some)
            }
            [] => {
                if let Some(parent) = self.parent {
                    return parent.deployment_answer(env, target, &parent.find(target)?, api_version, full);
                }
                let known = engine.deployments.borrow().get(&scope::key(target)).cloned();
                let Some(known) = known else { return Ok(None) };
                if !full {
                    return Ok(Some(known));
                }
                full_deployment(target, api_version.unwrap_or_default(), None, known).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The `location` of a resource, if it has one; what is wrong with it is told where it is expanded.
    fn location(&self, index: usize) -> Option<Value> {
        let header = &self.headers[index];
        let location = header.node.get("location")?;
        let value = with_turns(&self.frame.env(), &header.turns, &mut |env| env.node(location));
        value.ok().filter(|value| !matches!(value, Value::Null))
    }
}

impl Neighbours for Unit<'_> {
    fn locate(&self, env: &Env<'_>, target: &str) -> Outcome<(String, Option<String>)> {
        self.locate_among(env, target, &self.find(target)?)
    }

    fn reference(&self, env: &Env<'_>, target: &str, api_version: Option<&str>, full: bool) -> Outcome {
        let found = self.find(target)?;
        if let Some(answer) = self.deployment_answer(env, target, &found, api_version, full)? {
            return Ok(answer);
        }
        let (id, own_version) = self.locate_among(env, target, &found)?;
        // without a version the service looks the resource up in the template, as it does for a name
        if let (Some(used), None, [index]) = (env.used, api_version, found.as_slice()) {
            used.borrow_mut().push(self.headers[*index].key);
        }
        let version = api_version.map(str::to_owned).or(own_version);
        let mut arguments = vec![Value::string(id)];
        if version.is_some() || full {
            arguments.push(Value::string(version.unwrap_or_default()));
        }
        if full {
            arguments.push(Value::string("Full"));
        }
        Value::deferred(Expression::call("reference", arguments.into_iter().map(Expression::Value).collect()))
    }

    fn references(&self, env: &Env<'_>, target: &str, full: bool) -> Outcome {
        let found = self.find(target)?;
        if found.is_empty() && !self.by_symbol.contains_key(&target.to_lowercase()) {
            // a loop of no turns has no header, so only its name can tell it from a mistake
            let known = self.template.get("resources").and_then(|resources| resources.get(target));
            if known.is_none() {
                let hint = did_you_mean(target, self.names());
                let message = format!("there is no loop `{target}` in the template");
                return Err(Fault::new("reference-unknown", message).hint(hint));
            }
        }
        let mut answers = Vec::new();
        for index in found {
            let id = self.headers[index].id.clone();
            answers.push(self.reference(env, &id, None, full)?);
        }
        Value::array(answers)
    }

    fn resource_info(&self, target: &str) -> Outcome {
        let [index] = self.find(target)?[..] else {
            let hint = did_you_mean(target, self.names());
            let message = format!("there is no resource `{target}` in the template");
            return Err(Fault::new("reference-unknown", message).hint(hint));
        };
        let header = &self.headers[index];
        record([
            ("id", Value::string(header.id.as_str())),
            ("name", Value::string(header.name.as_str())),
            ("type", Value::string(header.kind.as_str())),
            ("apiVersion", Value::string(header.api_version.as_str())),
        ])
    }
}
