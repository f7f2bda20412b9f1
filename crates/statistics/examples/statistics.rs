//! Answers questions about the statistics, one in each line, so that another program can compare the answers with its
//! own: `acceptance/statistics/run`. Logarithms of p-values are natural logarithms.
//!
//! ```text
//! fisher A B C D                     ln p
//! table ROWS COLUMNS COUNT..         ln p, or "none"; ln of its bound; ln p of the test that is used
//! hypergeometric HITS SAMPLE MARKED ALL   ln p
//! binomial HITS N RATE               ln of exactly, of at most and of at least HITS
//! clopper-pearson HITS N LEVEL       low high
//! anytime HITS N LEVEL               low high
//! none-seen N LEVEL                  bound
//! holm P..                           corrected p-values
//! copies RATE LEVEL                  copies
//! runs ONE OTHER                     ln p of each number of runs, from 0 on
//! cut UNITS CLASS.. STEP..           first step after the best cut; bound of p; permutations
//! pair UNITS CLASS.. BLOCK..         of facts with two values: the best pair, its units, how many of these are marked, minus
//!                                    ln p; bound of p; permutations; or "none"
//! strata UNITS CLASS.. STRATUM.. BLOCK..   bound of p within strata; permutations
//! ```

use std::error::Error;
use std::io::{BufRead, Write};
use std::str::FromStr;

use concord_statistics::{
    Candidate, Level, PERMUTATIONS_MAX, Study, Table, Weighted, anytime_interval, clopper_pearson,
    copies_to_detect, independence, ln_binomial, ln_binomial_at_least, ln_binomial_at_most, ln_fisher,
    ln_freeman_halton, ln_freeman_halton_bound, ln_holm, ln_hypergeometric, ln_runs, none_seen_bound,
};

type Answer = Result<Vec<String>, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let answer = answer(&line).map_err(|error| format!("{line}: {error}"))?;
        writeln!(answers, "{}", answer.join(" "))?;
    }
    Ok(())
}

fn answer(line: &str) -> Answer {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (&question, words) = words.split_first().ok_or("an empty line")?;
    let show = |numbers: &[f64]| Ok(numbers.iter().map(|number| format!("{number:e}")).collect());
    let level = |word: &str| -> Result<Level, Box<dyn Error>> { Ok(Level::new(word.parse()?)?) };
    match (question, words) {
        ("fisher", words) => {
            let [a, b, c, d] = numbers(words)?[..] else { return Err("expected four counts".into()) };
            show(&[ln_fisher([[a, b], [c, d]])])
        }
        ("table", words) => table(&numbers(words)?),
        ("hypergeometric", words) => {
            let [hits, sample, marked, all] = numbers(words)?[..] else {
                return Err("expected four counts".into());
            };
            show(&[ln_hypergeometric(hits, sample, marked, all)])
        }
        ("binomial", [hits, n, rate]) => {
            let (hits, n, rate) = (hits.parse()?, n.parse()?, rate.parse()?);
            show(&[
                ln_binomial(hits, n, rate),
                ln_binomial_at_most(hits, n, rate),
                ln_binomial_at_least(hits, n, rate),
            ])
        }
        ("clopper-pearson", [hits, n, asked]) => {
            show(&pair(clopper_pearson(hits.parse()?, n.parse()?, level(asked)?)))
        }
        ("anytime", [hits, n, asked]) => {
            show(&pair(anytime_interval(hits.parse()?, n.parse()?, level(asked)?)))
        }
        ("none-seen", [n, asked]) => show(&[none_seen_bound(n.parse()?, level(asked)?)]),
        ("holm", words) => {
            let ln_ps: Vec<f64> = numbers::<f64>(words)?.into_iter().map(f64::ln).collect();
            show(&ln_holm(&ln_ps).into_iter().map(f64::exp).collect::<Vec<_>>())
        }
        ("copies", [rate, asked]) => Ok(vec![copies_to_detect(rate.parse()?, level(asked)?)?.to_string()]),
        ("cut" | "pair" | "strata", words) => permuted(question, &numbers(words)?),
        ("runs", [one, other]) => show(&ln_runs(one.parse()?, other.parse()?)),
        _ => Err("no such question".into()),
    }
}

fn pair((low, high): (f64, f64)) -> [f64; 2] {
    [low, high]
}

fn numbers<T: FromStr<Err: Error + 'static>>(words: &[&str]) -> Result<Vec<T>, Box<dyn Error>> {
    words.iter().map(|word| word.parse().map_err(Into::into)).collect()
}

fn table(words: &[usize]) -> Answer {
    let [rows, columns, counts @ ..] = words else { return Err("expected rows, columns and counts".into()) };
    if rows * columns != counts.len() {
        return Err("expected as many counts as there are cells".into());
    }
    let cell =
        |(place, &count): (usize, &usize)| std::iter::repeat_n((place / columns, place % columns), count);
    let units: Vec<_> = counts.iter().enumerate().flat_map(cell).collect();
    let table = Table::count(units.into_iter());
    let exact = ln_freeman_halton(&table).map_or_else(|| "none".to_owned(), |ln_p| format!("{ln_p:e}"));
    let [bound, used] = [ln_freeman_halton_bound(&table), independence(&table).ln_p];
    Ok(vec![exact, format!("{bound:e}"), format!("{used:e}")])
}

/// Answers the questions that permutations answer. The words are the number of units, the class of each, and other columns
/// with a number for each unit.
fn permuted(question: &str, words: &[u32]) -> Answer {
    let [units, words @ ..] = words else { return Err("expected a number of units".into()) };
    let mut columns = words.chunks(usize::try_from(*units)?.max(1)).map(<[u32]>::to_vec);
    let classes: Vec<u8> =
        columns.next().ok_or("expected classes")?.into_iter().map(u8::try_from).collect::<Result<_, _>>()?;
    let strata = if question == "strata" { columns.next() } else { None };
    let columns: Vec<Vec<u32>> = columns.collect();
    let count = |column: &[u32]| column.iter().max().map_or(0, |&last| last as usize + 1);
    let candidate = |column: &Vec<u32>| match question {
        "cut" => Candidate::Cut { step_of: column.clone(), steps: count(column) },
        _ => Candidate::Split { block_of: column.clone(), blocks: count(column) },
    };
    let weighted = |column| Weighted { candidate: candidate(column), ln_weight: -1.0, ln_p: None };
    let places = 0..if question == "pair" { columns.len() } else { 0 };
    let found = Study {
        classes,
        strata,
        candidates: columns.iter().map(weighted).collect(),
        pairs: places
            .clone()
            .flat_map(|left| places.clone().skip(left + 1).map(move |right| [left, right]))
            .collect(),
        ln_weight_of_pairs: -1.0,
        seed: 7,
        permutations_max: PERMUTATIONS_MAX,
    }
    .test();
    let permutations = found.permutations.to_string();
    if question == "pair" {
        let Some(best) = found.pair else { return Ok(vec!["none".to_owned()]) };
        let counts = [best.pair[0] as u64, best.pair[1] as u64, best.units, best.marked];
        let shown = counts.iter().map(u64::to_string);
        let numbers = [best.finding.score, best.finding.p_permuted].map(|number| format!("{number:e}"));
        return Ok(shown.chain(numbers).chain([permutations]).collect());
    }
    let first = found.candidates.first().ok_or("expected a candidate")?;
    let cut = first.cut.map(|cut| cut.to_string());
    Ok(cut.into_iter().chain([format!("{:e}", first.p_permuted), permutations]).collect())
}
