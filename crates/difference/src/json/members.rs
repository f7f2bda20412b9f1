use std::ops::Range;

use concord_json::{Reader, ScanError, string};

/// A member of an object: the place of its key, quotes included, and its value.
pub(super) struct Member {
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
}

/// The members of two objects, matched by key. If a key occurs more than once, its first members are matched, then
/// its second members, and so on.
pub(super) struct Matched {
    /// In the order of the left side.
    pairs: Vec<MemberPair>,
    at: usize,
    /// The ends of the two objects.
    pub(super) ends: [usize; 2],
    /// Positions of members whose key the other side lacks.
    pub(super) only_left: Vec<usize>,
    pub(super) only_right: Vec<usize>,
    /// The positions, left and right, of the first members in another order. Members that only one side has do not
    /// count.
    pub(super) first_out_of_order: Option<[usize; 2]>,
}

/// Two members with the same key: the range of the key on the left, and the starts of the two values.
#[derive(Clone)]
pub(super) struct MemberPair {
    pub(super) key: Range<usize>,
    pub(super) values: [usize; 2],
}

/// Reads the rest of an object. `key` is the key that was read last. Keeps at most `most` members.
pub(super) fn collect(
    reader: &mut Reader<'_>,
    key: Option<Range<usize>>,
    most: usize,
) -> Result<Vec<Member>, ScanError> {
    let mut members = Vec::new();
    let mut next = key;
    while let Some(key) = next {
        let start = reader.at;
        reader.skip(0)?;
        if members.len() < most {
            members.push(Member { key, value: start..reader.at });
        }
        next = reader.member(false)?;
    }
    Ok(members)
}

impl Matched {
    pub(super) fn new(
        left: &Reader<'_>,
        right: &Reader<'_>,
        of_left: &[Member],
        of_right: &[Member],
    ) -> Self {
        let ends = [left.at, right.at];
        let places = [by_key(left.text, of_left), by_key(right.text, of_right)];
        let key = |member: &Member, text| -> &[u8] { &<[u8]>::as_ref(text)[member.key.clone()] };
        let (mut only_left, mut only_right, mut partners) = (Vec::new(), Vec::new(), Vec::new());
        let [mut lefts, mut rights] = places.map(|places| places.into_iter().peekable());
        loop {
            let order = match (lefts.peek(), rights.peek()) {
                (None, None) => break,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(&one), Some(&other)) => {
                    string::order(key(&of_left[one], left.text), key(&of_right[other], right.text))
                }
            };
            match order {
                std::cmp::Ordering::Less => only_left.extend(lefts.next()),
                std::cmp::Ordering::Greater => only_right.extend(rights.next()),
                std::cmp::Ordering::Equal => partners.extend(lefts.next().zip(rights.next())),
            }
        }
        only_left.sort_unstable();
        only_right.sort_unstable();
        partners.sort_unstable();
        let pair = |&(one, other): &(usize, usize)| MemberPair {
            key: of_left[one].key.clone(),
            values: [of_left[one].value.start, of_right[other].value.start],
        };
        let pairs = partners.iter().map(pair).collect();
        let first_out_of_order = first_out_of_order(&partners);
        Self { pairs, at: 0, ends, only_left, only_right, first_out_of_order }
    }

    /// The number of matched members, on both sides together.
    pub(super) fn len(&self) -> usize {
        2 * self.pairs.len()
    }

    pub(super) fn next(&mut self) -> Option<MemberPair> {
        let pair = self.pairs.get(self.at).cloned();
        self.at += 1;
        pair
    }
}

/// The positions of members, sorted by key. Members with the same key keep their order.
fn by_key(text: &[u8], members: &[Member]) -> Vec<usize> {
    let mut places: Vec<_> = (0..members.len()).collect();
    places.sort_unstable_by(|&one, &other| {
        let [first, second] = [one, other].map(|place| &text[members[place].key.clone()]);
        string::order(first, second).then(one.cmp(&other))
    });
    places
}

/// The first pair, in the order of the left side, whose right member is not the next member on the right side.
fn first_out_of_order(partners: &[(usize, usize)]) -> Option<[usize; 2]> {
    let mut rights: Vec<_> = partners.iter().map(|(_, right)| *right).collect();
    rights.sort_unstable();
    let mut pairs = partners.iter().zip(rights);
    pairs.find(|((_, partner), next)| partner != next).map(|((left, _), next)| [*left, next])
}
