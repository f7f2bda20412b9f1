//! The explanation of a job as one HTML file that needs nothing else: no network, no fonts, no libraries.
//!
//! Knows how texts are put into a page so that none can break out of its place, and how the page's modules become one
//! script. Does not know what an explanation says: the modules read it and draw it.

mod bundle;

use std::sync::LazyLock;

use bundle::{Module, bundle};

/// The page around its parts. Each `{{name}}` stands for a part.
const TEMPLATE: &str = include_str!("../report.html");
const STYLE: &str = include_str!("../report.css");

/// The modules with these names.
macro_rules! modules {
    ($($name:literal)*) => {
        [$(Module { name: $name, source: include_str!(concat!("../modules/", $name, ".js")) }),*]
    };
}

/// The modules of the page. Each imports only modules that stand before it.
const MODULES: [Module; 20] = modules![
    "explanation" "format" "model" "elements" "marks" "values" "controls" "table" "verdict" "separates" "facts" "scales"
    "plot" "plots" "distances" "difference" "artifacts" "outcomes" "confidence" "start"
];

static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    bundle(&MODULES).unwrap_or_else(|error| unreachable!("a test bundles the same modules: {error}"))
});

/// The page of an explanation.
///
/// - `explanation_json`: the explanation as one JSON object. JSON has `<` only in strings, where `\u003c` means the same.
///   Each `<` is written so, and no value can end the element that holds it.
/// - `title`: the text of the browser's tab, such as `fft-7f3k: divergent`.
/// - `plain_text`: the explanation for people without JavaScript, in lines: the text that the command prints.
#[must_use]
pub fn page(explanation_json: &str, title: &str, plain_text: &str) -> String {
    let (title, plain_text) = (escaped(title), escaped(plain_text));
    let explanation = explanation_json.replace('<', "\\u003c");
    let script = SCRIPT.as_str();
    let part = |name: &str| match name {
        "title" => title.as_str(),
        "style" => STYLE,
        "plain_text" => plain_text.as_str(),
        "explanation" => explanation.as_str(),
        "script" => script,
        unknown => unreachable!("the template has no part called {unknown}"),
    };
    let mut page = String::with_capacity(
        TEMPLATE.len() + STYLE.len() + script.len() + explanation.len() + plain_text.len(),
    );
    // One pass over the template alone: a part that has braces itself is not searched for placeholders.
    let mut rest = TEMPLATE;
    while let Some((before, (name, after))) =
        rest.split_once("{{").and_then(|(before, after)| Some((before, after.split_once("}}")?)))
    {
        page.push_str(before);
        page.push_str(part(name));
        rest = after;
    }
    page.push_str(rest);
    page
}

/// A text as the content of an HTML element. Control characters that HTML does not allow become U+FFFD.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' | '\t' => html.push(character),
            control if control.is_control() => html.push('\u{fffd}'),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text between two marks of a page, where they first occur.
    fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
        page.split_once(from).unwrap().1.split_once(to).unwrap().0
    }

    #[test]
    fn no_value_breaks_out_of_the_explanation() {
        let check = |json: &str, expect: &str| {
            let page = page(json, "job", "text");
            assert_eq!(between(&page, "id=\"explanation\">", "</script>"), expect);
        };
        check(r#"{"schema": 1}"#, r#"{"schema": 1}"#);
        check(r#"["</script><img src=x>"]"#, r#"["\u003c/script>\u003cimg src=x>"]"#);
        check(r#"["<!--<script>", "&lt;"]"#, r#"["\u003c!--\u003cscript>", "&lt;"]"#);
        check(r#"["{{script}} {{explanation}}"]"#, r#"["{{script}} {{explanation}}"]"#);
    }

    #[test]
    fn texts_are_escaped() {
        let check = |text: &str, expect: &str| {
            let page = page("{}", text, text);
            assert_eq!(between(&page, "<title>", "</title>"), expect);
            assert_eq!(between(&page, "<pre>", "</pre>"), expect);
        };
        check("fft-7f3k: divergent", "fft-7f3k: divergent");
        check("a\n\tb", "a\n\tb");
        check("</title><b>\"&amp;", "&lt;/title&gt;&lt;b&gt;&quot;&amp;amp;");
        check("{{style}}", "{{style}}");
        check("\u{1b}[31mred\u{0}\r", "\u{fffd}[31mred\u{fffd}\u{fffd}");
    }

    #[test]
    fn every_module_is_bundled() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/modules")).unwrap();
        let mut files: Vec<_> = folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        let mut names: Vec<_> = MODULES.iter().map(|module| format!("{}.js", module.name)).collect();
        files.sort();
        names.sort();
        assert_eq!(names, files);
        assert_eq!(bundle(&MODULES).map_err(|error| error.to_string()).as_ref(), Ok(&*SCRIPT));
    }

    #[test]
    fn every_placeholder_is_filled_and_no_script_ends_early() {
        let page = page("{}", "job", "text");
        for name in ["title", "style", "plain_text", "explanation", "script"] {
            let placeholder = format!("{{{{{name}}}}}");
            assert!(TEMPLATE.contains(&placeholder) && !page.contains(&placeholder), "{name}");
        }
        assert_eq!(page.matches("</script").count(), 2);
        assert_eq!(page.matches("</style").count(), 1);
        assert_eq!(page.matches("<!--").count(), TEMPLATE.matches("<!--").count());
    }

    #[test]
    fn the_page_loads_nothing() {
        let own = page("{}", "job", "text");
        for word in ["https:", "src=", "url(", "innerHTML", "fetch("] {
            assert!(!own.contains(word), "{word}");
        }
        assert!(!STYLE.contains("@import"));
        // The one address is the name of the vocabulary of drawings, which is not loaded.
        assert_eq!(own.matches("http:").count(), 1);
        assert!(own.contains("default-src 'none'"));
    }
}
