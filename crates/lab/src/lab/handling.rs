//! The way of a request through the lab: understood, paid for, struck, let through, handled, struck again on the way back.

use jiff::SignedDuration;
use lifeboat_arm::{Answer, ArmError, Call, Cost, Method, Region, ResourceId, Target};
use serde_json::Value;

use super::{Dispatched, Lab, Reply, Silence, Trace};
use crate::agenda::Event;
use crate::fault::{Effect, Phase, Sight};
use crate::gate::{self, Place, Stop};
use crate::operation::Status;
use crate::providers::HostOutcome;
use crate::refusal::Refused;
use crate::route::{Request, Route};
use crate::world::Ctx;
use crate::{group, subscription};

impl Lab {
    pub(super) fn handle_arm(&mut self, call: &Call) -> Reply {
        let (purpose, span) = if call.method.is_read() {
            ("read-time", self.world.timing.read)
        } else {
            ("write-time", self.world.timing.write)
        };
        let serial = self.world.next_request();
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

    pub(super) fn handle_host(&mut self, host: &str, call: &Call) -> Reply {
        let serial = self.world.next_request();
        let after = self.world.dice.pick(self.world.timing.data, "data-time", &serial.to_string());
        let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
        let outcome = self.blob_call(&host, call).unwrap_or_else(|| {
            let mut ctx = Ctx { now: self.now, world: &mut self.world };
            self.providers.host_call(&host, call, &mut ctx)
        });
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
            Route::Deployment(route) => self.handle_deployment(route, request),
            Route::TemplateHash => Ok(crate::deployment::template_hash(&request.body)),
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
    pub(super) fn delete_group(&mut self, key: &ResourceId) {
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
            self.deployments.forget(self.now, key);
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
