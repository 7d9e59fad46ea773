//! `validate`: the template is read and expanded, and each new resource is held against what stands before its provider:
//! unique names, quota, capacity. Nothing is reserved and no record is left.

use lifeboat_arm::{Answer, ArmError, Call, Method, ResourceId};

use super::program::Program;
use super::refusals::PREFLIGHT;
use crate::gate;
use crate::lab::Lab;
use crate::refusal::{Handled, Refused, refuse};
use crate::route::Request;
use crate::world::Ctx;

impl Lab {
    pub(super) fn validate(&mut self, id: &ResourceId, request: &Request) -> Handled {
        let record = self.record_to_look_at(id, request)?;
        self.preflight(id, &record.program)?;
        Ok(Answer::new(200, record.to_validated()))
    }

    /// What could be known before: refused with one error per resource.
    fn preflight(&mut self, id: &ResourceId, program: &Program) -> Result<(), Refused> {
        let mut details = Vec::new();
        let sent = program.resources.iter().filter(|one| !one.existing && one.deployment.is_none());
        // Azure cannot look ahead at what only the run can name.
        for resource in sent.filter(|one| one.unsettled.is_empty()) {
            let path = format!("{}?api-version={}", resource.id, resource.api_version);
            let call = Call::arm(Method::Put, path, Some(resource.body.clone()));
            let refused = match Request::parse(&call) {
                Ok(request) => {
                    let mut ctx = Ctx { now: self.now, world: &mut self.world };
                    gate::preflight(&request, &mut ctx).err()
                }
                Err(refused) => Some(refused),
            };
            let target = Some(resource.id.clone());
            details.extend(refused.map(|refused| ArmError { target, ..refused.error }));
        }
        refuse(!details.is_empty(), &PREFLIGHT, &[id.name()]).map_err(|mut refused| {
            refused.error.details = details;
            refused
        })
    }
}
