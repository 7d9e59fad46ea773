//! Small pieces that every section uses.

use lifeboat_plan::Needed;
use maud::{Markup, html};

use crate::style::Tone;

/// A section with its heading and an anchor.
pub(super) fn section(anchor: &str, title: &str, lead: &str, body: &Markup) -> Markup {
    html! {
        section id=(anchor) aria-labelledby={ (anchor) "-h" } {
            h2 id={ (anchor) "-h" } { (title) }
            @if !lead.is_empty() { p.lead { (prose(lead)) } }
            (body)
        }
    }
}

/// Text in which what stands between backticks is code.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A path or request that may break behind its slashes, so that no name is cut in two without need.
pub(super) fn seams(text: &str) -> Markup {
    html! { @for part in text.split_inclusive(['/', '?', '&']) { (part) wbr; } }
}

/// A long text up to a bound: the page stays one that a browser opens at once, and nothing is lost for it.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => {
            let all = crate::format::count(text.chars().count() as u64);
            format!("{} … ({all} characters; all of them in report.json)", text[..at].replace('`', ""))
        }
    }
}

/// A word with its sign; the tone never rests on colour alone.
pub(super) fn badge(tone: Tone, text: &str) -> Markup {
    html! { span class={ "badge " (tone.word()) } { span.sign aria-hidden="true" { (tone.sign()) } "\u{a0}" (text) } }
}

/// Only the sign, with its meaning for readers that cannot see it.
pub(super) fn sign(tone: Tone, meaning: &str) -> Markup {
    html! { span class={ "sign " (tone.word()) } role="img" aria-label=(meaning) title=(meaning) { (tone.sign()) } }
}

/// A small neutral label.
pub(super) fn chip(text: &str) -> Markup {
    html! { span.chip { (text) } }
}

/// A dependency and the path by which it was found, one stage after another.
pub(super) fn path(needed: &Needed) -> Markup {
    html! {
        div.path {
            strong { (needed.need) }
            ol {
                @for stage in needed.via.split(" → ") { li { @if stage.contains('`') { (prose(stage)) } @else { (seams(stage)) } } }
            }
        }
    }
}

/// A number that matters, under its name.
pub(super) fn figure(name: &str, value: &str, says: &str, tone: Tone) -> Markup {
    html! {
        div class={ "tile " (tone.word()) } {
            dt { (name) }
            dd {
                span.value { (value) @if tone != Tone::Plain { " " span.sign aria-hidden="true" { (tone.sign()) } } }
                @if !says.is_empty() { span.says { (says) } }
            }
        }
    }
}

/// A time that a machine can read too.
pub(super) fn time(at: jiff::Timestamp) -> Markup {
    html! { time datetime=(at) { (crate::format::clock(at)) } }
}
