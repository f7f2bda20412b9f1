use std::collections::HashMap;

use super::limits::ComparisonLimits;
use super::spread::Spread;
use super::tolerance::{Allowance, PathStep, Tolerances};

/// The paths of the numbers read so far, as a tree of bounded size.
pub(super) struct Paths<'o> {
    nodes: Vec<Node<'o>>,
    tolerances: Option<&'o Tolerances>,
    /// For each rule of the tolerances, whether it fits a path.
    matched: Vec<bool>,
    limits: &'o ComparisonLimits,
    /// Whether some paths could not be counted separately.
    pub(super) full: bool,
}

/// One path: a place in [`Paths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Path(u32);

/// The path of the whole output.
pub(super) const ROOT: Path = Path(0);

struct Node<'o> {
    /// The parent; the path of the whole output is its own parent.
    above: Path,
    segment: NodeName,
    depth: usize,
    allowance: Allowance,
    /// Whether everything below this path is counted here.
    gathers: bool,
    /// The child that stands for all elements of an array, or for all keys beyond the bound.
    each: Option<Path>,
    /// The children by key, in the order in which they were read; `places` holds the position of each key.
    keys: Vec<Path>,
    places: HashMap<Box<[u8]>, usize>,
    /// The position of the next expected key: objects of one array mostly have the same keys in the same order.
    expected: usize,
    spread: Option<Box<Spread<'o>>>,
}

enum NodeName {
    Whole,
    Each,
    Key(Box<[u8]>),
}

impl<'o> Paths<'o> {
    pub(super) fn new(tolerances: Option<&'o Tolerances>, limits: &'o ComparisonLimits) -> Self {
        let matched = vec![false; tolerances.map_or(0, Tolerances::len)];
        let mut paths = Self { nodes: Vec::new(), tolerances, matched, limits, full: false };
        paths.add(ROOT, NodeName::Whole);
        paths
    }

    fn node(&self, path: Path) -> &Node<'o> {
        &self.nodes[path.0 as usize]
    }

    fn node_mut(&mut self, path: Path) -> &mut Node<'o> {
        &mut self.nodes[path.0 as usize]
    }

    pub(super) fn allowance(&self, path: Path) -> Allowance {
        self.node(path).allowance
    }

    /// Whether a rule allows the keys of the object at this path in any order.
    pub(super) fn allows_any_order(&self, path: Path) -> bool {
        self.tolerances.is_some_and(|tolerances| tolerances.any_order(&self.steps(path)))
    }

    /// Whether a rule has an absolute bound.
    pub(super) fn names_absolute(&self) -> bool {
        self.tolerances.is_some_and(Tolerances::names_absolute)
    }

    /// The rules that fit no path. Where paths were counted together this is not known, and the list is empty.
    pub(super) fn unmatched_rules(&self) -> Vec<String> {
        let rules = self.tolerances.iter().flat_map(|tolerances| tolerances.rules());
        let unmatched = rules.zip(&self.matched).filter(|(_, matched)| !**matched && !self.full);
        unmatched.map(|(rule, _)| rule.to_owned()).collect()
    }

    /// The numbers of this path.
    pub(super) fn spread(&mut self, path: Path) -> &mut Spread<'o> {
        self.node_mut(path).spread.get_or_insert_default()
    }

    /// The paths that hold numbers.
    pub(super) fn spreads(&self) -> impl Iterator<Item = (Path, &Spread<'o>)> {
        let paths = (0..).map(Path);
        paths.zip(&self.nodes).filter_map(|(path, node)| Some((path, node.spread.as_deref()?)))
    }

    /// The path of all elements of the array at `above`.
    pub(super) fn each(&mut self, above: Path) -> Path {
        if let Some(each) = self.node(above).each {
            return each;
        }
        if !self.room(above) {
            return above;
        }
        let each = self.add(above, NodeName::Each);
        self.node_mut(above).each = Some(each);
        each
    }

    /// The path of the member `key` of the object at `above`.
    pub(super) fn key(&mut self, above: Path, key: &[u8]) -> Path {
        let node = self.node(above);
        if let Some(&child) = node.keys.get(node.expected)
            && matches!(&self.node(child).segment, NodeName::Key(name) if **name == *key)
        {
            self.expect_after(above, node.expected);
            return child;
        }
        if let Some(&place) = node.places.get(key) {
            let child = node.keys[place];
            self.expect_after(above, place);
            return child;
        }
        let many = node.keys.len() >= self.limits.keys_max || key.len() > self.limits.key_bytes_max;
        if many && !self.tolerances.is_some_and(|tolerances| tolerances.name(key)) {
            return self.each(above);
        }
        if !self.room(above) {
            return above;
        }
        let child = self.add(above, NodeName::Key(key.into()));
        let node = self.node_mut(above);
        node.places.insert(key.into(), node.keys.len());
        node.keys.push(child);
        node.expected = 0;
        child
    }

    fn expect_after(&mut self, above: Path, place: usize) {
        let node = self.node_mut(above);
        node.expected = if place + 1 == node.keys.len() { 0 } else { place + 1 };
    }

    /// Whether there is room for one more path. If not, everything below `above` is counted at `above`.
    fn room(&mut self, above: Path) -> bool {
        let room = self.nodes.len() < self.limits.paths_max;
        if !room {
            self.full = true;
            self.node_mut(above).gathers = true;
        }
        room
    }

    fn add(&mut self, above: Path, segment: NodeName) -> Path {
        let path = Path(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let whole = matches!(segment, NodeName::Whole);
        let depth = if whole { 0 } else { self.node(above).depth + 1 };
        self.nodes.push(Node {
            above,
            segment,
            depth,
            allowance: Allowance::Exact,
            gathers: false,
            each: None,
            keys: Vec::new(),
            places: HashMap::new(),
            expected: 0,
            spread: None,
        });
        if let Some(tolerances) = self.tolerances {
            let from_above = if whole { Allowance::Exact } else { self.allowance(above) };
            let steps = self.steps(path);
            let allowance = tolerances.allowance(&steps, from_above);
            let fitting = tolerances.fitting(&steps);
            for rule in fitting {
                self.matched[rule] = true;
            }
            self.node_mut(path).allowance = allowance;
        }
        path
    }

    fn steps(&self, path: Path) -> Vec<PathStep<'_>> {
        let mut steps: Vec<_> = self
            .segments(path)
            .map(|segment| match segment {
                NodeName::Key(key) => PathStep::Key(key),
                NodeName::Each | NodeName::Whole => PathStep::Each,
            })
            .collect();
        steps.reverse();
        steps
    }

    /// The segments of a path, the last one first.
    fn segments(&self, path: Path) -> impl Iterator<Item = &NodeName> {
        let ways = std::iter::successors(Some(path), |&path| Some(self.node(path).above));
        ways.map_while(|path| (path != ROOT).then(|| &self.node(path).segment))
    }

    /// The JSON pointer of a path, with `*` for all elements.
    pub(super) fn pointer(&self, path: Path) -> String {
        let mut pointer = String::new();
        for step in self.steps(path) {
            pointer.push('/');
            match step {
                PathStep::Each => pointer.push('*'),
                PathStep::Key(key) => {
                    pointer += &String::from_utf8_lossy(key).replace('~', "~0").replace('/', "~1");
                }
            }
        }
        if self.node(path).gathers {
            pointer += "/**";
        }
        pointer
    }
}
