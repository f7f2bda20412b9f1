//! Turns the JavaScript modules of the page into one script.
//!
//! The page is one file that its content security policy allows to load nothing, and importing a module is loading. A
//! page with `import` would have to allow `blob:` or `data:` as sources of scripts, which would weaken the policy. So each
//! module becomes a function that is called once: its imports are constants at its start, and its exports are the fields
//! of the object that it returns. Each module keeps a scope of its own, and sees only the names that it imports.
//!
//! It accepts only the two forms that the modules use, at the start of a line; anything else is an error:
//!
//! - `import { a, b } from "./name.js";`, in one line or several, from a module that stands before this one. So there is no
//!   circle between modules.
//! - `export` before a `const`, `function`, `async function` or `class`. The value of each stays the same.

use std::fmt::{Display, Formatter, Result as FormatResult, Write as _};

/// A module: its file is `<name>.js`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Module {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
}

/// Why modules cannot be bundled.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BundleError {
    module: &'static str,
    /// The first line of the statement, from 1.
    line: usize,
    problem: &'static str,
}

impl Display for BundleError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> FormatResult {
        write!(formatter, "{}.js, line {}: {}", self.module, self.line, self.problem)
    }
}

impl std::error::Error for BundleError {}

/// The modules as one script, which runs them in this order.
///
/// # Errors
/// When a statement that begins with `import` or `export` has another form than those at the top of this file, or imports
/// a name that the other module does not export.
pub(crate) fn bundle(modules: &[Module]) -> Result<String, BundleError> {
    let mut script = String::from("(() => {\n\"use strict\";\n");
    let mut exports: Vec<(&str, Vec<&str>)> = Vec::new();
    for module in modules {
        let own = push_module(&mut script, module, &exports)?;
        exports.push((module.name, own));
    }
    script.push_str("})();");
    Ok(script)
}

/// Appends a module as a function that is called once; returns the names that it exports. `before` holds the exports of
/// the modules before it.
fn push_module(
    script: &mut String,
    module: &Module,
    before: &[(&str, Vec<&str>)],
) -> Result<Vec<&'static str>, BundleError> {
    let mut exports = Vec::new();
    push_line(script, format_args!("const module_{} = (() => {{", module.name));
    let mut lines = module.source.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let error = |problem| BundleError { module: module.name, line: index + 1, problem };
        if line.starts_with("import") {
            let mut statement = line.to_owned();
            while !statement.ends_with(';') {
                let (_, next) = lines.next().ok_or_else(|| error("the import has no end"))?;
                statement.push_str(next);
            }
            let (names, from) = imported(&statement).ok_or_else(|| error("not a form of import"))?;
            let (_, exported) = before
                .iter()
                .find(|(name, _)| *name == from)
                .ok_or_else(|| error("no module before this one has that name"))?;
            if !names.iter().all(|name| exported.contains(name)) {
                return Err(error("the other module does not export this"));
            }
            push_line(script, format_args!("const {{ {} }} = module_{from};", names.join(", ")));
        } else if line.starts_with("export") {
            let (name, declaration) = exported(line).ok_or_else(|| error("not a form of export"))?;
            exports.push(name);
            push_line(script, format_args!("{declaration}"));
        } else {
            push_line(script, format_args!("{line}"));
        }
    }
    push_line(script, format_args!("return {{ {} }};\n}})();", exports.join(", ")));
    Ok(exports)
}

fn push_line(script: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(script, "{line}").unwrap_or_else(|_| unreachable!("a string takes every text"));
}

/// The names that a statement imports, and the name of the module that they come from.
fn imported(statement: &str) -> Option<(Vec<&str>, &str)> {
    let rest = statement.strip_prefix("import {")?.strip_suffix(".js\";")?;
    let (names, from) = rest.split_once("} from \"./")?;
    let names: Vec<_> = names.trim().trim_end_matches(',').split(',').map(str::trim).collect();
    (is_name(from) && names.iter().all(|name| is_name(name))).then_some((names, from))
}

/// The name that a line exports, and the line without `export`.
fn exported(line: &str) -> Option<(&str, &str)> {
    let declaration = line.strip_prefix("export ")?;
    let kinds = ["const ", "function ", "async function ", "class "];
    let rest = kinds.iter().find_map(|kind| declaration.strip_prefix(kind))?;
    let end = rest.find(|character| !is_name_part(character)).unwrap_or(rest.len());
    (end > 0).then(|| (&rest[..end], declaration))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_name_part)
}

fn is_name_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Module = Module {
        name: "first",
        source: "export const A = 1;\nexport async function b() {\n}\nconst own = 2;",
    };

    #[test]
    fn imports_and_exports_become_constants_and_fields() {
        let second = Module {
            name: "second",
            source: "// @ts-check\nimport {\n  A,\n  b,\n} from \"./first.js\";\nb(A);",
        };
        let expected = r#"(() => {
"use strict";
const module_first = (() => {
const A = 1;
async function b() {
}
const own = 2;
return { A, b };
})();
const module_second = (() => {
// @ts-check
const { A, b } = module_first;
b(A);
return {  };
})();
})();"#;
        assert_eq!(bundle(&[FIRST, second]).as_deref(), Ok(expected));
    }

    #[test]
    fn any_other_form_is_an_error() {
        let check = |source, line, problem| {
            let module = Module { name: "second", source };
            assert_eq!(
                bundle(&[FIRST, module]),
                Err(BundleError { module: "second", line, problem }),
                "{source}"
            );
        };
        check("\nimport \"./first.js\";", 2, "not a form of import");
        check("import first from \"./first.js\";", 1, "not a form of import");
        check("import * as first from \"./first.js\";", 1, "not a form of import");
        check("import { A as a } from \"./first.js\";", 1, "not a form of import");
        check("import { A } from \"https://a.example/first.js\";", 1, "not a form of import");
        check("import { A } from \"./first.js\"", 1, "the import has no end");
        check("import { A } from \"./third.js\";", 1, "no module before this one has that name");
        check("import { A } from \"./second.js\";", 1, "no module before this one has that name");
        check("import { own } from \"./first.js\";", 1, "the other module does not export this");
        check("export default 1;", 1, "not a form of export");
        check("export let a = 1;", 1, "not a form of export");
        check("export { a };", 1, "not a form of export");
        check("export * from \"./first.js\";", 1, "not a form of export");
        check("export const { a } = b;", 1, "not a form of export");
    }
}
