//! The steps of a plan: order, way, needs, forecast, proof, requests.

use lifeboat_plan::{
    Action, Basis, Needed, Plan, Repeat, Step, Verdict, Way, WayKind, as_az_rest, describe_call,
    describe_condition, independence, needs_of,
};

use super::{PlanView, Times, chosen, lost_region};
use crate::format::duration;
use crate::layout::Layout;
use crate::report::need_word;
use crate::style::Tone;

pub(super) fn steps(plan: &Plan, times: &Times, view: PlanView) -> String {
    let layout = view.layout;
    let lost = lost_region(plan);
    let verdicts = lost.map(|lost| independence(plan, lost)).unwrap_or_default();
    let mut out = layout.heading("Steps");
    if let Some(lost) = lost {
        let text = format!("each with what it needs of {lost}, which is taken for gone");
        out += &layout.hang("  ", &text, Tone::Quiet);
    }
    for (index, step) in plan.steps.iter().enumerate() {
        out += &headline(index, plan, step, times, layout);
        let (_, way) = chosen(plan, step);
        if !step.after.is_empty() {
            let after: Vec<&str> = step.after.iter().map(lifeboat_plan::StepId::as_str).collect();
            out += &layout.hang("      after     ", &after.join(", "), Tone::Plain);
        }
        out += &layout.hang("      forecast  ", &forecast(way), Tone::Plain);
        out += &layout.hang("      needs     ", &needs(plan, way), Tone::Plain);
        if let Some(verdict) = verdicts.get(&step.id) {
            out += &proof(verdict, plan, step, layout);
        }
        let done = describe_condition(&way.done_when);
        let done = if view.requests { done } else { first_of(&done) };
        out += &layout.hang("      done when ", &done, Tone::Quiet);
        if view.requests {
            out += &requests(plan, step, layout);
        }
    }
    out
}

fn headline(index: usize, plan: &Plan, step: &Step, times: &Times, layout: Layout) -> String {
    let (kind, _) = chosen(plan, step);
    let marks: Vec<&str> = [
        (kind == WayKind::Ungraceful).then_some("ungraceful"),
        times.is_critical(step).then_some("critical path"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let marks = if marks.is_empty() { String::new() } else { format!("  [{}]", marks.join(", ")) };
    let first = format!("\n  {:>2}  ", index + 1);
    // The line break before the number is not part of the indent.
    let text = format!("{}{marks}", step.id);
    let mut out = String::from("\n") + &layout.hang(first.trim_start_matches('\n'), &text, Tone::Strong);
    out += &layout.hang("      ", &step.title, Tone::Plain);
    out
}

fn forecast(way: &Way) -> String {
    let basis = match &way.forecast.basis {
        Basis::Documented(page) => format!("documented: {page}"),
        Basis::Measured { runs } => format!("measured in {}", crate::format::counted(*runs, "run")),
        Basis::Declared => "declared by the workload's owner".to_owned(),
        Basis::Assumed(why) => format!("assumed: {why}"),
    };
    format!("{} typical, {} at p95, {basis}", duration(way.forecast.typical), duration(way.forecast.p95))
}

fn needs(plan: &Plan, way: &Way) -> String {
    let mut needs: Vec<String> =
        needs_of(way, &plan.reads, &plan.places).into_iter().map(|needed| needed.need.to_string()).collect();
    needs.dedup();
    if needs.is_empty() { "nothing that lies in a region".to_owned() } else { needs.join(", ") }
}

/// The beginning of a condition that is too long for a glance.
fn first_of(condition: &str) -> String {
    const GLANCE: usize = 220;
    if condition.chars().count() <= GLANCE {
        return condition.to_owned();
    }
    let mut parts = condition.split(" and ");
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut left = parts.clone().count();
    for part in parts {
        if text.chars().count() + part.chars().count() > GLANCE {
            break;
        }
        text = format!("{text} and {part}");
        left -= 1;
    }
    if text.chars().count() > GLANCE * 2 {
        text = text.chars().take(GLANCE).collect::<String>() + "…";
    }
    if left == 0 {
        return text + " (whole with --requests)";
    }
    format!("{text} and {left} more (all with --requests)")
}

fn proof(verdict: &Verdict, plan: &Plan, step: &Step, layout: Layout) -> String {
    let (word, tone) = need_word(verdict);
    let paths: &[Needed] = match verdict {
        Verdict::Independent => &[],
        Verdict::Contingent(paths) | Verdict::Refused(paths) => paths,
    };
    let mut out = layout.hang("      verdict   ", &format!("needs {}: {word}", plan.from), tone);
    for path in paths {
        let text = format!("{} ← {}", path.need, path_words(path, verdict, step));
        out += &layout.hang("                - ", &text, Tone::Plain);
    }
    out
}

/// Which condition, read or request leads there. What only a planner knows of an action is said of that action.
fn path_words(path: &Needed, verdict: &Verdict, step: &Step) -> String {
    let Some(before) = path.via.strip_suffix("declared") else { return path.via.clone() };
    // What makes a step contingent is its graceful way; what refuses it is the last way that it has.
    let way = match verdict {
        Verdict::Refused(_) => step.ungraceful.as_ref().unwrap_or(&step.graceful),
        _ => &step.graceful,
    };
    match &way.action {
        Action::Send(call) if before.is_empty() => {
            format!("action → {} → reaches there by itself", describe_call(call))
        }
        _ => format!("{before}its action reaches there by itself"),
    }
}

/// The plan's way as it will be sent, then the other one: whoever holds this page can do it by hand, and takes the first
/// line in the dark.
fn requests(plan: &Plan, step: &Step, layout: Layout) -> String {
    let (kind, way) = chosen(plan, step);
    let Some(ungraceful) = &step.ungraceful else { return request(way, layout) };
    let word = |kind| if kind == WayKind::Graceful { "graceful" } else { "ungraceful" };
    let (other, other_way) = match kind {
        WayKind::Graceful => (WayKind::Ungraceful, ungraceful),
        WayKind::Ungraceful => (WayKind::Graceful, &step.graceful),
    };
    let unless = match other {
        WayKind::Graceful => "NOT this plan's way: it needs the side that is taken for dead",
        WayKind::Ungraceful => "not this plan's way, unless the graceful one has failed",
    };
    let mut out = layout.hang("      ", &format!("{} way, this plan's:", word(kind)), Tone::Strong);
    out += &request(way, layout);
    out += &layout.hang("      ", &format!("{} way ({unless}):", word(other)), Tone::Quiet);
    out + &request(other_way, layout)
}

fn request(way: &Way, layout: Layout) -> String {
    let mut out = match &way.action {
        Action::Send(call) => {
            let mut out = layout.hang("      request   ", &describe_call(call), Tone::Plain);
            if let Some(body) = &call.body {
                let pretty = serde_json::to_string_pretty(&body.sketch()).unwrap_or_default();
                for line in pretty.lines() {
                    out.extend(["                ", line, "\n"]);
                }
            }
            // One line that can be pasted: it is not wrapped.
            out + &format!("      az        {}\n", as_az_rest(call))
        }
        Action::Expand(stage) => {
            layout.hang("      expands   ", &format!("stage `{}`", stage.name), Tone::Plain)
        }
        Action::Pump(transfer) => {
            let copies = transfer.key.as_ref().map(|key| format!(", of copies with one {key} only one"));
            let text = format!(
                "{} of {} to {} of {}{}",
                transfer.from_paths.join(", "),
                transfer.from_host,
                transfer.to_path,
                transfer.to_host,
                copies.unwrap_or_default()
            );
            layout.hang("      moves     ", &text, Tone::Plain)
        }
        Action::Ask(question) => layout.hang("      asks      ", &question.text, Tone::Plain),
        Action::Wait => layout.hang("      waits     ", "sends nothing", Tone::Plain),
    };
    if let Some(started) = &way.started_when {
        out += &layout.hang("      under way ", &describe_condition(started), Tone::Quiet);
    }
    let repeat = match way.repeat {
        Repeat::Harmless => "harmless",
        Repeat::Keyed => "harmless: the request carries a key",
        Repeat::Ask => "a person decides",
    };
    let text = format!("{repeat}; deadline {}", duration(way.deadline));
    out + &layout.hang("      resend    ", &text, Tone::Quiet)
}
