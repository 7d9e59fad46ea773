//! Where every box goes: each deployment is laid out on its own, and is one box of the one around it.

use std::collections::{BTreeMap, BTreeSet};

use super::layered::{Layered, Point, Size, layered};
use super::model::Graph;

/// Every resource's box.
const BOX: Size = Size { width: 244.0, height: 46.0 };
/// What a line for the region takes.
const REGION: f64 = 16.0;
/// Around what a deployment holds.
pub(super) const FRAME: f64 = 14.0;
/// For its name.
pub(super) const HEAD: f64 = 26.0;

/// A box in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Rect {
    pub(super) at: Point,
    pub(super) size: Size,
}

/// The whole picture.
#[derive(Debug)]
pub(super) struct Picture {
    /// Of each resource.
    pub(super) rects: Vec<Rect>,
    /// The points that each arrow goes through, from the one that waits.
    pub(super) ways: Vec<Vec<Point>>,
    pub(super) size: Size,
}

/// What is told of an arrow where the ways of its ends part: the deployment around both, and the two boxes in it.
type Levels = BTreeMap<Option<usize>, BTreeSet<(usize, usize)>>;

/// Lays out a graph.
pub(super) fn place(graph: &Graph<'_>) -> Picture {
    let parted: Vec<(Option<usize>, (usize, usize))> =
        graph.arrows.iter().map(|arrow| part(&graph.way(arrow.from), &graph.way(arrow.to))).collect();
    let mut levels = Levels::new();
    for (around, pair) in &parted {
        levels.entry(*around).or_default().insert(*pair);
    }
    let mut blocks = Blocks { graph, levels, laid: BTreeMap::new() };
    let size = blocks.lay(None);
    let mut rects = vec![Rect::default(); graph.resources.len()];
    let mut origins = BTreeMap::new();
    blocks.set(None, Point::default(), &mut rects, &mut origins);
    let way = |(arrow, (around, pair)): (&super::Arrow, &(Option<usize>, (usize, usize)))| {
        let (from, to) = (rects[arrow.from], rects[arrow.to]);
        let origin = origins[around];
        let bends = blocks.laid[around].1.bends.get(pair).into_iter().flatten();
        let mut points = vec![Point { x: from.at.x, y: from.at.y + from.size.height / 2.0 }];
        points.extend(bends.map(|bend| moved(*bend, origin)));
        points.push(Point { x: to.at.x + to.size.width, y: to.at.y + to.size.height / 2.0 });
        points
    };
    let ways = graph.arrows.iter().zip(&parted).map(way).collect();
    Picture { rects, ways, size }
}

/// Where two ways part, and the first box of each that the other does not have.
fn part(from: &[usize], to: &[usize]) -> (Option<usize>, (usize, usize)) {
    let same = from.iter().zip(to).take_while(|(one, other)| one == other).count();
    let around = same.checked_sub(1).map(|last| from[last]);
    // Whoever waits for a deployment that it stands in has a circle: it is drawn from the box to itself.
    let first = |way: &[usize]| way.get(same).or(way.last()).copied().unwrap_or_default();
    (around, (first(from), first(to)))
}

fn moved(point: Point, by: Point) -> Point {
    Point { x: point.x + by.x, y: point.y + by.y }
}

struct Blocks<'g, 'e> {
    graph: &'g Graph<'e>,
    levels: Levels,
    /// What each deployment holds, and where.
    laid: BTreeMap<Option<usize>, (Vec<usize>, Layered)>,
}

impl Blocks<'_, '_> {
    /// Lays out what a deployment holds; gives the size that this takes.
    fn lay(&mut self, deployment: Option<usize>) -> Size {
        let inside: Vec<usize> = self.graph.inside(deployment).collect();
        let sizes: Vec<Size> = inside.iter().map(|at| self.size(*at)).collect();
        let places: BTreeMap<usize, usize> =
            inside.iter().enumerate().map(|(place, at)| (*at, place)).collect();
        let pairs = self.levels.get(&deployment).into_iter().flatten();
        let arrows: Vec<(usize, usize)> = pairs
            .filter(|(from, to)| from != to)
            .filter_map(|(from, to)| Some((*places.get(from)?, *places.get(to)?)))
            .collect();
        let mut laid = layered(&sizes, &arrows);
        laid.bends =
            laid.bends.into_iter().map(|((from, to), bends)| ((inside[from], inside[to]), bends)).collect();
        let size = laid.size;
        self.laid.insert(deployment, (inside, laid));
        size
    }

    fn box_size(&self) -> Size {
        let more = if self.graph.has_several_regions { REGION } else { 0.0 };
        Size { height: BOX.height + more, ..BOX }
    }

    fn size(&mut self, at: usize) -> Size {
        if !self.graph.is_cluster(at) {
            return self.box_size();
        }
        let inner = self.lay(Some(at));
        Size { width: (inner.width + 2.0 * FRAME).max(BOX.width), height: inner.height + HEAD + FRAME }
    }

    /// Turns places inside of deployments into places of the picture.
    fn set(
        &self,
        deployment: Option<usize>,
        origin: Point,
        rects: &mut [Rect],
        origins: &mut BTreeMap<Option<usize>, Point>,
    ) {
        origins.insert(deployment, origin);
        let Some((inside, laid)) = self.laid.get(&deployment) else { return };
        for (at, place) in inside.iter().zip(&laid.places) {
            let corner = moved(*place, origin);
            let mut size = self.box_size();
            if let Some((_, inner)) = self.laid.get(&Some(*at)) {
                let width = (inner.size.width + 2.0 * FRAME).max(BOX.width);
                size = Size { width, height: inner.size.height + HEAD + FRAME };
                self.set(Some(*at), moved(corner, Point { x: FRAME, y: HEAD }), rects, origins);
            }
            rects[*at] = Rect { at: corner, size };
        }
    }
}
