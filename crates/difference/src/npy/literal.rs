/// The largest number of dimensions. `numpy` has the same bound.
const DIMENSIONS_MAX: usize = 64;

/// A cursor over a Python literal.
pub(super) struct Literal<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Literal<'a> {
    pub(super) fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    pub(super) fn must_be(&mut self, token: &str) -> Option<()> {
        self.eat(token).then_some(())
    }

    /// A string without escapes.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        let quote = if self.eat("'") { '\'' } else { self.eat("\"").then_some('"')? };
        let (text, rest) = self.rest.split_once(quote)?;
        self.rest = rest;
        (!text.contains('\\')).then_some(text)
    }

    pub(super) fn boolean(&mut self) -> Option<bool> {
        if self.eat("True") { Some(true) } else { self.eat("False").then_some(false) }
    }

    pub(super) fn shape(&mut self) -> Option<Vec<u64>> {
        let mut shape = Vec::new();
        self.must_be("(")?;
        while !self.eat(")") {
            if shape.len() == DIMENSIONS_MAX {
                return None;
            }
            self.rest = self.rest.trim_start();
            let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = self.rest.split_at(digits);
            shape.push(number.parse().ok()?);
            self.rest = rest;
            // Python 2 wrote this letter after long integers.
            let _long = self.eat("L");
            if !self.eat(",") {
                self.must_be(")")?;
                break;
            }
        }
        Some(shape)
    }
}
