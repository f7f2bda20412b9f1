//! The explanation of a job as one HTML file that needs nothing else: no network, no fonts, no libraries.
//!
//! Knows how texts are put into a page so that none can break out of its place; not what an explanation says. The page's
//! own scripts read the explanation and draw it.

/// The page around the parts, with a `{{name}}` where each of them belongs.
const TEMPLATE: &str = include_str!("page/report.html");
const STYLE: &str = include_str!("page/report.css");

/// The scripts in the order in which they build on each other. They share one scope.
const SCRIPTS: [&str; 13] = [
    include_str!("page/model.js"),
    include_str!("page/format.js"),
    include_str!("page/elements.js"),
    include_str!("page/table.js"),
    include_str!("page/verdict.js"),
    include_str!("page/separates.js"),
    include_str!("page/scales.js"),
    include_str!("page/plot.js"),
    include_str!("page/plots.js"),
    include_str!("page/difference.js"),
    include_str!("page/outcomes.js"),
    include_str!("page/confidence.js"),
    include_str!("page/start.js"),
];

/// The page of an explanation.
///
/// - `explanation_json`: the explanation as one JSON object. Each `<` in it is written as `\u003c`, which means the same
///   in the strings of JSON and stands nowhere else in it; so no value can end the element that holds it.
/// - `title`: what a tab of the browser shows, such as `fft-7f3k: divergent`.
/// - `plain_text`: the explanation for people without JavaScript: the verdict, the sentences of its summary and whatever
///   the command prints besides, in lines.
pub(crate) fn page(explanation_json: &str, title: &str, plain_text: &str) -> String {
    let (title, plain_text) = (escaped(title), escaped(plain_text));
    let explanation = explanation_json.replace('<', "\\u003c");
    let script = format!("(() => {{\n\"use strict\";\n{}\n}})();", SCRIPTS.join("\n"));
    let part = |name: &str| match name {
        "title" => title.as_str(),
        "style" => STYLE,
        "plain_text" => plain_text.as_str(),
        "explanation" => explanation.as_str(),
        "script" => script.as_str(),
        unknown => unreachable!("the template has no part called {unknown}"),
    };
    let mut page = String::with_capacity(
        TEMPLATE.len() + STYLE.len() + script.len() + explanation.len() + plain_text.len(),
    );
    // One pass over the template alone: what is put in is not looked at again, whatever braces it may have.
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

    /// What stands between two marks of a page, the first time.
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
    fn every_placeholder_is_filled_and_no_script_ends_early() {
        let page = page("{}", "job", "text");
        assert!(!page.contains("{{"), "an own part has the mark of a placeholder");
        assert_eq!(page.matches("</script").count(), 2);
        assert_eq!(page.matches("</style").count(), 1);
        assert_eq!(page.matches("<!--").count(), TEMPLATE.matches("<!--").count());
    }

    #[test]
    fn nothing_of_the_page_is_elsewhere() {
        let own = page("{}", "job", "text");
        for word in ["https:", "src=", "@import", "url(", "innerHTML", "fetch("] {
            assert!(!own.contains(word), "{word}");
        }
        // The name of the vocabulary of drawings is not an address that is loaded.
        assert_eq!(own.matches("http:").count(), 1);
        assert!(own.contains("default-src 'none'"));
    }
}
