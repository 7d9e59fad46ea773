//! The graph as a picture: one file that needs no other, readable on light and on dark ground.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

use super::layered::Point;
use super::model::{Arrow, Graph};
use super::place::{HEAD, Picture, Rect, place};
use crate::format::counted;

/// The colours are those of the report page.
const COLOURS: &str = include_str!("../colours.css");
/// Letters have one width, so that what is shortened fits.
const SHEET: &str = "\
svg { background: var(--ground); font-family: var(--mono); }
text { fill: var(--text); }
.box rect { fill: var(--surface); stroke: var(--accent); stroke-width: 1.2; }
.frame > rect { fill: var(--sunk); stroke: var(--line); stroke-width: 1.2; }
.existing rect, .implied { stroke-dasharray: 5 4; }
.name { font-size: 12px; font-weight: 600; }
.kind, .place, .legend text, .head { font-size: 11px; }
.kind, .legend text { fill: var(--quiet); }
.incomplete { fill: var(--bad); font-weight: 600; }
.arrow { fill: none; stroke: var(--quiet); stroke-width: 1.2; }
.tip { fill: var(--quiet); }
";

const MARGIN: f64 = 24.0;
const TITLE: f64 = 52.0;
const LEGEND: f64 = 44.0;
/// What title and legend need at least.
const WIDTH_MIN: f64 = 700.0;
/// The advance of a letter of a monospaced font, as a part of its size; none is wider.
const ADVANCE: f64 = 0.62;

/// The picture of a graph. `title` is what it is of.
pub fn svg(graph: &Graph<'_>, title: &str) -> String {
    let picture = place(graph);
    let width = picture.size.width.max(WIDTH_MIN) + 2.0 * MARGIN;
    let height = picture.size.height + TITLE + LEGEND + MARGIN;
    let deployed = graph.resources.iter().filter(|resource| !resource.existing).count();
    let sum = format!("{}, {}", counted(deployed, "resource"), counted(graph.arrows.len(), "arrow"));
    let incomplete = graph.incomplete();
    let drawn = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(number(width)) height=(number(height))
            viewBox={ "0 0 " (number(width)) " " (number(height)) } role="img" aria-label={ (clean(title)) ": " (sum) @if let Some(says) = &incomplete { ", " (says) } } {
            style { (PreEscaped(COLOURS)) (PreEscaped(SHEET)) }
            rect width="100%" height="100%" style="fill: var(--ground)" {}
            text.name x=(number(MARGIN)) y="30" { (short(title, 12.0, width - 2.0 * MARGIN)) title { (clean(title)) } }
            text.kind x=(number(MARGIN)) y="46" {
                (sum)
                @if let Some(says) = &incomplete { ", " tspan.incomplete { (says) } }
            }
            g transform={ "translate(" (number(MARGIN)) " " (number(TITLE + 8.0)) ")" } {
                (frames(graph, &picture, None))
                @for (arrow, way) in graph.arrows.iter().zip(&picture.ways) { (drawn_arrow(graph, *arrow, way)) }
                @for at in 0..graph.resources.len() {
                    @if !graph.is_cluster(at) { (boxed(graph, at, picture.rects[at])) }
                }
            }
            g.legend transform={ "translate(" (number(MARGIN)) " " (number(height - 18.0)) ")" } { (legend(graph)) }
        }
    };
    drawn.into_string() + "\n"
}

/// Deployments, the outer ones first: the inner ones lie on them.
fn frames(graph: &Graph<'_>, picture: &Picture, around: Option<usize>) -> Markup {
    html! {
        @for at in graph.inside(around).filter(|at| graph.is_cluster(*at)) {
            @let Rect { at: corner, size } = picture.rects[at];
            g.frame {
                title { (told(graph, at)) }
                rect x=(number(corner.x)) y=(number(corner.y)) width=(number(size.width)) height=(number(size.height)) rx="10" {}
                text.head x=(number(corner.x + 14.0)) y=(number(corner.y + HEAD - 9.0)) {
                    (short(&graph.names[at], 11.0, size.width - 28.0))
                }
            }
            (frames(graph, picture, Some(at)))
        }
    }
}

fn boxed(graph: &Graph<'_>, at: usize, rect: Rect) -> Markup {
    let Rect { at: corner, size } = rect;
    let resource = &graph.resources[at];
    let room = size.width - 20.0;
    // Nearly all begin so, and the end tells them apart.
    let kind = resource.kind.strip_prefix("Microsoft.").unwrap_or(&resource.kind);
    let class = if resource.existing { "box existing" } else { "box" };
    html! {
        g class=(class) {
            title { (told(graph, at)) }
            rect x=(number(corner.x)) y=(number(corner.y)) width=(number(size.width)) height=(number(size.height)) rx="6" {}
            text.name x=(number(corner.x + 10.0)) y=(number(corner.y + 19.0)) { (short(&graph.names[at], 12.0, room)) }
            text.kind x=(number(corner.x + 10.0)) y=(number(corner.y + 36.0)) { (short(kind, 11.0, room)) }
            @if let Some(location) = resource.location.as_deref().filter(|_| graph.has_several_regions) {
                text.place x=(number(corner.x + 10.0)) y=(number(corner.y + 52.0)) { (short(location, 11.0, room)) }
            }
        }
    }
}

/// A curve through its points, flat at each of them, and a tip where it ends.
fn drawn_arrow(graph: &Graph<'_>, arrow: Arrow, way: &[Point]) -> Markup {
    let (Some(first), Some(last)) = (way.first(), way.last()) else { return html! {} };
    let mut path = format!("M{} {}", number(first.x), number(first.y));
    let end = Point { x: last.x + 7.0, y: last.y };
    let mut before = *first;
    for point in way[1..way.len() - 1].iter().chain([&end]) {
        if (before.y - point.y).abs() < 0.05 && before.x >= point.x {
            write!(path, " H{}", number(point.x)).expect("writing to a string cannot fail");
            before = *point;
            continue;
        }
        let bow = ((before.x - point.x).abs() / 2.0).max(18.0);
        let [x1, y1, x2, y2, x, y] =
            [before.x - bow, before.y, point.x + bow, point.y, point.x, point.y].map(number);
        write!(path, " C{x1} {y1} {x2} {y2} {x} {y}").expect("writing to a string cannot fail");
        before = *point;
    }
    let [x, y, back, up, down] = [last.x, last.y, last.x + 8.0, last.y - 4.0, last.y + 4.0].map(number);
    let [from, to] = [arrow.from, arrow.to].map(|at| clean(&graph.names[at]));
    let class = if arrow.implied { "arrow implied" } else { "arrow" };
    html! {
        g {
            title { (from) " waits for " (to) @if arrow.implied { ": it refers to it" } }
            path class=(class) d=(path) {}
            path.tip d={ "M" (x) " " (y) "L" (back) " " (up) "L" (back) " " (down) "Z" } {}
        }
    }
}

/// Only the signs that occur.
fn legend(graph: &Graph<'_>) -> Markup {
    let has_arrow = |implied| graph.arrows.iter().any(|arrow| arrow.implied == implied);
    let arrow = |class: &str| {
        html! {
            path class=(class) d="M34 -4H8" {}
            path.tip d="M0 -4L8 -8L8 0Z" {}
        }
    };
    let existing = html! { g.box.existing { rect x="0" y="-11" width="26" height="14" rx="3" {} } };
    let frame = html! { g.frame { rect x="0" y="-11" width="26" height="14" rx="4" {} } };
    let entries = [
        (has_arrow(false), arrow("arrow"), "waits for"),
        (has_arrow(true), arrow("arrow implied"), "waits for, by a reference"),
        (graph.resources.iter().any(|resource| resource.existing), existing, "exists already"),
        (graph.parents.iter().any(Option::is_some), frame, "a deployment of its own"),
    ];
    let mut x = 0.0;
    let mut shown = Vec::new();
    for (_, sign, says) in entries.into_iter().filter(|(occurs, ..)| *occurs) {
        shown.push((x, sign, says));
        x += 40.0 + advance(says, 11.0) + 24.0;
    }
    html! {
        @for (x, sign, says) in shown {
            g transform={ "translate(" (number(x)) " 0)" } { (sign) text x="40" y="0" { (says) } }
        }
    }
}

/// Everything about a resource that the box has no room for.
fn told(graph: &Graph<'_>, at: usize) -> String {
    let resource = &graph.resources[at];
    let mut says = format!("{}\n{}\n{}", graph.names[at], resource.kind, graph.ids[at]);
    if let Some(location) = &resource.location {
        says.push('\n');
        says += location;
    }
    if resource.existing {
        says += "\nexists already";
    }
    clean(&says)
}

/// The text, or its beginning and its end: names differ in both.
fn short(text: &str, size: f64, room: f64) -> String {
    let text = clean(text).replace('\n', " ");
    if advance(&text, size) <= room {
        return text;
    }
    let letters: Vec<char> = text.chars().collect();
    // The widths of all beginnings: the end has the rest.
    let mut widths = vec![0.0];
    for letter in &letters {
        widths.push(widths[widths.len() - 1] + advance_of(*letter) * size * ADVANCE);
    }
    let whole = widths[letters.len()] + advance("…", size);
    let (mut head, mut tail) = (letters.len() / 2, letters.len().div_ceil(2));
    while head + (letters.len() - tail) > 2 && whole - (widths[tail] - widths[head]) > room {
        if head > letters.len() - tail { head -= 1 } else { tail += 1 }
    }
    letters[..head].iter().chain(&['…']).chain(&letters[tail..]).collect()
}

/// The width of a text.
fn advance(text: &str, size: f64) -> f64 {
    text.chars().map(advance_of).sum::<f64>() * size * ADVANCE
}

/// The width of a letter, seen generously: those that are not Latin may take two places.
fn advance_of(letter: char) -> f64 {
    if letter.is_ascii() || "…–‹›ßäöü".contains(letter) { 1.0 } else { 2.0 }
}

/// XML knows no control characters.
fn clean(text: &str) -> String {
    let shown =
        |c: char| if (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c };
    text.chars().map(shown).collect()
}

/// Tenths of a pixel are enough.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends_and_fit() {
        assert_eq!(short("orders", 12.0, 200.0), "orders");
        let long = "contoso-production-westeurope-orders-servicebus-0001";
        let shown = short(long, 12.0, 224.0);
        assert!(
            shown.starts_with("contoso-") && shown.ends_with("bus-0001") && shown.contains('…'),
            "{shown}"
        );
        assert!(advance(&shown, 12.0) <= 224.0);
        assert!(advance(&short(&"名".repeat(90), 12.0, 224.0), 12.0) <= 224.0);
        let huge = short(&"long/name".repeat(100_000), 12.0, 224.0);
        assert!(
            huge.starts_with("long") && huge.ends_with("name") && advance(&huge, 12.0) <= 224.0,
            "{huge}"
        );
        assert_eq!(short("a\u{1}b\nc", 12.0, 224.0), "a b c");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 1.25, -3.0, 12.04].map(number), ["0", "1.2", "-3", "12"]);
    }
}
