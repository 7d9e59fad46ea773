//! What was lifted into parameters, as text and as JSON.

use std::path::Path;

use lifeboat_arm::template::lift::{Left, Lifted, LiftedParameter};
use lifeboat_arm::template::regions::Level;
use serde_json::{Value, json};

use crate::format::counted;
use crate::layout::{Columns, Layout};
use crate::load::{Fix, Fixed};
use crate::style::Tone;

/// Whether both regions can be deployed to with what comes out, but for the secrets that every deployment gives.
pub(crate) fn is_settled(fixed: &Fixed) -> bool {
    match &fixed.result {
        Fix::Refused(_) => false,
        Fix::Nothing => true,
        Fix::Lifted { lifted, .. } => {
            let must = |left: &Left| left.tie.kind.level() == Level::MustChange;
            let open = [&lifted.same_names, &lifted.same_places, &lifted.to_fill_in, &lifted.not_given];
            !lifted.left.iter().any(must) && open.iter().all(|names| names.is_empty())
        }
    }
}

/// Template by template for people; `into` is the folder that was written into.
pub(crate) fn lifted(all: &[Fixed], into: Option<&Path>, layout: Layout) -> String {
    let mut out: String = all.iter().map(|fixed| one(fixed, layout)).collect::<Vec<_>>().join("\n");
    let files: Vec<String> =
        all.iter().flat_map(|fixed| &fixed.files).map(|(path, _)| format!("`{}`", path.display())).collect();
    if !files.is_empty() {
        let says = match into {
            Some(folder) => format!("written into `{}`: {}", folder.display(), files.join(", ")),
            None => "nothing was written: `--out DIR` writes the template and a parameter file per region"
                .to_owned(),
        };
        out += "\n";
        out += &layout.hang("", &says, Tone::Strong);
    }
    if let (Some(folder), [only]) = (into, all) {
        out += &rehearsed(only, folder, layout);
    }
    out
}

/// The command that loses the region in the lab, with what was written.
fn rehearsed(fixed: &Fixed, folder: &Path, layout: Layout) -> String {
    let [template, here, there] = fixed.files.as_slice() else { return String::new() };
    let Fix::Lifted { primary, secondary, .. } = &fixed.result else { return String::new() };
    if !fixed.can_be_drilled {
        return String::new();
    }
    let [template, here, there] = [template, here, there].map(|(path, _)| for_a_shell(&folder.join(path)));
    let lines = [
        format!("lifeboat drill {template} \\"),
        format!("  --primary {primary} --parameters {here} \\"),
        format!("  --secondary {secondary} --secondary-parameters {there}"),
    ];
    // It is copied: no line may be broken elsewhere, however narrow the terminal is.
    let shown: Vec<String> = lines.iter().map(|line| format!("  {line}\n")).collect();
    layout.hang("rehearse it:", "", Tone::Quiet) + &shown.concat()
}

/// A path as a POSIX shell reads it.
fn for_a_shell(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+=:@%,".contains(letter);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn one(fixed: &Fixed, layout: Layout) -> String {
    let file = &fixed.file;
    let (lifted, primary, secondary, says) = match &fixed.result {
        Fix::Refused(why) => {
            return layout.hang("✗ ", &format!("{file}: nothing was changed: {why}"), Tone::Bad);
        }
        Fix::Nothing => return layout.hang("✓ ", &format!("{file}: nothing to lift"), Tone::Good),
        Fix::Lifted { lifted, primary, secondary, says } => (lifted, primary, secondary, says),
    };
    let count = counted(lifted.parameters.len(), "parameter");
    let summary = if lifted.parameters.is_empty() {
        format!("{file}: nothing to lift, {primary} → {secondary}")
    } else {
        format!("{file}: {count}, {primary} → {secondary}; proved: the same graph in {primary} as before")
    };
    let mut out = layout.hang("✓ ", &summary, Tone::Good);
    if let Some(says) = says {
        let text =
            format!("it says {says} most often: is {primary} where it is deployed today? `--primary {says}`");
        out += &layout.hang("! ", &text, Tone::Warn);
    }
    out += &parameters(lifted, primary.as_str(), secondary.as_str(), layout);
    if !fixed.diff.is_empty() {
        out += "\n";
        out += &fixed.diff;
    }
    let rest =
        rest(lifted, primary.as_str(), secondary.as_str(), layout) + &beside(fixed, primary.as_str(), layout);
    if rest.is_empty() { out } else { out + "\n" + &rest }
}

/// The parameters that were lifted, and others that have two values.
fn parameters(lifted: &Lifted, primary: &str, secondary: &str, layout: Layout) -> String {
    let mut table = Columns::headed(&["parameter", primary, secondary, "places"]);
    for parameter in &lifted.parameters {
        let there = parameter.there.as_ref().map_or_else(|| "?".to_owned(), shown);
        let was = if parameter.reused { " (was there already)" } else { "" };
        let places = format!("{}{was}", parameter.places);
        table.row([
            parameter.name.as_str().into(),
            shown(&parameter.today).into(),
            there.into(),
            places.into(),
        ]);
    }
    let others = others(lifted);
    for (name, today, there) in &others {
        table.row([name.as_str().into(), today.clone().into(), there.clone().into(), "its value".into()]);
    }
    if lifted.parameters.is_empty() && others.is_empty() {
        return String::new();
    }
    table.render(layout, 2)
}

/// Parameters that were there, with their values where these differ; a default stands for what is not given.
fn others(lifted: &Lifted) -> Vec<(&String, String, String)> {
    let is_lifted = |name: &String| lifted.parameters.iter().any(|parameter| parameter.name == *name);
    let all = lifted.secondary.iter().filter(|(name, _)| !is_lifted(name));
    all.filter(|(name, there)| lifted.primary.get(*name) != Some(there))
        .map(|(name, there)| {
            let today = lifted.primary.get(name).map_or_else(|| "(its default)".to_owned(), shown);
            (name, today, shown(there))
        })
        .collect()
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What people have to do themselves.
fn rest(lifted: &Lifted, primary: &str, secondary: &str, layout: Layout) -> String {
    let mut out = String::new();
    let mut say = |sign: &str, text: String, tone: Tone| out += &layout.hang(sign, &text, tone);
    let names =
        |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if !lifted.to_fill_in.is_empty() {
        let text = format!("fill in for {secondary}: {}; only you know", names(&lifted.to_fill_in));
        say("! ", text, Tone::Warn);
    }
    if !lifted.not_given.is_empty() {
        let names = names(&lifted.not_given);
        let text = format!(
            "in neither parameter file, and required: {names}; name the file of today with `--parameters`"
        );
        say("! ", text, Tone::Warn);
    }
    if !lifted.secrets.is_empty() {
        let text = format!("no file has a secret, so each deployment gives: {}", names(&lifted.secrets));
        say("· ", text, Tone::Quiet);
    }
    if !lifted.same_names.is_empty() {
        let text = format!("still the same name in both regions: {}", names(&lifted.same_names));
        say("✗ ", text, Tone::Bad);
    }
    if !lifted.same_places.is_empty() {
        let text = format!(
            "made in {primary} again: {}; a linked template or a value says so",
            names(&lifted.same_places)
        );
        say("✗ ", text, Tone::Bad);
    }
    for mistake in &lifted.mistakes {
        say("! ", format!("for {secondary} it does not expand yet: {}", mistake.message), Tone::Warn);
    }
    for Left { tie, why } in &lifted.left {
        let tone = if tie.kind.level() == Level::MustChange { Tone::Bad } else { Tone::Warn };
        let place = format!("{}:{}", tie.position.line, tie.position.column);
        let code = tie.kind.code();
        say(&format!("{} ", tone.sign()), format!("stays: {code} at {place} {}: {why}", tie.pointer), tone);
    }
    out
}

/// What the deployment needs beside the template.
fn beside(fixed: &Fixed, primary: &str, layout: Layout) -> String {
    let mut out = String::new();
    for (parameter, vault) in &fixed.vaults {
        let text = format!(
            "`{parameter}` is asked of the key vault `{vault}` in both regions: it must answer while {primary} is lost"
        );
        out += &layout.hang("! ", &text, Tone::Warn);
    }
    for file in &fixed.links {
        let text = format!("it links to `{file}`, which is not written: put it beside the new template");
        out += &layout.hang("! ", &text, Tone::Warn);
    }
    out
}

/// The same for programs.
pub(crate) fn lifted_json(all: &[Fixed]) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&json!({ "templates": all.iter().map(fixed_json).collect::<Value>() }))
}

fn fixed_json(fixed: &Fixed) -> Value {
    let (lifted, primary, secondary) = match &fixed.result {
        Fix::Refused(why) => return json!({ "file": fixed.file, "refused": why }),
        Fix::Nothing => return json!({ "file": fixed.file, "parameters": [], "left": [], "files": [] }),
        Fix::Lifted { lifted, primary, secondary, .. } => (lifted, primary, secondary),
    };
    let parameter = |one: &LiftedParameter| {
        json!({
            "name": one.name, "today": one.today, "there": one.there, "places": one.places, "reused": one.reused,
        })
    };
    let left = |Left { tie, why }: &Left| {
        json!({
            "level": tie.kind.level(), "code": tie.kind.code(), "line": tie.position.line,
            "column": tie.position.column, "pointer": tie.pointer, "found": tie.found, "why": why,
        })
    };
    json!({
        "file": fixed.file,
        "primary": primary,
        "secondary": secondary,
        "parameters": lifted.parameters.iter().map(parameter).collect::<Value>(),
        "toFillIn": lifted.to_fill_in,
        "notGiven": lifted.not_given,
        "secrets": lifted.secrets,
        "sameNames": lifted.same_names,
        "samePlaces": lifted.same_places,
        "vaults": fixed.vaults.iter().map(|(parameter, vault)| json!({ "parameter": parameter, "vault": vault })).collect::<Value>(),
        "links": fixed.links,
        "mistakes": lifted.mistakes.iter().map(ToString::to_string).collect::<Value>(),
        "left": lifted.left.iter().map(left).collect::<Value>(),
        "files": fixed.files.iter().map(|(path, _)| path.display().to_string()).collect::<Value>(),
    })
}
