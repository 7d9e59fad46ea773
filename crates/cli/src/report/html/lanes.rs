//! The lanes of a timeline: each a name and a strip, one below the other, over one axis.

use jiff::Timestamp;
use lifeboat_planner::detector::Plane;
use lifeboat_sim::{Belief, DrillReport, FaultReport, Minute, PlaneReport, RunReport, Truth};
use maud::{Markup, html};

use super::charts::{area, minute_peak};
use super::parts::{prose, sign};
use super::scale::{Scale, pct};
use crate::format::{count, duration, offset, region};
use crate::report::run_tone;
use crate::style::Tone;

/// More faults than this are told, not drawn.
pub(super) const FAULTS_DRAWN: usize = 4;

/// What is drawn and how: all lanes share it.
pub(super) struct Strip<'a> {
    pub(super) report: &'a DrillReport,
    pub(super) scale: Scale,
}

impl Strip<'_> {
    /// A name and its strip. What the strip shows is said in words too.
    pub(super) fn lane(
        &self,
        class: &str,
        name: &Markup,
        words: &str,
        height: u32,
        strip: &Markup,
    ) -> Markup {
        html! {
            div class={ "lane " (class) } {
                div.name { (name) }
                svg width="100%" height=(height) role="img" aria-label=(words) {
                    (self.grid(height))
                    (strip)
                }
            }
        }
    }

    /// Round times, and what the world did, from top to floor.
    fn grid(&self, height: u32) -> Markup {
        let world = self.report.timeline.iter().filter(|happening| happening.who == "world");
        let world = world.filter_map(|happening| {
            let tone = Tone::of_happening(&happening.tone);
            let (x, _) = self.scale.span(happening.at, happening.at)?;
            (tone != Tone::Plain).then_some((x, tone, happening.what.as_str()))
        });
        html! {
            g.grid {
                @for tick in self.scale.ticks(8) {
                    line x1=(pct(tick.percent)) x2=(pct(tick.percent)) y1="0" y2=(height) {}
                }
            }
            g.events {
                @for (x, tone, what) in world {
                    line class=(tone.word()) x1=(pct(x)) x2=(pct(x)) y1="0" y2=(height) { title { (what) } }
                }
            }
        }
    }

    pub(super) fn axis(&self) -> Markup {
        html! {
            div.lane.axis-lane aria-hidden="true" {
                div.name {}
                svg width="100%" height="20" {
                    @for (index, tick) in self.scale.ticks(8).iter().enumerate() {
                        text class=(tick_class(index, tick.percent)) x=(pct(tick.percent)) y="14" { (tick.label) }
                    }
                }
            }
        }
    }

    /// A plane: what it was, and as a thin line below what the detector took it for.
    pub(super) fn plane(&self, plane: &PlaneReport) -> Markup {
        let is_first = plane.plane == Plane::Control;
        let word = if is_first { "control" } else { "data" };
        let role = match plane.region.as_str() {
            name if name == self.report.primary => "primary",
            name if name == self.report.secondary => "secondary",
            _ => "elsewhere",
        };
        let name = html! {
            span class={ "who" @if !is_first { " again" } } { strong { (region(&plane.region)) } " " span.quiet { (role) } }
            span.quiet { (word) }
        };
        let bars = html! {
            @for part in &plane.truth {
                @if let Some((from, to)) = self.scale.span(part.from, part.to) {
                    @match part.is {
                        Truth::Up => { rect.up x=(pct(from)) y="7" width=(pct(to - from)) height="4" { title { "answers" } } }
                        Truth::Down => {
                            rect.down x=(pct(from)) y="2" width=(pct(to - from)) height="14" { title { "down" } }
                            @if to - from > 12.0 { text.in.down-word x=(pct(f64::midpoint(from, to))) y="13" { "down" } }
                        }
                    }
                }
            }
            @for part in plane.believed.iter().filter(|part| part.is != Belief::Well) {
                @if let Some((from, to)) = self.scale.span(part.from, part.to) {
                    rect class={ "belief " (belief(part.is).0) } x=(pct(from)) y="19" width=(pct((to - from).max(0.3))) height="4" {
                        title { (belief(part.is).1) }
                    }
                }
            }
        };
        self.lane("plane", &name, &plane_words(self.report.started, plane), 28, &bars)
    }

    /// A fault is no outage: its region answers.
    pub(super) fn fault(&self, number: usize, fault: &FaultReport) -> Markup {
        let name =
            html! { span.who { strong { "Fault " (number) } " " span.quiet { (region(&fault.region)) } } };
        let words = fault_words(self.report.started, fault);
        let bar = html! {
            @if let Some((from, to)) = self.scale.span(fault.from, fault.until.unwrap_or(self.report.ended)) {
                @if fault.times.is_some() {
                    // When the last of them comes, nobody knows beforehand.
                    circle.fault cx=(pct(from)) cy="11" r="5" { title { (words) } }
                } @else {
                    rect.fault x=(pct(from)) y="6" width=(pct((to - from).max(0.3))) height="10" rx="2" { title { (words) } }
                }
            }
        };
        self.lane("fault", &name, &words, 22, &bar)
    }

    /// Which region acknowledged messages, minute by minute.
    pub(super) fn accepted_by(&self) -> Markup {
        let report = self.report;
        let class = |minute: &Minute| match (minute.acknowledged, minute.at_primary) {
            (0, _) => "nobody",
            (all, here) if here * 2 >= all => "at-primary",
            _ => "at-secondary",
        };
        let name = |class: &str| match class {
            "at-primary" => region(&report.primary),
            "at-secondary" => region(&report.secondary),
            _ => "nobody".to_owned(),
        };
        let parts = report.clients.minutes.chunk_by(|a, b| class(a) == class(b)).filter_map(|chunk| {
            let (first, last) = (chunk.first()?, chunk.last()?);
            let (from, to) = (minute_at(report, first.minute), minute_at(report, last.minute + 1));
            Some((class(first), from, to))
        });
        let parts: Vec<(&str, Timestamp, Timestamp)> = parts.collect();
        let words: Vec<String> = parts
            .iter()
            .map(|(class, from, _)| format!("{} from {}", name(class), offset(report.started, *from)))
            .collect();
        let bars = html! {
            @for (class, from, to) in &parts {
                @if let Some((from, to)) = self.scale.span(*from, *to) {
                    rect class={ "serves " (class) } x=(pct(from)) y="4" width=(pct(to - from)) height="16" { title { (name(class)) } }
                    @if to - from > 13.0 {
                        text class={ "in roomy " (class) } x=(pct(from)) dx="7" y="16" { (name(class)) }
                    }
                }
            }
        };
        let title = html! { span.who { strong { "Messages accepted" } } };
        self.lane("", &title, &format!("Messages accepted by {}", words.join(", ")), 24, &bars)
    }

    /// Sent, failed and received.
    pub(super) fn messages(&self, height: u32) -> Markup {
        let peak = minute_peak(&self.report.clients.minutes);
        let name = html! {
            span.who { strong { "Messages a minute" } " " span.quiet { "up to " (count(u64::from(peak))) } }
        };
        let chart = area(self.report, &self.scale, height - 8);
        self.lane(
            "tall",
            &name,
            "Messages per minute: sent, failed, received; as a table below",
            height,
            &chart,
        )
    }

    /// One run.
    pub(super) fn run(&self, index: usize, run: &RunReport) -> Markup {
        let length = duration(run.ended.duration_since(run.started));
        let words = format!("{}. {}: {}, {} after {length}", index + 1, run.kind, run.purpose, run.outcome);
        let tone = run_tone(run);
        let name = html! {
            span.who { (sign(tone, &run.outcome)) " " a href={ "#run-" (index + 1) } { (index + 1) ". " (run.kind) } }
            span.quiet { (length) }
        };
        let bar = html! {
            @if let Some((from, to)) = self.scale.span(run.started, run.ended) {
                rect class={ "bar " (tone.word()) } x=(pct(from)) y="6" width=(pct((to - from).max(0.4))) height="10" rx="2" {
                    title { (words) }
                }
            }
        };
        self.lane("run-lane", &name, &words, 22, &bar)
    }
}

/// The start of a minute of the clients' counts.
pub(super) fn minute_at(report: &DrillReport, minute: u32) -> Timestamp {
    report.started + jiff::SignedDuration::from_mins(i64::from(minute))
}

/// Labels at the edges stay inside; every second one goes where there is little room.
pub(super) fn tick_class(index: usize, percent: f64) -> &'static str {
    match (percent, index % 2) {
        (at, _) if at < 3.0 => "axis",
        (at, 1) if at > 97.0 => "axis end odd",
        (at, _) if at > 97.0 => "axis end",
        (_, 1) => "axis mid odd",
        _ => "axis mid",
    }
}

fn belief(belief: Belief) -> (&'static str, &'static str) {
    match belief {
        Belief::Well => ("well", "taken for well"),
        Belief::Suspected => ("suspected", "suspected: the hold-down runs"),
        Belief::Down => ("down", "taken for down"),
        Belief::Returning => ("returning", "taken for returning"),
    }
}

fn plane_words(start: Timestamp, plane: &PlaneReport) -> String {
    let word = if plane.plane == Plane::Control { "control plane" } else { "data plane" };
    let since = |at| offset(start, at);
    let down = plane.truth.iter().filter(|part| part.is == Truth::Down);
    let mut words: Vec<String> =
        down.map(|part| format!("down from {} to {}", since(part.from), since(part.to))).collect();
    if words.is_empty() {
        words.push("up all the time".to_owned());
    }
    let believed = plane.believed.iter().filter(|part| part.is != Belief::Well);
    words.extend(believed.map(|part| format!("{} from {}", belief(part.is).1, since(part.from))));
    format!("{}, {word}: {}", region(&plane.region), words.join("; "))
}

/// `failover of Microsoft.ServiceBus in North Europe, from +1h: 503 ServerBusy`.
pub(super) fn fault_words(start: Timestamp, fault: &FaultReport) -> String {
    let until = fault.until.map(|at| format!(" until {}", offset(start, at))).unwrap_or_default();
    let times = match fault.times {
        Some(1) => ", once".to_owned(),
        Some(times) => format!(", {times} times"),
        None => String::new(),
    };
    format!(
        "{} in {}, from {}{until}{times}: {}",
        fault.operation,
        region(&fault.region),
        offset(start, fault.from),
        fault.effect
    )
}

/// Every fault in words, drawn or not.
pub(super) fn faults_told(report: &DrillReport) -> Markup {
    html! {
        @if !report.faults.is_empty() {
            ul.faults {
                @for (index, fault) in report.faults.iter().enumerate().take(FAULTS_DRAWN * 3) {
                    li { strong { "Fault " (index + 1) } " – " (prose(&fault_words(report.started, fault))) }
                }
                @if report.faults.len() > FAULTS_DRAWN * 3 {
                    li.quiet { (report.faults.len() - FAULTS_DRAWN * 3) " more in report.json" }
                }
            }
        }
    }
}
