//! Messages over time and the recovery time in its terms.

use jiff::SignedDuration;
use lifeboat_sim::{DrillReport, Minute, RtoTerms};
use maud::{Markup, html};

use super::lanes::minute_at;
use super::parts::{badge, figure};
use super::scale::{Scale, pct};
use crate::format::{count, counted, difference, duration};
use crate::report::{
    NO_FORECAST, forecast_words, held_words, later_words, no_recovery, outage_words, received_words,
    term_rows, total_difference,
};
use crate::style::Tone;

/// The busiest minute of all curves: the top of the chart.
pub(super) fn minute_peak(all: &[Minute]) -> u32 {
    all.iter()
        .map(|minute| (minute.acknowledged + minute.failed).max(minute.received))
        .max()
        .unwrap_or_default()
        .max(1)
}

/// More points than this lie on one pixel.
const POINTS: usize = 360;
/// More rows than this nobody reads.
const ROWS: usize = 288;

/// So many minutes taken together that at most `most` are left, with their sums.
fn together(all: &[Minute], most: usize) -> (usize, Vec<Minute>) {
    let size = all.len().div_ceil(most).max(1);
    let sums = all.chunks(size).map(|chunk| {
        let sum = |of: fn(&Minute) -> u32| chunk.iter().map(of).sum();
        Minute {
            minute: chunk[0].minute,
            acknowledged: sum(|minute| minute.acknowledged),
            failed: sum(|minute| minute.failed),
            received: sum(|minute| minute.received),
            at_primary: sum(|minute| minute.at_primary),
        }
    });
    (size, sums.collect())
}

/// Sent, on top of it failed, and over both the line of what was received. The drawing may be stretched, lines may not.
pub(super) fn area(report: &DrillReport, scale: &Scale, height: u32) -> Markup {
    let peak = f64::from(minute_peak(&report.clients.minutes));
    let seen: Vec<Minute> = report
        .clients
        .minutes
        .iter()
        .filter(|minute| {
            scale.span(minute_at(report, minute.minute), minute_at(report, minute.minute + 1)).is_some()
        })
        .cloned()
        .collect();
    let (size, points) = together(&seen, POINTS);
    #[expect(clippy::cast_precision_loss, reason = "minutes of a drill")]
    let y = |value: u32| 100.0 - f64::from(value) / size as f64 / peak * 100.0;
    let outline = |y: &dyn Fn(&Minute) -> f64| stairs(report, &points, size, scale, y);
    let sent = outline(&|minute| y(minute.acknowledged));
    let tried = outline(&|minute| y(minute.acknowledged + minute.failed));
    let received = outline(&|minute| y(minute.received));
    let back: Vec<&str> = sent.split(' ').rev().collect();
    let (first, last) = (edge(&sent, false), edge(&sent, true));
    html! {
        svg.area x="0" y="6" width="100%" height=(height) viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true" {
            line.level x1="0" x2="100" y1="0" y2="0" {}
            line.level x1="0" x2="100" y1="50" y2="50" {}
            line.floor x1="0" x2="100" y1="100" y2="100" {}
            @if !points.is_empty() {
                polygon.sent points={ (first) ",100 " (sent) " " (last) ",100" } {}
                polygon.failed points={ (tried) " " (back.join(" ")) } {}
                polyline.sent-line points=(sent) {}
                polyline.received points=(received) {}
            }
        }
    }
}

/// A stair: a count holds for its whole minute.
fn stairs(
    report: &DrillReport,
    points: &[Minute],
    size: usize,
    scale: &Scale,
    y: &dyn Fn(&Minute) -> f64,
) -> String {
    let size = u32::try_from(size).unwrap_or(u32::MAX);
    let corners = points.iter().map(|minute| {
        let at = |minute| scale.at(minute_at(report, minute));
        format!(
            "{:.2},{y:.1} {:.2},{y:.1}",
            at(minute.minute),
            at(minute.minute.saturating_add(size)),
            y = y(minute)
        )
    });
    corners.collect::<Vec<_>>().join(" ")
}

/// The x of the first or last corner.
fn edge(outline: &str, last: bool) -> &str {
    let corner = if last { outline.rsplit(' ').next() } else { outline.split(' ').next() };
    corner.and_then(|corner| corner.split(',').next()).unwrap_or("0")
}

/// Asked, forecast and actual, in one scale, and the same numbers as a table.
pub(super) fn recovery(report: &DrillReport) -> Markup {
    let rto = &report.rto;
    let actual = rto.actual.as_ref();
    let totals = [Some(rto.asked), rto.forecast.as_ref().map(RtoTerms::total), actual.map(RtoTerms::total)];
    let most = totals.into_iter().flatten().max().unwrap_or_default().as_secs_f64().max(1.0) * 1.02;
    let share = |length: SignedDuration| (length.as_secs_f64() / most * 100.0).clamp(0.0, 100.0);
    let asked_at = pct(share(rto.asked));
    html! {
        figure.rto {
            svg width="100%" height="176" role="img" aria-label=(recovery_words(report)) {
                (bar_row("Asked", &duration(rto.asked), 0))
                rect.asked x="0" y="20" width=(asked_at) height="22" rx="2" {}
                (bar_row("Forecast at p95", &forecast_words(rto), 58))
                @if let Some(forecast) = &rto.forecast { (stack(forecast, 78, share)) }
                @if let Some(actual) = actual {
                    (bar_row("Actual", &duration(actual.total()), 116))
                    (stack(actual, 136, share))
                } @else {
                    (bar_row("Actual", &no_recovery(rto).0, 116))
                }
                line.limit x1=(asked_at) x2=(asked_at) y1="16" y2="168" {}
            }
        }
        (recovery_table(report))
    }
}

fn bar_row(name: &str, value: &str, y: u32) -> Markup {
    html! {
        text.lane x="0" y=(y + 14) { (name) tspan.value { "  " (value) } }
    }
}

fn stack(terms: &RtoTerms, y: u32, share: impl Fn(SignedDuration) -> f64) -> Markup {
    let mut from = 0.0;
    let parts = terms.named().map(|(name, length)| {
        let width = share(length);
        let part = (name, length, from, width);
        from += width;
        part
    });
    html! {
        @for (index, (name, length, from, width)) in parts.into_iter().enumerate() {
            rect class={ "term t" (index + 1) } x=(pct(from)) y=(y) width=(pct(width)) height="22" {
                title { (name) ": " (duration(length)) }
            }
            @if width > 3.5 {
                text class={ "in term-in t" (index + 1) } x=(pct(from + width / 2.0)) y=(y + 15) { (index + 1) }
            }
        }
    }
}

fn recovery_words(report: &DrillReport) -> String {
    let rto = &report.rto;
    let actual = rto.actual.as_ref().map_or_else(|| no_recovery(rto).0, |terms| duration(terms.total()));
    format!("Recovery time: asked {}, forecast {}, actual {actual}", duration(rto.asked), forecast_words(rto))
}

fn recovery_table(report: &DrillReport) -> Markup {
    let rto = &report.rto;
    let known = |term: Option<SignedDuration>| term.map_or_else(|| "–".to_owned(), duration);
    html! {
        table.terms {
            thead { tr { th scope="col" { "Term" } th.number scope="col" { "Forecast" } th.number scope="col" { "Actual" } th.number.wide scope="col" { "Difference" } } }
            tbody {
                @for (index, (name, forecast, actual)) in term_rows(rto).into_iter().enumerate() {
                    tr {
                        th scope="row" { span class={ "key t" (index + 1) } { (index + 1) } " " (name) }
                        td.number { (known(forecast)) }
                        td.number { (known(actual)) }
                        td.number.quiet.wide { (actual.zip(forecast).map(|(actual, forecast)| difference(actual - forecast)).unwrap_or_default()) }
                    }
                }
            }
            tfoot {
                tr {
                    th scope="row" { "Total" }
                    td.number { (forecast_words(rto)) }
                    td.number { (rto.actual.as_ref().map_or_else(|| "–".to_owned(), |terms| duration(terms.total()))) }
                    td.number.quiet.wide { (total_difference(rto).unwrap_or_default()) }
                }
            }
        }
        @if let Some(total) = rto.actual.as_ref().map(RtoTerms::total) {
            p {
                @if total > rto.asked {
                    (badge(Tone::Bad, "missed")) " " (duration(total - rto.asked)) " longer than the " (duration(rto.asked)) " asked for."
                } @else {
                    (badge(Tone::Good, "met")) " " (duration(rto.asked - total)) " to spare of the " (duration(rto.asked)) " asked for."
                }
            }
        }
        @if rto.forecast.is_none() { p.quiet { (capitalised(NO_FORECAST)) "." } }
        @if let Some(words) = outage_words(report) { p.quiet { (capitalised(&words)) "." } }
        @for (words, tone) in later_words(report) {
            p { (badge(tone, if tone == Tone::Good { "met" } else { "missed" })) " " (capitalised(&words)) "." }
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Numbers of what producers and consumers saw; every minute for who wants it.
pub(super) fn clients(report: &DrillReport) -> Markup {
    let seen = &report.clients;
    let producers = format!("by {}", counted(seen.producers, "producer"));
    let consumers =
        format!("by {}; {} twice, with one MessageId", received_words(seen), count(seen.received_twice));
    let gap = |gap: SignedDuration| if gap.is_zero() { "none".to_owned() } else { duration(gap) };
    html! {
        dl.tiles.small {
            (figure("Sent and acknowledged", &count(seen.acknowledged), &producers, Tone::Plain))
            (figure("Sends that failed", &count(seen.failed_sends), "answered with an error or not at all", Tone::Plain))
            (figure("Received", &count(seen.received), &consumers, Tone::Plain))
            (figure("Still held", &count(seen.still_held), &held_words(seen), Tone::Plain))
            (figure("Longest gap, sending", &gap(seen.longest_send_gap), "no send acknowledged", Tone::Plain))
            (figure("Longest gap, receiving", &gap(seen.longest_receive_gap), "nothing received", Tone::Plain))
        }
        @if !seen.minutes.is_empty() {
            @let (size, rows) = together(&seen.minutes, ROWS);
            details.screen {
                summary { "Every " @if size == 1 { "minute" } @else { (size) " minutes" } " as a table" }
                table {
                    thead { tr { @for head in ["Minute", "Sent", "Of it by the primary", "Failed", "Received"] { th.number scope="col" { (head) } } } }
                    tbody {
                        @for minute in &rows {
                            tr {
                                @for number in [minute.minute, minute.acknowledged, minute.at_primary, minute.failed, minute.received] {
                                    td.number { (number) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
