//! The JSON Schema of scenario files, for editors. Tests hold it against the reader's own lists of fields.

use serde_json::{Value, json};

const DURATION: &str = "^(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$";

pub(super) fn json_schema() -> Value {
    let events = json!({ "description": "What happens.", "type": "array", "minItems": 1, "items": event() });
    let mut schema = object(
        "A scenario: what happens in a drill, when, and who is there to answer.",
        &["scenario", "duration", "events"],
        &json!({
            "scenario": text("Its name."),
            "story": text("What it tells, in one sentence."),
            "duration": duration("How long the drill lasts, in virtual time."),
            "clients": clients(),
            "events": events,
        }),
    );
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Lifeboat scenario");
    schema
}

fn object(description: &str, required: &[&str], properties: &Value) -> Value {
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string", "minLength": 1 })
}

fn duration(description: &str) -> Value {
    json!({ "description": description, "type": "string", "pattern": DURATION, "examples": ["2h", "1h30m", "90s"] })
}

fn whole(description: &str, least: u32, most: u32) -> Value {
    json!({ "description": description, "type": "integer", "minimum": least, "maximum": most })
}

fn words(description: &str, words: &[&str]) -> Value {
    json!({ "description": description, "enum": words })
}

fn place() -> Value {
    json!({ "description": "`primary`, `secondary` or a region's name.", "type": "string", "examples": ["primary", "secondary"] })
}

fn clients() -> Value {
    object(
        "Who uses the workload meanwhile.",
        &[],
        &json!({
            "producers": whole("How many send. Default: 12.", 0, 10_000),
            "consumers": whole("How many receive. Default: 12.", 0, 10_000),
            "messagesPerSecond": whole("How much all producers send together. Default: 5.", 0, 10_000),
            "ignoreTtlPercent": whole("How many of 100 clients hold on to the old address after its TTL. Default: 10.", 0, 100),
        }),
    )
}

fn event() -> Value {
    let mut event = object(
        "One happening: `at` and one of the others.",
        &["at"],
        &json!({
            "at": {
                "description": "When, counted from the end of the first preparation; or that it is so already when that begins.",
                "anyOf": [{ "type": "string", "pattern": DURATION }, { "const": super::read::BEFORE }],
            },
            "lose": outage("A region stops answering."),
            "restore": outage("A region answers again."),
            "flap": object("A region goes and comes.", &["region", "times", "every"], &json!({
                "region": place(),
                "times": whole("How often it goes.", 1, 10_000),
                "every": duration("From one going to the next; it comes back half-way."),
            })),
            "unseen": unseen(),
            "fault": fault(),
            "quota": object("A region takes no more than so many of a type.", &["region", "type", "limit"], &json!({
                "region": place(),
                "type": text("The type in full, such as Microsoft.ServiceBus/namespaces."),
                "limit": whole("How many may exist.", 0, 1_000_000),
            })),
            "operator": object("From now on questions are answered like this.", &["answers"], &json!({
                "answers": words("How.", &["approve", "decline", "nobody"]),
                "after": duration("How long the person takes. Default: 4m."),
            })),
            "plan": words("What an operator asks for.", &["move", "failback"]),
        }),
    );
    event["minProperties"] = json!(2);
    event["maxProperties"] = json!(2);
    event
}

fn outage(description: &str) -> Value {
    object(
        description,
        &["region"],
        &json!({
            "region": place(),
            "planes": planes(),
        }),
    )
}

fn planes() -> Value {
    json!({
        "description": "Which planes of it. Default: both.",
        "type": "array",
        "minItems": 1,
        "items": { "enum": ["control", "data"] },
    })
}

fn unseen() -> Value {
    object(
        "A region is well, and some of those who watch it do not see it.",
        &["region", "from"],
        &json!({
            "region": place(),
            "from": {
                "description": "From where it is not seen.",
                "type": "array",
                "minItems": 1,
                "items": { "enum": super::Vantage::ALL.map(super::Vantage::word) },
            },
            "planes": planes(),
            "until": duration("When it is seen again, counted as `at` is. Default: with the drill."),
        }),
    )
}

fn fault() -> Value {
    object(
        "Requests go wrong, or a service does not do what it should.",
        &["region", "provider", "effect"],
        &json!({
            "region": place(),
            "provider": text("The provider's namespace, such as Microsoft.ServiceBus."),
            "operation": text("A type with a verb, such as namespaces/write, or an action, such as failover."),
            "phase": words("Whether the change has taken place.", &["before", "after"]),
            "effect": words("What goes wrong.", &super::read::effect_words()),
            "status": whole("Of `error`: the HTTP status. Default: 500.", 400, 599),
            "code": text("Of `error`: Azure's code. Default: InternalServerError."),
            "by": duration("Of `delay` and `slow-dns`: how late."),
            "retryAfter": duration("Of `throttled`: after how long the caller may ask again. Default: 10s."),
            "times": whole("How many requests it hits. Default: every one.", 1, 10_000),
            "until": duration("When it ends, counted as `at` is. Default: with the drill."),
        }),
    )
}
