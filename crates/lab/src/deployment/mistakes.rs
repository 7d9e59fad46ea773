//! Mistakes of templates in Azure's shape: one error each, with the place in what was sent.

use lifeboat_arm::ArmError;
use lifeboat_arm::template::Diagnostic;
use serde_json::json;

use super::refusals::{INVALID_LINK, INVALID_TEMPLATE};
use crate::refusal::Refused;

/// The refusal of a template: of one mistake it is that one, of several all of them are in `details`.
pub(super) fn refusal(wrong: &[Diagnostic]) -> Refused {
    let mut errors: Vec<ArmError> = wrong.iter().map(error).collect();
    if errors.len() == 1 {
        return Refused { status: INVALID_TEMPLATE.status, error: errors.remove(0) };
    }
    let says: Vec<String> = wrong.iter().map(in_template).collect();
    let mut refused = INVALID_TEMPLATE.with(&[&says.join("; ")]);
    refused.error.details = errors;
    refused
}

fn error(wrong: &Diagnostic) -> ArmError {
    // The text of a linked file is not there: that has a code of its own.
    let row = if wrong.code == "linked-template" { &INVALID_LINK } else { &INVALID_TEMPLATE };
    let mut error = INVALID_TEMPLATE.error(&[&in_template(wrong)]);
    row.code.clone_into(&mut error.code);
    error.target = wrong.chain.last().cloned();
    let place = json!([{ "type": "TemplateViolation", "info": {
        "lineNumber": wrong.position.line,
        "linePosition": wrong.position.column,
        "path": as_azure_writes(&wrong.pointer),
    } }]);
    error.additional_info = Some(Box::new(place));
    error
}

/// A mistake with its place: lines and columns of what was sent say nothing to whoever wrote it in another file.
fn in_template(wrong: &Diagnostic) -> String {
    let at = if wrong.pointer.is_empty() { "the template" } else { &wrong.pointer };
    let hint = wrong.hint.as_ref().map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
    format!("{at}: {} [{}]{hint}", wrong.message, wrong.code)
}

/// `/resources/0/name` as Azure writes it: `properties.template.resources[0].name`.
pub(super) fn as_azure_writes(pointer: &str) -> String {
    let step = |token: &str| {
        let token = token.replace("~1", "/").replace("~0", "~");
        let is_index = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
        let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match (is_index, plain) {
            (true, _) => format!("[{token}]"),
            (false, true) => format!(".{token}"),
            (false, false) => format!("['{token}']"),
        }
    };
    let steps: String = pointer.split('/').skip(1).map(step).collect();
    format!("properties.template{steps}")
}

#[cfg(test)]
mod tests {
    use super::as_azure_writes;

    #[test]
    fn places_are_written_as_azure_writes_them() {
        for (pointer, path) in [
            ("", "properties.template"),
            ("/resources/0/name", "properties.template.resources[0].name"),
            ("/variables/a~1b", "properties.template.variables['a/b']"),
        ] {
            assert_eq!(as_azure_writes(pointer), path);
        }
    }
}
