//! The front door: a request goes in with the instant at which it arrives, an answer comes out with the time it takes.
//!
//! The way of a request to the management plane: understood (`route.rs`), paid for (`throttle.rs`), perhaps hit by a
//! fault (`fault.rs`), let through (`gate.rs`), handled by its provider, perhaps hit again on the way back.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, ArmError, Call, Cost, Method, Region, ResourceId, Target};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::agenda::{Agenda, Event};
use crate::deployment::Deployments;
use crate::dice::Dice;
use crate::dns::DnsAnswer;
use crate::fault::{Effect, Fault, Faults, Phase, Sight};
use crate::gate::{self, Place, Stop};
use crate::health::{Health, Plane, Regions};
use crate::operation::Status;
use crate::providers::{HostOutcome, Providers};
use crate::refusal::Refused;
use crate::route::{Request, Route};
use crate::settings::{Quota, Settings};
use crate::world::{Ctx, World};
use crate::{group, names, subscription};

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The answer; none when it never arrives.
    pub answer: Option<Answer>,
    /// How long the lab takes: until the answer leaves or the connection is refused.
    pub after: SignedDuration,
    /// Whether the request did what it asked for, answered or not.
    pub happened: bool,
    /// Why there is no answer.
    pub silence: Option<Silence>,
}

/// Why a request gets no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Silence {
    /// Nothing listens: the client knows at once.
    ConnectionRefused,
    /// Something listens: the client waits until it gives up.
    NoAnswer,
}

/// One request as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// When it arrived.
    pub at: Timestamp,
    /// The host, unless it was the management plane.
    pub host: Option<String>,
    /// The verb.
    pub method: Method,
    /// The path with its query.
    pub path: String,
    /// The region it needed.
    pub region: Option<Region>,
    /// What it was answered; none for no answer.
    pub status: Option<u16>,
    /// ARM's code, when it was refused.
    pub code: Option<String>,
    /// Whether it did what it asked for.
    pub happened: bool,
}

/// Azure in miniature.
#[derive(Debug, Clone)]
pub struct Lab {
    pub(crate) world: World,
    pub(crate) providers: Providers,
    pub(crate) deployments: Deployments,
    pub(crate) now: Timestamp,
    trace: VecDeque<Trace>,
    trace_max: usize,
}

/// What a request inside the lab comes to: deployments send such requests too.
pub(crate) enum Dispatched {
    Answered(Answer),
    Silent,
}

impl Lab {
    /// An empty lab.
    pub fn new(settings: Settings) -> Self {
        let world = World {
            endpoint: settings.endpoint,
            subscriptions: settings.subscriptions,
            quotas: settings.quotas,
            timing: settings.timing,
            dice: Dice::new(settings.seed),
            regions: Regions::default(),
            groups: group::Groups::default(),
            index: crate::index::Index::default(),
            names: names::Names::default(),
            operations: crate::operation::Operations::default(),
            agenda: Agenda::default(),
            faults: Faults::default(),
            throttle: crate::throttle::Throttle::default(),
            gone: Vec::new(),
            serial: 0,
        };
        Self {
            world,
            providers: Providers::default(),
            deployments: Deployments::default(),
            now: settings.start,
            trace: VecDeque::new(),
            trace_max: settings.trace_max,
        }
    }

    /// Answers a request that arrives now. Everything that was due before happens first.
    pub fn handle(&mut self, now: Timestamp, call: &Call) -> Reply {
        self.advance(now);
        match &call.target {
            Target::Arm => self.handle_arm(call),
            Target::Host(host) => self.handle_host(host, call),
        }
    }

    /// Lets everything happen that is due. Time never runs backwards: an earlier instant changes nothing.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some((at, event)) = self.world.agenda.due(now) {
            self.now = self.now.max(at);
            self.happens(event);
        }
        self.now = self.now.max(now);
    }

    /// When something will happen by itself next.
    pub fn next_event(&self) -> Option<Timestamp> {
        self.world.agenda.next()
    }

    /// The instant the lab has reached.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Takes a plane of a region down or brings it back.
    pub fn set_health(&mut self, now: Timestamp, region: &Region, plane: Plane, health: Health) {
        self.advance(now);
        if self.world.regions.set(self.now, region, plane, health) {
            let mut ctx = Ctx { now: self.now, world: &mut self.world };
            self.providers.plane_changed(region, plane, health, &mut ctx);
        }
    }

    /// How a plane of a region is.
    pub fn health(&self, region: &Region, plane: Plane) -> Health {
        self.world.regions.health(region, plane)
    }

    /// The planes whose health was ever set, with the instant of the last change.
    pub fn health_report(&self) -> Vec<(Region, Plane, Health, Timestamp)> {
        self.world
            .regions
            .all()
            .map(|(region, plane, health, at)| (region.clone(), plane, health, at))
            .collect()
    }

    /// Adds a fault.
    pub fn inject(&mut self, fault: Fault) {
        self.world.faults.add(fault);
    }

    /// How often each fault has struck, in the order in which they were added.
    pub fn faults_struck(&self) -> &[u64] {
        self.world.faults.struck()
    }

    /// Sets how many resources of a type a region takes from now on. What exists beyond that stays.
    pub fn limit(&mut self, quota: Quota) {
        let quotas = &mut self.world.quotas;
        quotas.retain(|known| known.region != quota.region || !known.kind.eq_ignore_ascii_case(&quota.kind));
        quotas.push(quota);
    }

    /// Removes all faults. What they caused stays.
    pub fn clear_faults(&mut self) {
        self.world.faults.clear();
    }

    /// What a host name resolves to now, as the authority says it.
    pub fn resolve(&mut self, now: Timestamp, name: &str) -> DnsAnswer {
        self.advance(now);
        let mut ctx = Ctx { now: self.now, world: &mut self.world };
        self.providers.resolve(&name.trim_end_matches('.').to_ascii_lowercase(), &mut ctx)
    }

    /// All resources with their region (none for global ones and children), in the order of their ids.
    pub fn resources(&self) -> impl Iterator<Item = (&ResourceId, Option<&Region>)> {
        self.world.index.all().map(|entry| (&entry.id, entry.location.as_ref()))
    }

    /// All groups with the region of their metadata, in the order of their names.
    pub fn groups(&self) -> impl Iterator<Item = (&ResourceId, &Region)> {
        self.world.groups.all.values().map(|group| (&group.id, &group.location))
    }

    /// The last requests, oldest first.
    pub fn trace(&self) -> impl Iterator<Item = &Trace> {
        self.trace.iter()
    }

    /// Forgets the trace.
    pub fn clear_trace(&mut self) {
        self.trace.clear();
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Provider(event) => {
                let mut ctx = Ctx { now: self.now, world: &mut self.world };
                self.providers.happens(&event, &mut ctx);
            }
            Event::NameFree(host) => self.world.names.free(&host),
            Event::GroupDeleted(key) => self.delete_group(&key),
            Event::Deployment(serial) => self.run_deployment(serial),
        }
        self.forget_gone();
    }

    fn forget_gone(&mut self) {
        for id in std::mem::take(&mut self.world.gone) {
            self.providers.forget(&id);
        }
    }

    fn handle_arm(&mut self, call: &Call) -> Reply {
        let (purpose, span) = if call.method.is_read() {
            ("read-time", self.world.timing.read)
        } else {
            ("write-time", self.world.timing.write)
        };
        let serial = self.world.next_serial();
        let mut after = self.world.dice.pick(span, purpose, &serial.to_string());
        let request = match Request::parse(call) {
            Ok(request) => request,
            Err(refused) => return self.reply(call, Some(refused.answer()), after, false, None),
        };
        let principal = call.headers.get("x-lab-principal").map_or("", String::as_str);
        let cost = Cost::of(call.method);
        let scope = request.subscription.clone().unwrap_or_else(|| "tenant".to_owned());
        let remaining = match self.world.throttle.take(self.now, &scope, principal, cost) {
            Ok(remaining) => remaining,
            Err(answer) => return self.reply(call, Some(*answer), after, false, None),
        };
        let place = gate::place(&request, &Ctx { now: self.now, world: &mut self.world });
        let region = place.member.clone().or_else(|| place.group.clone());
        let mut outcome = match self.strike(Phase::Before, &request, region.as_ref()) {
            Some(Effect::Delay(delay)) => {
                after += delay;
                None
            }
            Some(Effect::Hang) => Some((None, false)),
            Some(effect) => Some((effect.answer(), false)),
            None => None,
        };
        if outcome.is_none() {
            let dispatched = match self.dispatch_at(&request, &place) {
                Dispatched::Answered(answer) => Some(answer),
                Dispatched::Silent => None,
            };
            let happened = !call.method.is_read() && dispatched.as_ref().is_some_and(Answer::is_success);
            outcome = Some(match self.strike(Phase::After, &request, region.as_ref()) {
                Some(Effect::Delay(delay)) => {
                    after += delay;
                    (dispatched, happened)
                }
                Some(Effect::Hang) => (None, happened),
                Some(effect) => (effect.answer(), happened),
                None => (dispatched, happened),
            });
        }
        let (answer, happened) = outcome.unwrap_or((None, false));
        let kind = request.kind();
        let page = self.providers.of(kind.as_ref().map_or("", |kind| kind.namespace())).page();
        let answer = answer.map(|answer| crate::pages::cut(call, answer, page));
        let answer =
            answer.map(|answer| self.decorate(remaining.tell(answer), call, serial, region.as_ref()));
        self.reply(call, answer, after, happened, region)
    }

    fn handle_host(&mut self, host: &str, call: &Call) -> Reply {
        let serial = self.world.next_serial();
        let after = self.world.dice.pick(self.world.timing.data, "data-time", &serial.to_string());
        let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
        let mut ctx = Ctx { now: self.now, world: &mut self.world };
        let outcome = self.providers.host_call(&host, call, &mut ctx);
        let mut reply = match outcome {
            HostOutcome::Answered(answer, happened) => self.reply(call, Some(answer), after, happened, None),
            HostOutcome::Silent => self.reply(call, None, after, false, None),
            HostOutcome::Refused => {
                let span = self.world.timing.connect_refused;
                let after = self.world.dice.pick(span, "connect", &serial.to_string());
                let mut reply = self.reply(call, None, after, false, None);
                reply.silence = Some(Silence::ConnectionRefused);
                reply
            }
        };
        reply.after = reply.after.max(SignedDuration::ZERO);
        reply
    }

    fn strike(&mut self, phase: Phase, request: &Request, region: Option<&Region>) -> Option<Effect> {
        if self.world.faults.none() {
            return None;
        }
        let kind = request.kind();
        let sight = Sight {
            region,
            provider: kind.as_ref().map_or("Microsoft.Resources", |kind| kind.namespace()),
            method: Some(request.method),
            operation: &request.operation(),
            resource: request.resource().map_or("", ResourceId::as_str),
        };
        self.world.faults.strike(self.now, phase, sight, &self.world.dice)
    }

    /// The request as the lab's own parts send it: no throttling, no faults on the way.
    pub(crate) fn dispatch(&mut self, request: &Request) -> Dispatched {
        let place = gate::place(request, &Ctx { now: self.now, world: &mut self.world });
        self.dispatch_at(request, &place)
    }

    /// The same, with the faults that hit a provider whoever asks. Delays do not count: a deployment has time.
    pub(crate) fn dispatch_with_faults(&mut self, request: &Request) -> Dispatched {
        let place = gate::place(request, &Ctx { now: self.now, world: &mut self.world });
        let region = place.member.clone().or_else(|| place.group.clone());
        match self.strike(Phase::Before, request, region.as_ref()) {
            Some(Effect::Hang) => return Dispatched::Silent,
            Some(effect) if effect.answer().is_some() => {
                return effect.answer().map_or(Dispatched::Silent, Dispatched::Answered);
            }
            _ => {}
        }
        let dispatched = self.dispatch_at(request, &place);
        match self.strike(Phase::After, request, region.as_ref()) {
            Some(Effect::Hang) => Dispatched::Silent,
            Some(effect) => effect.answer().map_or(dispatched, Dispatched::Answered),
            None => dispatched,
        }
    }

    fn dispatch_at(&mut self, request: &Request, place: &Place) -> Dispatched {
        let mut ctx = Ctx { now: self.now, world: &mut self.world };
        if let Err(stop) = gate::pass(request, place, &mut ctx) {
            return match stop {
                Stop::Refused(refused) => Dispatched::Answered(refused.answer()),
                Stop::Silent => Dispatched::Silent,
            };
        }
        let handled = match &request.route {
            Route::Subscriptions => Ok(subscription::subscriptions(&ctx)),
            Route::Tenants => Ok(subscription::tenants(&ctx)),
            Route::Subscription => subscription::get(request, &ctx),
            Route::Locations => Ok(subscription::locations(request)),
            Route::Resources => subscription::resources(request, &ctx),
            Route::Provider { namespace, .. } => {
                Ok(subscription::providers(request, namespace.as_deref(), &ctx))
            }
            Route::Groups | Route::Group => group::handle(request, &mut ctx),
            Route::Operation { id, result, .. } => operation(id, *result, request, &ctx),
            Route::Deployments
            | Route::Deployment { .. }
            | Route::DeploymentStatus { .. }
            | Route::DeploymentOperations { .. } => self.handle_deployment(request),
            Route::Resource(_) | Route::Collection { .. } | Route::Action { .. } => {
                let kind = request.kind();
                let namespace = kind.as_ref().map_or("", |kind| kind.namespace());
                let handled = self.providers.of(namespace).handle(request, &mut ctx);
                if let (Route::Resource(id), Method::Put, Ok(_)) = (&request.route, request.method, &handled)
                {
                    gate::claim(id, &mut ctx);
                }
                handled
            }
        };
        self.forget_gone();
        Dispatched::Answered(handled.unwrap_or_else(|refused| refused.answer()))
    }

    /// Members go first, through their own providers; a member that refuses keeps the group.
    fn delete_group(&mut self, key: &ResourceId) {
        let members: Vec<ResourceId> = self
            .world
            .index
            .within(key)
            .filter(|entry| entry.id.kind().is_some_and(|kind| kind.segments().count() == 1))
            .map(|entry| entry.id.clone())
            .collect();
        let mut failed = None;
        for id in &members {
            let path = format!("{id}?api-version=2024-03-01");
            let Ok(request) = Request::parse(&Call::arm(Method::Delete, path, None)) else { continue };
            if let Dispatched::Answered(answer) = self.dispatch(&request)
                && !answer.is_success()
            {
                failed = answer.error();
            }
        }
        let Some(operation) = self.world.groups.all.get(key).and_then(|group| group.deleting.clone()) else {
            return;
        };
        if let Some(error) = failed {
            if let Some(group) = self.world.groups.all.get_mut(key) {
                group.deleting = None;
            }
            let mut outer = ArmError::new("ResourceGroupDeletionBlocked", "Deletion of a resource failed.");
            outer.details.push(error);
            self.world.operations.end(&operation, self.now, Status::Failed(outer));
        } else if self.world.index.within(key).next().is_some() {
            let mut ctx = Ctx { now: self.now, world: &mut self.world };
            ctx.look_again(Event::GroupDeleted(key.clone()));
        } else {
            self.world.groups.all.remove(key);
            self.deployments.forget(key);
            let result = serde_json::json!({});
            self.world.operations.end_with(&operation, self.now, Status::Succeeded, result);
        }
    }

    fn decorate(&self, answer: Answer, call: &Call, serial: u64, region: Option<&Region>) -> Answer {
        let id = self.world.dice.guid("request", &serial.to_string()).to_string();
        let correlation =
            call.headers.get("x-ms-correlation-request-id").cloned().unwrap_or_else(|| id.clone());
        let place = region.map_or("GLOBAL", Region::as_str).to_ascii_uppercase();
        let mut answer = answer
            .with_header("x-ms-routing-request-id", format!("{place}:{}:{id}", self.now))
            .with_header("x-ms-correlation-request-id", correlation)
            .with_header("x-ms-request-id", id);
        let wants_echo = call.headers.get("x-ms-return-client-request-id").is_some_and(|text| text == "true");
        if let (true, Some(own)) = (wants_echo, call.headers.get("x-ms-client-request-id")) {
            answer = answer.with_header("x-ms-client-request-id", own.clone());
        }
        if call.method == Method::Head {
            answer.body = Value::Null;
        }
        answer
    }

    fn reply(
        &mut self,
        call: &Call,
        answer: Option<Answer>,
        after: SignedDuration,
        happened: bool,
        region: Option<Region>,
    ) -> Reply {
        if self.trace_max > 0 {
            if self.trace.len() >= self.trace_max {
                self.trace.pop_front();
            }
            self.trace.push_back(Trace {
                at: self.now,
                host: match &call.target {
                    Target::Arm => None,
                    Target::Host(host) => Some(host.clone()),
                },
                method: call.method,
                path: call.path.clone(),
                region,
                status: answer.as_ref().map(|answer| answer.status),
                code: answer.as_ref().and_then(Answer::error).map(|error| error.code),
                happened,
            });
        }
        let silence = answer.is_none().then_some(Silence::NoAnswer);
        Reply { answer, after, happened, silence }
    }
}

fn operation(id: &str, result: bool, request: &Request, ctx: &Ctx<'_>) -> Result<Answer, Refused> {
    let record = ctx.world.operations.get(id).ok_or_else(|| {
        Refused::new(404, "OperationNotFound", format!("The operation '{id}' was not found."))
    })?;
    if !result {
        return Ok(record.status_answer(id));
    }
    let subscription = request.subscription_name();
    // The record is found by its id alone, so that it does not matter whose location the next poll names.
    let (_, url) =
        crate::operation::urls(&ctx.world.endpoint, subscription, "Microsoft.Resources", &record.region, id);
    Ok(record.result_answer(&url))
}
