//! Bounds of the lists of an explanation, in bytes of JSON.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value, json};

/// The most bytes of each list, as it stands in the page. Together with the outcomes they stay below 5 MB.
const LISTS: [(&str, usize); 6] = [
    ("classes", 400_000),
    ("failures", 100_000),
    ("hidden_failures", 100_000),
    ("artifacts", 200_000),
    ("differences", 1_000_000),
    ("separators", 500_000),
];

/// The most bytes of the outcomes, with the environments in which they ran.
const OUTCOMES_BYTES_MAX: usize = 2_000_000;

/// Cuts the lists of an explanation. The field `left_out` then has the number of items that each list lost.
pub(super) fn bound(explanation: &mut Value) {
    let mut left_out = Map::new();
    for (name, bytes_max) in LISTS {
        let list = match name {
            "separators" => explanation.pointer_mut("/attribution/separators"),
            name => explanation.get_mut(name),
        };
        if let Some(Value::Array(list)) = list {
            let kept = fitting(list, bytes_max);
            note(&mut left_out, name, list.len() - kept);
            list.truncate(kept);
        }
    }
    let lost = bound_outcomes(explanation, OUTCOMES_BYTES_MAX);
    note(&mut left_out, "outcomes", lost);
    if !left_out.is_empty() {
        explanation["left_out"] = Value::Object(left_out);
    }
}

fn note(left_out: &mut Map<String, Value>, name: &str, items: usize) {
    if items > 0 {
        left_out.insert(name.to_owned(), json!(items));
    }
}

/// How many of the first items have at most `bytes_max` bytes together.
fn fitting(list: &[Value], bytes_max: usize) -> usize {
    let mut bytes = 0;
    let fits = |item: &&Value| {
        bytes += bytes_in_page(item);
        bytes <= bytes_max
    };
    list.iter().take_while(fits).count()
}

/// The bytes of a value in a page, in which each `<` becomes `\u003c`, and a comma after it.
fn bytes_in_page(value: &Value) -> usize {
    let json = value.to_string();
    json.len() + 5 * json.matches('<').count() + 1
}

/// Keeps outcomes of at most `bytes_max` bytes together with their environments, and gives the number of the others.
/// Each class, and the failures, lose their outcomes last when they are rare: the outcomes are taken in turns, one of each
/// class, and within a class by a number that looks random.
fn bound_outcomes(explanation: &mut Value, bytes_max: usize) -> usize {
    let take = |value: &mut Value, name: &str| match value.get_mut(name).map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let outcomes = take(explanation, "outcomes");
    let environments = take(explanation, "environments");
    let place = |outcome: &Value| {
        let place = outcome["environment"].as_u64().and_then(|place| usize::try_from(place).ok());
        place.filter(|place| *place < environments.len())
    };
    let mut bytes = 0;
    let (mut kept, mut places) = (HashSet::new(), HashSet::new());
    for index in in_turns(&outcomes) {
        bytes += bytes_in_page(&outcomes[index]);
        if let Some(place) = place(&outcomes[index])
            && places.insert(place)
        {
            bytes += bytes_in_page(&environments[place]);
        }
        if bytes > bytes_max {
            break;
        }
        kept.insert(index);
    }
    let lost = outcomes.len() - kept.len();
    // The environments of the kept outcomes, in their order, with new places.
    let used: Vec<usize> =
        (0..environments.len()).filter(|place| lost == 0 || places.contains(place)).collect();
    let new_places: HashMap<usize, usize> = used.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    let outcomes = outcomes.into_iter().enumerate().filter(|(index, _)| kept.contains(index));
    let moved = outcomes.map(|(_, mut outcome)| {
        let new = place(&outcome).and_then(|place| new_places.get(&place));
        outcome["environment"] = json!(new);
        outcome
    });
    explanation["outcomes"] = moved.collect();
    let environments = environments.into_iter().enumerate();
    explanation["environments"] = environments
        .filter(|(place, _)| new_places.contains_key(place))
        .map(|(_, environment)| environment)
        .collect();
    lost
}

/// The places of the outcomes in the order in which they are taken.
fn in_turns(outcomes: &[Value]) -> Vec<usize> {
    let mut by_class = BTreeMap::<Option<&str>, Vec<(u64, usize)>>::new();
    for (index, outcome) in outcomes.iter().enumerate() {
        let random = mixed(outcome["copy"].as_u64().unwrap_or_default());
        by_class.entry(outcome["class"].as_str()).or_default().push((random, index));
    }
    let mut turns = Vec::with_capacity(outcomes.len());
    for mut of_class in by_class.into_values() {
        of_class.sort_unstable();
        turns.extend(of_class.into_iter().enumerate().map(|(turn, (random, index))| (turn, random, index)));
    }
    turns.sort_unstable();
    turns.into_iter().map(|(.., index)| index).collect()
}

/// A number that looks random and depends on nothing but `value`.
fn mixed(value: u64) -> u64 {
    let bits = value.wrapping_add(1).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits ^ (bits >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(copy: u32, class: &str, environment: u32) -> Value {
        json!({"copy": copy, "class": class, "environment": environment})
    }

    #[test]
    fn a_small_explanation_stays_as_it_is() {
        let small = json!({
            "classes": [{"class": "A"}],
            "attribution": {"separators": []},
            "outcomes": [outcome(0, "A", 0)],
            "environments": [{"facts": {}}, {"facts": {"a": "unused"}}],
        });
        let mut bounded = small.clone();
        bound(&mut bounded);
        assert_eq!(bounded, small);
    }

    #[test]
    fn a_long_list_loses_its_end_and_says_how_much() {
        let failed = json!({"reason": "<".repeat(1_000), "copies": 1});
        let mut explanation = json!({"failures": vec![failed; 100], "outcomes": [], "environments": []});
        bound(&mut explanation);
        // A sign that the page writes with six bytes counts six.
        let kept = explanation["failures"].as_array().unwrap().len();
        assert!((10..20).contains(&kept), "{kept}");
        assert_eq!(explanation["left_out"], json!({"failures": 100 - kept}));
    }

    #[test]
    fn all_lists_together_stay_below_5_mb() {
        let long = json!({"class": "A", "copy": 1, "environment": 0, "text": "x".repeat(1_000)});
        let list = || Value::Array(vec![long.clone(); 3_000]);
        let mut explanation =
            json!({"attribution": {"separators": list()}, "outcomes": list(), "environments": []});
        for (name, _) in LISTS.iter().filter(|(name, _)| *name != "separators") {
            explanation[*name] = list();
        }
        bound(&mut explanation);
        let bytes = explanation.to_string().len();
        assert!((4_000_000..4_500_000).contains(&bytes), "{bytes}");
        assert_eq!(explanation["left_out"].as_object().unwrap().len(), LISTS.len() + 1);
    }

    #[test]
    fn outcomes_of_rare_classes_are_kept_with_their_environments() {
        let is_rare = |copy: u32| copy % 1_000 == 7;
        let class = |copy| if is_rare(copy) { "B" } else { "A" };
        let outcomes: Vec<_> = (0..10_000).map(|copy| outcome(copy, class(copy), copy / 10)).collect();
        let environments: Vec<_> =
            (0..1_000).map(|place| json!({"facts": {"sandbox.id": place.to_string()}})).collect();
        let mut explanation = json!({"outcomes": outcomes, "environments": environments});
        let lost = bound_outcomes(&mut explanation, 40_000);
        let kept = explanation["outcomes"].as_array().unwrap();
        assert_eq!(lost, 10_000 - kept.len());
        assert!(explanation.to_string().len() < 41_000 && kept.len() > 300, "{}", kept.len());
        assert_eq!(kept.iter().filter(|outcome| outcome["class"] == "B").count(), 10);
        for outcome in kept {
            let place = usize::try_from(outcome["environment"].as_u64().unwrap()).unwrap();
            let expect = (outcome["copy"].as_u64().unwrap() / 10).to_string();
            assert_eq!(explanation["environments"][place]["facts"]["sandbox.id"], expect);
        }
        let copies: Vec<_> = kept.iter().map(|outcome| outcome["copy"].as_u64().unwrap()).collect();
        assert!(copies.is_sorted());
        assert!(copies.iter().filter(|copy| **copy < 5_000).count() > 100, "from all over the job");
    }
}
