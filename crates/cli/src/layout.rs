//! Columns, wrapping and headings for a terminal: text that stays aligned and inside its width.

use crate::style::{Style, Tone};

/// How wide text may become and whether it is coloured.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Columns.
    pub width: usize,
    /// Colours.
    pub style: Style,
}

/// To which side a column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// One cell.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::toned(text, Tone::Plain)
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

/// Rows under headings. The last column takes what is left of the width and wraps.
#[derive(Debug)]
pub(crate) struct Columns {
    sides: Vec<Side>,
    rows: Vec<Vec<Cell>>,
    /// What the last column's cells begin with where there is too little room beside the others.
    below: Option<&'static str>,
}

/// Blanks between two columns.
const GAP: usize = 2;
/// A last column with less room than this is no column to read.
const READABLE: usize = 40;

impl Columns {
    /// A table with a row of headings; a heading that starts with `>` is aligned to the right.
    pub(crate) fn headed(headings: &[&str]) -> Self {
        let mut table = Self::bare(headings);
        let cells = headings
            .iter()
            .map(|heading| Cell::toned(heading.trim_start_matches('>'), Tone::Quiet))
            .collect();
        table.rows.push(cells);
        table
    }

    /// A table without headings: only the sides are taken from them.
    pub(crate) fn bare(headings: &[&str]) -> Self {
        let side = |heading: &&str| if heading.starts_with('>') { Side::Right } else { Side::Left };
        Self { sides: headings.iter().map(side).collect(), rows: Vec::new(), below: None }
    }

    /// The same, with the last column below each row, behind these words, where there is too little room for it.
    pub(crate) fn or_below(self, words: &'static str) -> Self {
        Self { below: Some(words), ..self }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The rows as lines, indented by so many blanks.
    pub(crate) fn render(&self, layout: Layout, indent: usize) -> String {
        let last = self.sides.len() - 1;
        let widths = self.widths(layout, indent);
        let natural = self.rows.iter().map(|row| width(&row[last].text)).max().unwrap_or_default();
        let is_narrow = widths[last] < natural.min(READABLE);
        let below = self.below.filter(|_| is_narrow);
        let shown = if below.is_some() { last } else { last + 1 };
        let mut out = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            self.row_lines(&row[..shown], &widths, layout, indent, &mut out);
            // The first row has the headings.
            if let Some(words) = below.filter(|_| index > 0 && !row[last].text.is_empty()) {
                let lead = format!("{:1$}{words} ", "", indent + 2);
                out += &layout.hang(&lead, &row[last].text, row[last].tone);
            }
        }
        out
    }

    fn widths(&self, layout: Layout, indent: usize) -> Vec<usize> {
        let last = self.sides.len() - 1;
        let mut widths: Vec<usize> = (0..=last)
            .map(|column| self.rows.iter().map(|row| width(&row[column].text)).max().unwrap_or_default())
            .collect();
        // No column but the last may take more than two fifths: beyond that it wraps, too.
        let most = layout.width.saturating_sub(indent) * 2 / 5;
        for column in &mut widths[..last] {
            *column = (*column).min(most);
        }
        let taken = indent + widths[..last].iter().map(|column| column + GAP).sum::<usize>();
        widths[last] = widths[last].min(layout.width.saturating_sub(taken).max(12));
        widths
    }

    fn row_lines(&self, row: &[Cell], widths: &[usize], layout: Layout, indent: usize, out: &mut String) {
        let wrapped: Vec<Vec<String>> =
            row.iter().zip(widths).map(|(cell, &width)| wrap(&cell.text, width)).collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(1);
        for line in 0..height {
            let mut text = " ".repeat(indent);
            for (column, cell) in row.iter().enumerate() {
                let part = wrapped[column].get(line).map_or("", String::as_str);
                let pad = " ".repeat(widths[column].saturating_sub(width(part)));
                let painted = layout.style.paint(cell.tone, part);
                match self.sides[column] {
                    Side::Left => text.extend([painted, pad]),
                    Side::Right => text.extend([pad, painted]),
                }
                if column + 1 < row.len() {
                    text.push_str(&" ".repeat(GAP));
                }
            }
            out.push_str(text.trim_end());
            out.push('\n');
        }
    }
}

impl Layout {
    /// A heading: a blank line, then the words.
    pub(crate) fn heading(self, text: &str) -> String {
        format!("\n{}\n", self.style.paint(Tone::Strong, text))
    }

    /// Text wrapped behind a lead: `first` on the first line, blanks of the same width on the others.
    pub(crate) fn hang(self, first: &str, text: &str, tone: Tone) -> String {
        let indent = width(first);
        let lines = wrap(text, self.width.saturating_sub(indent).max(12));
        let mut out = String::new();
        for (index, line) in lines.iter().enumerate() {
            if index == 0 {
                out.push_str(first);
            } else {
                out.push_str(&" ".repeat(indent));
            }
            out.push_str(&self.style.paint(tone, line));
            out.push('\n');
        }
        out
    }
}

/// How many columns a text takes. Nothing that we print is wider or narrower than one column per character.
pub(crate) fn width(text: &str) -> usize {
    text.chars().count()
}

/// Breaks at blanks; a word that is longer than a line is broken after `/`, `-`, `.` or `&`, otherwise anywhere.
pub(crate) fn wrap(text: &str, width_max: usize) -> Vec<String> {
    let width_max = width_max.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let mut word = word;
            let blank = usize::from(!line.is_empty());
            if width(&line) + blank + width(word) > width_max && !line.is_empty() {
                // Several blanks in a row leave some at the seam.
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
            while word.chars().nth(width_max).is_some() {
                let (line, rest) = word.split_at(break_at(word, width_max));
                lines.push(line.to_owned());
                word = rest;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// The byte position at which a long word is cut so that the first part fits.
fn break_at(word: &str, width_max: usize) -> usize {
    let fits = word.char_indices().nth(width_max).map_or(word.len(), |(at, _)| at);
    let seam = word[..fits].rfind(['/', '-', '.', '&', '?']).map(|at| at + 1);
    seam.filter(|&at| at > fits / 2).unwrap_or(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_ids_break_at_their_seams() {
        assert_eq!(
            wrap("/subscriptions/0000/resourceGroups/orders", 20),
            ["/subscriptions/0000/", "resourceGroups/", "orders"]
        );
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("aaaaaaaa", 3), ["aaa", "aaa", "aa"]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_asked_and_no_letter_is_lost(text in "[a-zé/→ ]{0,80}", most in 1_usize..40) {
            let lines = wrap(&text, most);
            prop_assert!(lines.iter().all(|line| width(line) <= most));
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
