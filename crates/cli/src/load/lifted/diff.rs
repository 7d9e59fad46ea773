//! The lines that an edited text changes, as a unified difference without the lines around them. Where it was edited is
//! known: nothing has to be compared, however much changes.

use std::ops::Range;

use lifeboat_arm::template::lift::TextEdit;

/// Longer lines are not shown.
const LONGEST: usize = 2000;

/// The lines that change.
pub(super) fn changed_lines(old: &str, new: &str, edits: &[TextEdit]) -> String {
    let (old, new) = (Lines::of(old), Lines::of(new));
    let mut out = String::new();
    for hunk in hunks(&old, &new, edits) {
        let (gone, come) = (&old.all[hunk.old.clone()], &new.all[hunk.new.clone()]);
        if gone.iter().chain(come).any(|line| line.len() > LONGEST) {
            return "the template has its text in few long lines: see the file itself\n".to_owned();
        }
        out.extend(["@@ -", &span(&hunk.old), " +", &span(&hunk.new), " @@\n"]);
        for (sign, lines) in [("-", gone), ("+", come)] {
            for line in lines {
                let end = if line.ends_with('\n') { "" } else { "\n\\ No newline at end of file\n" };
                out.extend([sign, line, end]);
            }
        }
    }
    out
}

/// A text line by line.
struct Lines<'t> {
    all: Vec<&'t str>,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let all: Vec<&str> = text.split_inclusive('\n').collect();
        let mut starts = Vec::with_capacity(all.len());
        let mut at = 0;
        for line in &all {
            starts.push(at);
            at += line.len();
        }
        Self { all, starts }
    }

    /// The lines that some bytes lie in, or the one that they would be put into.
    fn around(&self, bytes: &Range<usize>) -> Range<usize> {
        let line = |at: usize| self.starts.partition_point(|start| *start <= at).saturating_sub(1);
        line(bytes.start)..(line(bytes.end) + 1).min(self.all.len())
    }
}

/// Lines that go, and those that come in their place.
struct Hunk {
    old: Range<usize>,
    new: Range<usize>,
}

fn hunks(old: &Lines<'_>, new: &Lines<'_>, edits: &[TextEdit]) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    for edit in edits {
        let hunk = Hunk { old: old.around(&edit.old), new: new.around(&edit.new) };
        match hunks.last_mut().filter(|last| hunk.old.start <= last.old.end) {
            Some(last) => (last.old.end, last.new.end) = (hunk.old.end, hunk.new.end),
            None => hunks.push(hunk),
        }
    }
    // What was put behind a line leaves the line itself as it is.
    for Hunk { old: gone, new: come } in &mut hunks {
        let (lines, others) = (&old.all[gone.clone()], &new.all[come.clone()]);
        let same = lines.iter().zip(others).take_while(|(line, other)| line == other).count();
        (gone.start, come.start) = (gone.start + same, come.start + same);
        let rest = lines[same..].iter().rev().zip(others[same..].iter().rev());
        let same = rest.take_while(|(line, other)| line == other).count();
        (gone.end, come.end) = (gone.end - same, come.end - same);
    }
    hunks.retain(|hunk| hunk.old.len() + hunk.new.len() > 0);
    hunks
}

/// First line and number of lines, as `diff -u` writes them.
fn span(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes these edits, and the difference that they are.
    fn edited(old: &str, made: &[(Range<usize>, &str)]) -> String {
        let (mut new, mut edits, mut done) = (String::new(), Vec::new(), 0);
        for (range, text) in made {
            new += &old[done..range.start];
            edits.push(TextEdit { old: range.clone(), new: new.len()..new.len() + text.len() });
            new += text;
            done = range.end;
        }
        new += &old[done..];
        changed_lines(old, &new, &edits)
    }

    #[test]
    fn only_lines_that_change_are_shown() {
        let old = "one\ntwo\nthree\nfour\n";
        for (made, expected) in [
            (vec![], ""),
            (vec![(4..7, "2")], "@@ -2 +2 @@\n-two\n+2\n"),
            (vec![(3..3, "\nhalf")], "@@ -1,0 +2 @@\n+half\n"),
            (vec![(3..3, "\nhalf"), (8..13, "3")], "@@ -1,0 +2 @@\n+half\n@@ -3 +4 @@\n-three\n+3\n"),
            (vec![(0..3, "1"), (4..7, "2")], "@@ -1,2 +1,2 @@\n-one\n-two\n+1\n+2\n"),
            (vec![(4..5, "T"), (6..7, "O")], "@@ -2 +2 @@\n-two\n+TwO\n"),
            (vec![(4..14, "")], "@@ -2,2 +1,0 @@\n-two\n-three\n"),
        ] {
            assert_eq!(edited(old, &made), expected, "{made:?}");
        }
        let end = "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n";
        assert_eq!(edited("a", &[(0..1, "b")]), end);
        assert!(edited(&"x".repeat(3000), &[(0..1, "y")]).starts_with("the template has its text"));
    }
}
