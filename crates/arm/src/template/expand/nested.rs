//! Deployments inside of deployments: inline or linked, of inner or outer scope, here or in another scope.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::body::resources_pointer;
use super::expansion::NestedDeployment;
use super::frame::{Deployment, Frame};
use super::header::{Collector, Header, Turns, with_turns};
use super::links::LinkKind;
use super::outputs::{OutputType, public_outputs};
use super::unit::{Progress, Unit};
use super::written::Written;
use crate::template::diagnostic::Document;
use crate::template::key_vault::secret;
use crate::template::language::evaluate::Env;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::functions::record;
use crate::template::language::scope::Scope;
use crate::template::language::value::{Key, Value};
use crate::tree::{Node, push_pointer};

/// Deployments nested deeper are refused; a template that links to itself ends here.
const NESTING_MAX: usize = 12;

impl Unit<'_> {
    /// Expands a nested deployment, unless that is done already.
    pub(crate) fn expand_deployment(&self, index: usize) -> Outcome<()> {
        let header = &self.headers[index];
        let progress = self.progress.borrow()[index];
        match progress {
            Progress::Done => return Ok(()),
            Progress::Busy => {
                let message = format!("the deployment `{}` needs its own outputs", header.name);
                return Err(Fault::new("cycle", message));
            }
            Progress::Waiting => {}
        }
        self.mark(index, Progress::Busy);
        if header.condition && !header.existing {
            let used = RefCell::default();
            let env = self.env(&used);
            // it may be a `reference` elsewhere that asks for its outputs
            self.frame.within(&self.chain, || {
                with_turns(&env, &header.turns, &mut |env| self.nested(env, index, &used));
            });
        }
        self.mark(index, Progress::Done);
        Ok(())
    }

    /// What is wrong inside is reported; the deployment itself is always listed.
    fn nested(&self, env: &Env<'_>, index: usize, used: &RefCell<Vec<usize>>) {
        let header = &self.headers[index];
        let mut body = Self::members(env, header.node, &["properties"]);
        let properties = header.node.get("properties");
        let mut shown = Vec::new();
        if let Some(properties) = properties {
            let skip =
                ["template", "parameters", "expressionEvaluationOptions", "templateLink", "parametersLink"];
            shown = Self::members(env, properties, &skip);
        }
        let arguments = self.arguments(env, header, properties);
        if let Ok(arguments) = &arguments {
            let shown_arguments = arguments
                .given
                .iter()
                .map(|(name, value)| Ok((Key::clone(name), record([("value", value.clone())])?)));
            if let Ok(value) = shown_arguments.collect::<Outcome<Vec<_>>>().and_then(Value::object) {
                shown.push((Key::from("parameters"), value));
            }
        }
        let mode = shown.iter().find(|(key, _)| key.eq_ignore_ascii_case("mode"));
        let mode = mode.and_then(|(_, value)| value.as_str()).unwrap_or("Incremental").to_owned();
        let mut needs = self.depends_on(env, index, used);
        let result = arguments.and_then(|arguments| {
            self.inside(env, header, &arguments, &mode, needs.all().collect())
                .map_err(|fault| self.frame.report(properties.unwrap_or(header.node), &fault))
        });
        let mut deployment = NestedDeployment { outputs: BTreeMap::new(), mode };
        if let Ok(inside) = result {
            deployment.outputs = public_outputs(&inside.outputs);
            needs.written.extend(inside.keys);
            // what hangs on a failed output waits for the run instead of failing once more
            if inside.complete
                && let Ok(answer) = Self::answer(inside.outputs)
            {
                let engine = self.frame.engine;
                engine.deployments.borrow_mut().insert(header.id_key.clone(), answer.clone());
                engine.answers.borrow_mut().insert(header.key, answer);
            }
        }
        if let Ok(properties) = Value::object(shown) {
            body.push((Key::from("properties"), properties));
        }
        let pushed = Written::of_values(env.meter, body)
            .and_then(|body| self.push(header, body, needs, Some(deployment)));
        if let Err(fault) = pushed {
            self.frame.report(header.node, &fault);
        }
    }

    /// What `reference` of the deployment will find.
    fn answer(outputs: Vec<(Key, OutputType, Value)>) -> Outcome {
        let outputs = outputs.into_iter().map(|(name, kind, value)| {
            Ok((name, record([("type", Value::string(kind.name)), ("value", value)])?))
        });
        record([
            ("provisioningState", Value::string("Succeeded")),
            ("outputs", Value::object(outputs.collect::<Outcome<_>>()?)?),
        ])
    }

    /// The values given to the nested template.
    fn arguments(&self, env: &Env<'_>, header: &Header<'_>, properties: Option<&Node>) -> Outcome<Arguments> {
        let all = |given| Arguments { given, wrong: Vec::new() };
        let Some(parameters) = properties.and_then(|properties| properties.get("parameters")) else {
            let link = properties.and_then(|properties| properties.get("parametersLink"));
            let linked = link.map_or(Ok(Vec::new()), |link| self.linked_arguments(env, header, link));
            return linked.map(all);
        };
        if parameters.as_str().is_some() {
            // an expression may give all of them: an object of `{name: {value}}`
            let object = env.node(parameters)?;
            let entries = object.as_object().map(|object| object.entries.clone()).unwrap_or_default();
            let mut arguments = Vec::new();
            for (name, entry) in entries {
                if let Some(value) = self.entry(&entry, parameters)? {
                    arguments.push((name, value));
                }
            }
            return Ok(all(arguments));
        }
        let mut arguments = all(Vec::new());
        for member in parameters.members().unwrap_or_default() {
            let name = Key::clone(&member.key);
            match self.argument(env, &member.value) {
                Ok(Some(value)) => arguments.given.push((name, value)),
                Ok(None) => {}
                Err(fault) => {
                    self.frame.report(&member.value, &fault);
                    arguments.wrong.push(name);
                }
            }
        }
        Ok(arguments)
    }

    fn argument(&self, env: &Env<'_>, node: &Node) -> Outcome<Option<Value>> {
        if let Some(value) = node.get("value") {
            return env.node(value).map(Some);
        }
        if let Some(reference) = node.get("reference") {
            let found = env.node(reference).and_then(|reference| secret(&reference));
            return found.map(Some).map_err(|fault| self.frame.report(reference, &fault));
        }
        if node.get("copy").is_some() {
            // a loop that makes the property `value`
            let entry = env.node(node)?;
            return Ok(entry.as_object().and_then(|entry| entry.get("value")).cloned());
        }
        if node.as_str().is_some() {
            // `"name": "[if(…, createObject('value', …), …)]"`
            return self.entry(&env.node(node)?, node);
        }
        Ok(None)
    }

    /// Values that the template inside does not take, told where they are given.
    fn unknown_arguments(
        &self,
        header: &Header<'_>,
        properties: &Node,
        inside: &Frame<'_>,
        given: &BTreeMap<String, Value>,
    ) {
        let written = properties.get("parameters");
        for (name, hint) in inside.unknown_arguments(given) {
            let member = written.and_then(|written| written.member(&name));
            let range = member.map_or(&written.unwrap_or(properties).range, |member| &member.key_range);
            let name = member.map_or(&*name, |member| &*member.key);
            let message = format!(
                "the template of `{}` declares no parameter `{name}`, but a value is given",
                header.name
            );
            let fault = Fault::new("parameter-unknown", message).hint(hint);
            self.frame.engine.report(self.frame.document, &self.chain, range, &fault);
        }
    }

    /// What `{value}` or `{reference}` gives, made by an expression at `node`.
    fn entry(&self, entry: &Value, node: &Node) -> Outcome<Option<Value>> {
        let Some(entry) = entry.as_object() else { return Ok(None) };
        match (entry.get("value"), entry.get("reference")) {
            (Some(value), _) => Ok(Some(value.clone())),
            (None, Some(reference)) => {
                secret(reference).map(Some).map_err(|fault| self.frame.report(node, &fault))
            }
            (None, None) => Ok(None),
        }
    }

    /// Deployments without an end: usually templates that link to each other, and then the way around is named.
    fn too_deep(&self, header: &Header<'_>) -> Fault {
        let files = &self.frame.deployment.files;
        let last = files.last();
        let Some(before) = files.iter().rev().skip(1).position(|file| Some(file) == last) else {
            let message = format!("deployments are nested more than {NESTING_MAX} levels deep");
            return Fault::new("limit", message);
        };
        let around: Vec<String> =
            files[files.len() - before - 2..].iter().map(|file| format!("`{file}`")).collect();
        let message = format!("templates link to each other without an end: {}", around.join(" → "));
        let hint = "break the circle, or let a `condition` end it".to_owned();
        let place = header.node.get("properties").unwrap_or(header.node);
        let place = place.get("templateLink").unwrap_or(place);
        let fault = Fault::new("linked-cycle", message).hint(Some(hint));
        // The deployments on the way are these files over and over: they would say the same again.
        self.frame.engine.report(self.frame.document, &[], &place.range, &fault)
    }

    /// Expands the template inside; gives its outputs and the ids of its resources.
    fn inside(
        &self,
        env: &Env<'_>,
        header: &Header<'_>,
        arguments: &Arguments,
        mode: &str,
        inherited: Vec<usize>,
    ) -> Outcome<Inside> {
        if self.chain.len() >= NESTING_MAX {
            return Err(self.too_deep(header));
        }
        let Some(properties) = header.node.get("properties") else {
            return Err(Fault::new("deployment", "the deployment has no `properties`"));
        };
        let mut deployment = Deployment {
            name: header.name.clone(),
            location: None,
            mode: mode.to_owned(),
            uri: None,
            files: self.frame.deployment.files.clone(),
            written_at: self.frame.deployment.written_at.clone(),
        };
        if let Some(location) = header.node.get("location") {
            deployment.location = env.node(location)?.as_str().map(str::to_owned);
        }
        // a group that the template itself makes is known only now
        let mut scope = header.scope.clone();
        if let Scope::Group { name, location, .. } = &mut scope
            && location.is_none()
        {
            *location = self.frame.engine.groups.borrow().get(&name.to_lowercase()).cloned();
        }
        let mut chain = self.chain.clone();
        chain.push(header.name.clone());
        let given =
            arguments.given.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        if let Some(template) = properties.get("template").filter(|template| template.members().is_some()) {
            let pointer = push_pointer(&push_pointer(&header.pointer, "properties"), "template");
            let place = Place { template, pointer, chain, inherited };
            if is_inner(env, properties) {
                let engine = self.frame.engine;
                let frame = Frame::new(
                    engine,
                    self.frame.document,
                    template,
                    scope.clone(),
                    deployment,
                    place.chain.clone(),
                    &given,
                )
                .without(&arguments.wrong);
                self.unknown_arguments(header, properties, &frame, &given);
                return Ok(run(&frame, &scope, &place, &Vec::new(), Some(self)));
            }
            return Ok(self
                .frame
                .within(&place.chain, || run(self.frame, &scope, &place, &header.turns, Some(self))));
        }
        if let Some(Ok(Value::Deferred(_))) = properties.get("template").map(|template| env.node(template)) {
            let message = "the template of this deployment is what another resource answers when it runs";
            let hint = "write the template itself there, or link to it: what it makes is not known before"
                .to_owned();
            return Err(Fault::new("runtime-template", message).hint(Some(hint)));
        }
        let Some(link) = properties.get("templateLink") else {
            return Err(Fault::new("deployment", "the deployment has neither `template` nor `templateLink`"));
        };
        let linked = self.follow(env, header, link, LinkKind::Template)?;
        self.frame.engine.meter.spend(linked.text.len() / 4 + 1000)?;
        let document = match Document::parse(&linked.file, &linked.text) {
            Ok(document) => document,
            Err(mut diagnostic) => {
                diagnostic.chain = chain;
                self.frame.engine.push(*diagnostic);
                return Err(Fault::reported());
            }
        };
        deployment.uri = Some(linked.file.clone());
        deployment.files.push(linked.file.clone());
        deployment.written_at =
            format!("{}{}/properties/template", self.frame.deployment.written_at, header.pointer);
        let engine = self.frame.engine;
        let frame =
            Frame::new(engine, &document, &document.root, scope.clone(), deployment, chain.clone(), &given)
                .without(&arguments.wrong);
        self.unknown_arguments(header, properties, &frame, &given);
        let place = Place { template: &document.root, pointer: String::new(), chain, inherited };
        Ok(run(&frame, &scope, &place, &Vec::new(), None))
    }
}

fn is_inner(env: &Env<'_>, properties: &Node) -> bool {
    let scope = properties.get("expressionEvaluationOptions").and_then(|options| options.get("scope"));
    let scope = scope.and_then(|scope| env.node(scope).ok());
    scope.as_ref().and_then(Value::as_str).is_some_and(|scope| scope.eq_ignore_ascii_case("inner"))
}

/// The values that a deployment gives, by name as written.
struct Arguments {
    given: Vec<(Key, Value)>,
    /// The names whose values are wrong: the template inside is looked at without them.
    wrong: Vec<Key>,
}

/// What comes out of an expanded template.
pub(crate) struct Inside {
    pub(crate) outputs: Vec<(Key, OutputType, Value)>,
    /// Whether all outputs could be evaluated.
    complete: bool,
    /// The keys of the resources that are made.
    keys: Vec<usize>,
}

/// Which template is expanded, and where it stands.
pub(crate) struct Place<'p> {
    pub(crate) template: &'p Node,
    pub(crate) pointer: String,
    pub(crate) chain: Vec<String>,
    pub(crate) inherited: Vec<usize>,
}

/// Expands one template: first all headers, then bodies, then outputs.
pub(crate) fn run<'p>(
    frame: &'p Frame<'p>,
    scope: &'p Scope,
    place: &Place<'p>,
    turns: &Turns,
    parent: Option<&'p Unit<'p>>,
) -> Inside {
    if std::ptr::eq(frame.template, place.template) {
        frame.check_parameters();
        frame.check_variables();
    }
    let mut collector = Collector { frame, scope, headers: Vec::new() };
    if let Some(resources) = place.template.get("resources") {
        collector.collect(resources, &resources_pointer(&place.pointer), turns);
    }
    let headers = collector.headers;
    frame.doubt_count(place.template, headers.len());
    let (chain, inherited) = (place.chain.clone(), place.inherited.clone());
    let unit = Unit::new(frame, place.template, headers, scope.clone(), chain, inherited, parent);
    unit.expand_all();
    let made = unit.headers.iter().filter(|header| header.condition);
    let keys = made.map(|header| header.key).collect();
    let (outputs, complete) = unit.outputs(turns);
    Inside { outputs, complete, keys }
}
