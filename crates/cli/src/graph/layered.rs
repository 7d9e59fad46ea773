//! Boxes in columns: each stands to the right of everything that it waits for.
//!
//! Pure, and the same every time. The steps are the usual ones (Sugiyama and others, 1981): columns by the longest way,
//! bends where an arrow passes a column, an order in each column with few crossings, then heights. What waits for nothing
//! and is waited for by nobody is set in rows below.

use std::collections::{BTreeMap, BTreeSet};

/// Width and height.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A place.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Where everything goes.
#[derive(Debug, Default)]
pub(super) struct Layered {
    /// The upper left corner of each box.
    pub(super) places: Vec<Point>,
    /// How much they take together.
    pub(super) size: Size,
    /// Where the arrows that pass columns bend, from the one that waits: at the right and at the left of each column.
    pub(super) bends: BTreeMap<(usize, usize), Vec<Point>>,
}

/// Between boxes of a column, and between columns.
const GAP: Size = Size { width: 64.0, height: 16.0 };
/// The height that a bend takes.
const BEND: f64 = 0.0;
/// Columns of boxes are at least this high before they are broken into several.
const COLUMN_MIN: f64 = 1000.0;
const SWEEPS: usize = 6;

/// Sets boxes of these sizes; `arrows` lead from what waits to what it waits for.
pub(super) fn layered(sizes: &[Size], arrows: &[(usize, usize)]) -> Layered {
    let mut joined = vec![false; sizes.len()];
    for (from, to) in arrows {
        (joined[*from], joined[*to]) = (true, true);
    }
    let mut out = Layered { places: vec![Point::default(); sizes.len()], ..Layered::default() };
    let mut columns = Columns::new(sizes, arrows, &joined);
    columns.order();
    columns.break_up();
    columns.level();
    columns.place(&mut out);
    let alone: Vec<usize> = (0..sizes.len()).filter(|at| !joined[*at]).collect();
    rows(sizes, &alone, &mut out);
    out
}

/// A box, or where an arrow passes a column.
#[derive(Debug)]
struct Cell {
    size: Size,
    /// The box, unless it is a bend.
    of: Option<usize>,
    left: Vec<usize>,
    right: Vec<usize>,
    /// Its middle.
    y: f64,
}

struct Columns {
    cells: Vec<Cell>,
    /// The cells of each column, from the top.
    order_of: Vec<Vec<usize>>,
    /// Columns that stand beside the one before only because that would be too high.
    beside: BTreeSet<usize>,
    /// The bends of each arrow, from the one that waits.
    bends: BTreeMap<(usize, usize), Vec<usize>>,
    height_max: f64,
}

impl Columns {
    fn new(sizes: &[Size], arrows: &[(usize, usize)], joined: &[bool]) -> Self {
        let ranks = ranks(sizes.len(), arrows);
        let area: f64 = sizes.iter().map(|size| (size.width + GAP.width) * (size.height + GAP.height)).sum();
        let mut all = Self {
            cells: Vec::new(),
            order_of: vec![Vec::new(); ranks.iter().max().map_or(0, |rank| rank + 1)],
            beside: BTreeSet::new(),
            bends: BTreeMap::new(),
            height_max: area.sqrt().max(COLUMN_MIN),
        };
        let mut cell_of = vec![usize::MAX; sizes.len()];
        for (at, size) in sizes.iter().enumerate().filter(|(at, _)| joined[*at]) {
            cell_of[at] = all.add(ranks[at], *size, Some(at));
        }
        for &(from, to) in arrows {
            // Of resources that wait for each other one arrow leads back: it bends nowhere.
            let between = (ranks[to] + 1..ranks[from]).rev();
            let mut bends = Vec::new();
            let mut right = cell_of[from];
            for rank in between {
                let bend = all.add(rank, Size { width: 0.0, height: BEND }, None);
                all.join(bend, right);
                bends.push(bend);
                right = bend;
            }
            if ranks[to] < ranks[from] {
                all.join(cell_of[to], right);
            }
            all.bends.insert((from, to), bends);
        }
        all
    }

    fn add(&mut self, rank: usize, size: Size, of: Option<usize>) -> usize {
        self.cells.push(Cell { size, of, left: Vec::new(), right: Vec::new(), y: 0.0 });
        self.order_of[rank].push(self.cells.len() - 1);
        self.cells.len() - 1
    }

    fn join(&mut self, left: usize, right: usize) {
        self.cells[left].right.push(right);
        self.cells[right].left.push(left);
    }

    /// Each column in the order of the middles of its neighbours, there and back a few times.
    fn order(&mut self) {
        self.stack();
        for (column, forth) in self.sweeps() {
            let mut wanted = self.wanted(column, forth);
            wanted.sort_by(|one, other| one.0.total_cmp(&other.0));
            self.order_of[column] = wanted.iter().map(|(_, at)| *at).collect();
            self.settle(column, &wanted);
        }
    }

    /// Heights once the order is settled. What is high already stays around the middle.
    fn level(&mut self) {
        self.stack();
        let is_broken = |column: usize| self.beside.contains(&column) || self.beside.contains(&(column + 1));
        let free: Vec<(usize, bool)> = self.sweeps().filter(|(column, _)| !is_broken(*column)).collect();
        for (column, forth) in free {
            let wanted = self.wanted(column, forth);
            self.settle(column, &wanted);
        }
    }

    fn sweeps(&self) -> impl Iterator<Item = (usize, bool)> + use<> {
        let count = self.order_of.len();
        (0..SWEEPS).flat_map(move |sweep| {
            let forth = sweep % 2 == 0;
            (0..count).map(move |step| (if forth { step } else { count - 1 - step }, forth))
        })
    }

    /// Where each of a column would like its middle to be.
    fn wanted(&self, column: usize, forth: bool) -> Vec<(f64, usize)> {
        let middle = |at: usize| {
            let cell = &self.cells[at];
            let near = if forth { &cell.left } else { &cell.right };
            mean(near.iter().map(|at| self.cells[*at].y)).unwrap_or(cell.y)
        };
        self.order_of[column].iter().map(|at| (middle(*at), *at)).collect()
    }

    /// Each column one below the other, around the middle.
    fn stack(&mut self) {
        for column in 0..self.order_of.len() {
            let wanted: Vec<(f64, usize)> = self.order_of[column].iter().map(|at| (0.0, *at)).collect();
            self.settle(column, &wanted);
        }
    }

    /// As near to the wanted middles as can be without touching.
    fn settle(&mut self, column: usize, wanted: &[(f64, usize)]) {
        let mut bottom = f64::NEG_INFINITY;
        let mut off = 0.0;
        for (y, at) in wanted {
            let half = self.cells[*at].size.height.midpoint(GAP.height);
            let middle = y.max(bottom + half);
            bottom = middle + half;
            off += middle - y;
            self.cells[*at].y = middle;
        }
        let shift = off / f64::from(u32::try_from(wanted.len().max(1)).unwrap_or(u32::MAX));
        for at in &self.order_of[column] {
            self.cells[*at].y -= shift;
        }
    }

    /// A column that is too high becomes several, beside each other.
    fn break_up(&mut self) {
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for column in std::mem::take(&mut self.order_of) {
            let height = |at: &usize| self.cells[*at].size.height + GAP.height;
            let boxes = column.iter().filter(|at| self.cells[**at].of.is_some());
            if boxes.map(height).sum::<f64>() <= self.height_max {
                parts.push(column);
                continue;
            }
            let mut used = f64::INFINITY;
            let first = parts.len();
            for at in column {
                let height = height(&at);
                if used + height > self.height_max {
                    parts.push(Vec::new());
                    used = 0.0;
                }
                used += height;
                parts.last_mut().expect("one was just added").push(at);
            }
            self.beside.extend(first + 1..parts.len());
        }
        self.order_of = parts;
    }

    /// Columns from left to right.
    fn place(&self, out: &mut Layered) {
        let tops = self.cells.iter().map(|cell| cell.y - cell.size.height / 2.0);
        let top = tops.fold(f64::INFINITY, f64::min);
        let mut bends = vec![[Point::default(); 2]; self.cells.len()];
        let mut right = 0.0;
        for (column, cells) in self.order_of.iter().enumerate() {
            let gap = if self.beside.contains(&column) { GAP.width / 2.0 } else { GAP.width };
            let x = if column == 0 { 0.0 } else { right + gap };
            let width = cells.iter().map(|at| self.cells[*at].size.width).fold(0.0, f64::max);
            right = x + width;
            for at in cells {
                let cell = &self.cells[*at];
                let y = cell.y - top;
                bends[*at] = [Point { x: x + width, y }, Point { x, y }];
                out.size.height = out.size.height.max(y + cell.size.height / 2.0);
                let Some(of) = cell.of else { continue };
                let corner = Point { x: x + (width - cell.size.width) / 2.0, y: y - cell.size.height / 2.0 };
                out.places[of] = corner;
            }
            out.size.width = out.size.width.max(right);
        }
        let way = |cells: &Vec<usize>| cells.iter().flat_map(|at| bends[*at]).collect();
        out.bends = self.bends.iter().map(|(arrow, cells)| (*arrow, way(cells))).collect();
    }
}

/// The column of each: one after the last of those that it waits for. Where all wait for each other, the first goes first.
fn ranks(count: usize, arrows: &[(usize, usize)]) -> Vec<usize> {
    let mut ranks = vec![0; count];
    let mut open = vec![0_usize; count];
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in arrows {
        open[*from] += 1;
        waiting[*to].push(*from);
    }
    let mut done = vec![false; count];
    let mut ready: Vec<usize> = (0..count).filter(|at| open[*at] == 0).rev().collect();
    let mut first = 0;
    loop {
        let Some(at) = ready.pop() else {
            while first < count && done[first] {
                first += 1;
            }
            if first == count {
                return ranks;
            }
            ready.push(first);
            continue;
        };
        if std::mem::replace(&mut done[at], true) {
            continue;
        }
        for from in &waiting[at] {
            if !done[*from] {
                ranks[*from] = ranks[*from].max(ranks[at] + 1);
                open[*from] -= 1;
                if open[*from] == 0 {
                    ready.push(*from);
                }
            }
        }
    }
}

/// Boxes that nothing joins, in rows as wide as the rest, or about square.
fn rows(sizes: &[Size], alone: &[usize], out: &mut Layered) {
    let area: f64 =
        alone.iter().map(|at| (sizes[*at].width + GAP.height) * (sizes[*at].height + GAP.height)).sum();
    let width_max = out.size.width.max(area.sqrt() * 1.5);
    let mut corner =
        Point { x: 0.0, y: if out.size.height > 0.0 { out.size.height + GAP.height * 2.0 } else { 0.0 } };
    let mut height: f64 = 0.0;
    for at in alone {
        let size = sizes[*at];
        if corner.x > 0.0 && corner.x + size.width > width_max {
            corner = Point { x: 0.0, y: corner.y + height + GAP.height };
            height = 0.0;
        }
        out.places[*at] = corner;
        height = height.max(size.height);
        out.size.width = out.size.width.max(corner.x + size.width);
        out.size.height = out.size.height.max(corner.y + size.height);
        corner.x += size.width + GAP.height;
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever waits for whatever, circles included: nothing touches, all of it is inside, and what waits stands to the
        /// right.
        #[test]
        fn boxes_never_touch(
            boxes in prop::collection::vec((20.0_f64..400.0, 20.0_f64..300.0), 1..60),
            pairs in prop::collection::vec((0_usize..60, 0_usize..60), 0..120),
            circles in any::<bool>(),
        ) {
            let sizes: Vec<Size> = boxes.iter().map(|(width, height)| Size { width: *width, height: *height }).collect();
            let count = sizes.len();
            let is_arrow = |(from, to): &(usize, usize)| *from < count && *to < count && from != to && (circles || from > to);
            let arrows: Vec<(usize, usize)> = pairs.into_iter().filter(is_arrow).collect();
            let laid = layered(&sizes, &arrows);
            for one in 0..count {
                let (place, size) = (laid.places[one], sizes[one]);
                prop_assert!(place.x >= -0.01 && place.y >= -0.01);
                prop_assert!(place.x + size.width <= laid.size.width + 0.01 && place.y + size.height <= laid.size.height + 0.01);
                for (other, (at, of)) in laid.places.iter().zip(&sizes).enumerate().take(one) {
                    let apart = place.x + size.width <= at.x || at.x + of.width <= place.x
                        || place.y + size.height <= at.y || at.y + of.height <= place.y;
                    prop_assert!(apart, "{one} and {other} touch");
                }
            }
            if !circles {
                for (from, to) in arrows {
                    prop_assert!(laid.places[from].x > laid.places[to].x + sizes[to].width - 0.01);
                }
            }
        }
    }
}
