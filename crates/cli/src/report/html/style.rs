//! The style sheet and the one small script, both constant.

use maud::{Markup, PreEscaped, html};

const SHEET: &str = concat!(include_str!("../../colours.css"), include_str!("style.css"));

/// An enhancement only: a link to a step opens it.
const SCRIPT: &str = "\
(() => {
  const open = () => {
    const at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let e = at; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true;
    if (at) at.scrollIntoView();
  };
  addEventListener('hashchange', open);
  if (location.hash) open();
})();";

pub(super) fn sheet() -> Markup {
    html! { style { (PreEscaped(SHEET)) } }
}

pub(super) fn script() -> Markup {
    html! { script { (PreEscaped(SCRIPT)) } }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::SHEET;

    /// The colours of one scheme by name: the first block is light, what the second repeats is dark.
    fn colours(scheme: &str) -> BTreeMap<&'static str, f64> {
        let blocks: Vec<&str> =
            SHEET.split(":root {").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        let shown = if scheme == "dark" { &blocks[..2] } else { &blocks[..1] };
        shown
            .iter()
            .flat_map(|block| block.split(';'))
            .filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"))
            .map(|(name, hex)| (name, luminance(hex)))
            .collect()
    }

    /// WCAG 2.2, relative luminance.
    fn luminance(hex: &str) -> f64 {
        let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        let linear = |c: f64| if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(part(0)) + 0.7152 * linear(part(2)) + 0.0722 * linear(part(4))
    }

    fn contrast(a: f64, b: f64) -> f64 {
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_stands_out_in_both_schemes() {
        for scheme in ["light", "dark"] {
            let colours = colours(scheme);
            let check = |text: &str, ground: &str, least: f64| {
                let ratio = contrast(colours[text], colours[ground]);
                assert!(ratio >= least, "{scheme}: {text} on {ground} is only {ratio:.2}");
            };
            for text in ["text", "quiet", "accent"] {
                for ground in ["ground", "surface", "sunk"] {
                    check(text, ground, 4.5);
                }
            }
            for tone in ["good", "bad", "warn"] {
                check(tone, &format!("{tone}-soft"), 4.5);
                check(tone, "surface", 4.5);
                check(tone, "ground", 4.5);
            }
            for fill in ["t1", "t2", "t3", "t4", "t5", "t6", "t7", "primary-fill", "secondary-fill"] {
                check("on-fill", fill, 4.5);
            }
            check("received", "sent", 3.0);
            check("received", "bad-fill", 3.0);
            for fill in ["good-fill", "bad-fill"] {
                check(fill, "surface", 3.0);
            }
        }
    }
}
