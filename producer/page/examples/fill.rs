//! Fills the page of a report as the producer does: three texts on standard input, each ended by a zero byte.
//!
//! Only for the tests of the page (`acceptance/report`), which thus need not build the producer.

use std::io::{Read as _, Write as _};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    let [explanation, title, plain_text] = input.split_terminator('\0').collect::<Vec<_>>()[..] else {
        return Err("three texts, each ended by a zero byte: explanation, title, plain text".into());
    };
    std::io::stdout().write_all(concord_page::page(explanation, title, plain_text).as_bytes())?;
    Ok(())
}
