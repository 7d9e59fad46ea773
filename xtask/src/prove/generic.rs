//! What is found by itself: rules, steps and refusals that cite an id. Each kind shares one switch in the copy.

use anyhow::{Result, bail};

use super::cite::ids;
use super::release;
use super::row::{Edit, Row, what_is_out};
use super::source::Sources;

/// A row for each rule, each step and each refusal.
pub(super) fn rows(sources: &Sources) -> Result<Vec<Row>> {
    let (mut rules, mut steps, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
    for (file, text) in &sources.0 {
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        if file.starts_with("crates/planner/src/") {
            rules.extend(self::rules(file, product));
            if !file.ends_with("tests.rs") {
                steps.extend(self::steps(file, product));
            }
        }
        if file.starts_with("crates/lab/src/") {
            refusals.extend(self::refusals(file, product));
        }
    }
    if rules.is_empty() || steps.is_empty() || refusals.is_empty() {
        bail!("rules, steps or refusals are written otherwise than `generic.rs` reads them");
    }
    Ok([rules, steps, refusals].concat())
}

/// `Rule { id: "SB-SKU", title: "…", … cites: &["S23"], …`
fn rules(file: &str, text: &str) -> Vec<Row> {
    let edit = Edit {
        file: "crates/planner/src/rule.rs".to_owned(),
        from: "(self.check)(subject)\n".to_owned(),
        to: format!(
            "if {} == format!(\"rule {{}}\", self.id) {{ Vec::new() }} else {{ (self.check)(subject) }}\n",
            what_is_out()
        ),
    };
    let mut rows = Vec::new();
    for rule in text.split("Rule {").skip(1) {
        let (Some(id), Some(title)) = (quoted(rule, "id: \""), quoted(rule, "title: \"")) else { continue };
        let Some((_, cites)) = rule.split_once("cites: &[") else { continue };
        // Found by planning alone: taking the check out takes nothing out. A row of its own takes the refusal out.
        if rule.split("};").next().is_some_and(|rule| rule.contains("check: |_| Vec::new()")) {
            continue;
        }
        rows.push(Row {
            key: format!("rule {id}"),
            ids: ids(cites.split(']').next().unwrap_or_default()),
            out: format!("the rule {id}: {title}"),
            file: file.to_owned(),
            edit: edit.clone(),
        });
    }
    rows
}

/// `Citation::new(&["P1a", "D02"], "words")`
fn steps(file: &str, text: &str) -> Vec<Row> {
    let edit = Edit {
        file: "crates/planner/src/planning.rs".to_owned(),
        from: "    let order = Graph::new(&steps)?.order().to_vec();\n".to_owned(),
        to: format!(
            "    let gone: Vec<Step> = steps.iter().filter(|step| {} == format!(\"step {{}}: {{}}\", \
             step.because.ids.join(\" \"), step.because.says)).cloned().collect();\n    \
             let mut steps = steps;\n    steps.retain(|step| !gone.contains(step));\n    \
             for step in &mut steps {{ for gone in &gone {{ if step.after.remove(&gone.id) {{ \
             step.after.extend(gone.after.iter().cloned()); }} }} }}\n    \
             let order = Graph::new(&steps)?.order().to_vec();\n",
            what_is_out()
        ),
    };
    let mut rows: Vec<Row> = Vec::new();
    for citation in text.split("Citation::new(").skip(1) {
        let Some((cites, rest)) = citation.split_once(']') else { continue };
        let Some(says) = quoted(rest, "\"") else { continue };
        let ids = ids(cites);
        let key = format!("step {}: {says}", ids.join(" "));
        if !rows.iter().any(|row| row.key == key) {
            let out = format!("the step because “{says}”");
            rows.push(Row { key, ids, out, file: file.to_owned(), edit: edit.clone() });
        }
    }
    rows
}

/// `NAME = "S23-premium-only", 400 …` or `id: "F1-region-down",`
fn refusals(file: &str, text: &str) -> Vec<Row> {
    let edit = Edit {
        file: "crates/lab/src/refusal.rs".to_owned(),
        from: "if when { Err(row.with(arguments)) }".to_owned(),
        to: format!(
            "if when && {} != format!(\"refusal {{}}\", row.id) {{ Err(row.with(arguments)) }}",
            what_is_out()
        ),
    };
    let is_name = |id: &str| {
        let mut parts = id.splitn(2, '-');
        let first = parts
            .next()
            .is_some_and(|first| ids(first).len() == 1 || first.bytes().all(|c| c.is_ascii_uppercase()));
        first && parts.next().is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    text.lines()
        .filter_map(|line| {
            let line = line.trim();
            let id = quoted(line, "id: \"").or_else(|| quoted(line, " = \""))?;
            let literal = line.starts_with("id: ") || line.split(" = ").next().is_some_and(is_constant);
            (literal && is_name(id) && !ABSENT.contains(&id)).then(|| {
                let cited = ids(id.split('-').next().unwrap_or_default());
                let cited =
                    if cited.iter().any(|id| release::is_of(id)) { cited } else { vec!["LAB".to_owned()] };
                Row {
                    key: format!("refusal {id}"),
                    ids: cited,
                    out: format!("the lab's refusal {id}"),
                    file: file.to_owned(),
                    edit: edit.clone(),
                }
            })
        })
        .collect()
}

/// Refusals that say that something is not there: nothing can be answered instead.
const ABSENT: &[&str] = &[
    "LAB-action-not-modelled",
    "ARM-not-found",
    "ARM-deployment-missing",
    "ARM-deployment-operation-missing",
    "ARM-invalid-template",
    "ARM-invalid-content-link",
];

fn is_constant(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// The text from `start` to the next quotation mark.
fn quoted<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split('"').next()
}
