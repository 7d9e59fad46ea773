//! The style sheet and the one small script, both constant.

use maud::{Markup, PreEscaped, html};

const SHEET: &str = include_str!("style.css");

/// An enhancement only: a link to a step opens it, and paper gets every step open where the style sheet cannot do it.
const SCRIPT: &str = "\
(() => {
  const open = () => {
    const at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let e = at; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true;
    if (at) at.scrollIntoView();
  };
  addEventListener('hashchange', open);
  if (location.hash) open();
  let shut = [];
  addEventListener('beforeprint', () => {
    shut = [...document.querySelectorAll('details:not([open]):not(.screen)')];
    for (const e of shut) e.open = true;
  });
  addEventListener('afterprint', () => { for (const e of shut) e.open = false; });
})();";

pub(super) fn sheet() -> Markup {
    html! { style { (PreEscaped(SHEET)) } }
}

pub(super) fn script() -> Markup {
    html! { script { (PreEscaped(SCRIPT)) } }
}
