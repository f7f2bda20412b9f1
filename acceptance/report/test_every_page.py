"""What holds for the page of every job: of all samples, or of `acceptance/report/run --page FILE`."""

import functools
import json
import pathlib
import re
from collections.abc import Callable

from browser import DESKTOP, GIVEN, PHONE, PageCase, file_of, shown, wait_for_plots
from playwright.sync_api import Page, expect
from samples import SAMPLES

HERE = pathlib.Path(__file__).parent
CONTRAST = (HERE / "contrast.js").read_text()
# Elements that a reader works with or looks at. Each must have a name.
NAMED_ROLES = {"button", "checkbox", "combobox", "link", "searchbox", "textbox", "DisclosureTriangle", "region", "group", "img", "image", "navigation", "table"}
TABLET = {"width": 768, "height": 1024}
FOCUSABLE = "a[href], button:enabled, input, select, summary, [tabindex='0']"
TABS_MAX = 60
BRIGHT, DARK = re.compile(r"^rgb\((2\d\d, ){2}2\d\d\)$"), re.compile(r"^rgb\((\d\d?, ){2}\d\d?\)$")


NO_BREAK = "\u00a0"
# Texts in which a line may end between a number and its unit. What a program wrote stays as it is.
TORN = r"""() => {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const { data, parentElement } = walker.currentNode;
        if (parentElement.closest('script, noscript, svg, code, .value, .reason')) continue;
        const unit = /\d ([mµ]?s|min|h|ulp|bytes?|cop(y|ies)|sandbox(es)?|machines?|facts?|classes)\b/u;
        if (unit.test(data) || /\d %/.test(data) || /\bp (=|<=|<) /.test(data)) found.push(data);
    }
    return found;
}"""


def titles_of(explanation: dict) -> list[str]:
    """The parts that have something to say of a job, in their order."""
    outcomes, classes = explanation.get("outcomes") or [], explanation["classes"]
    ran = {each["run_us"] for each in outcomes} - {None}
    started = {each["started_at_ms"] for each in outcomes} - {None}
    environments = [explanation["environments"][each["environment"]]["facts"] for each in outcomes if each["environment"] is not None]
    name = next((name for name in ("cpu.kind", "cpu.model_name", "cpu.model") if any(name in facts for facts in environments)), None)
    cpus = {facts.get(name) for facts in environments} if name else set()
    differ = len(classes) > 1 and explanation["distinct_digests"] == explanation["produced"]
    parts = {
        "Classes": classes,
        "Failures": explanation["failures"] or explanation["hidden_failures"],
        "What separates": len(classes) > 1 and explanation["attribution"],
        "Numeric difference": explanation["differences"],
        "Artifacts": explanation["artifacts"],
        "Classes by fact": any(environments) or any(each["facts"] for each in outcomes),
        "Over time": not differ and len({each["class"] for each in outcomes}) > 1 and len(started) > 1,
        "By CPU": not differ and len(cpus) > 1,
        "Run time": not differ and len(ran) > 1,
        "Outcomes": outcomes,
        "How sure": explanation["confidence"] and explanation["confidence"]["copies"]["n"],
    }
    return [title for title, says in parts.items() if says]


def files() -> dict[str, pathlib.Path]:
    return {"given": pathlib.Path(GIVEN)} if GIVEN else {name: file_of(name) for name in SAMPLES}


@functools.cache
def explanation_of(file: pathlib.Path) -> dict:
    """The explanation, read from the file as any program can read it."""
    return json.loads(re.search(r'<script type="application/json" id="explanation">(.*?)</script>', file.read_text(), re.DOTALL).group(1))


def every_page(*settings: dict) -> Callable:
    """Runs a test on every page with each of these settings of a browser. Each is a subtest."""

    def wrap(test: Callable) -> Callable:
        @functools.wraps(test)
        def run(self: PageCase) -> None:
            for name, file in files().items():
                for each in settings or ({},):
                    with self.subTest(name, **each), self.opened(file, **each) as page:
                        test(self, page, explanation_of(file))

        return run

    return wrap


class EveryPage(PageCase):
    @every_page()
    def test_the_page_as_it_opens(self, page: Page, explanation: dict) -> None:
        checks = (
            self.all_parts_stand_in_order,
            self.the_verdict_is_a_word_with_its_sentences,
            self.nothing_is_empty,
            self.no_number_is_torn_from_its_unit,
            self.no_value_became_markup,
            self.every_control_has_a_name,
            self.texts_and_marks_stand_out_in_both_schemes,
            self.it_prints_on_white,
        )
        for check in checks:
            with self.subTest(check.__name__):
                check(page, explanation)

    def all_parts_stand_in_order(self, page: Page, explanation: dict) -> None:
        titles = titles_of(explanation)
        expect(page.locator("h2")).to_have_text(titles)
        expect(page.locator("h1")).to_have_count(1)
        expect(page.locator("[role=alert]"), "parts that could not be shown").to_have_count(0)
        links = page.locator("nav a")
        expect(links).to_have_text(titles)
        for link in links.all():
            expect(page.locator(link.get_attribute("href"))).to_have_count(1)

    def the_verdict_is_a_word_with_its_sentences(self, page: Page, explanation: dict) -> None:
        expect(page.locator(".verdict strong")).to_have_text(explanation["verdict"])
        head = page.locator("header").text_content()
        for sentence in filter(None, explanation["summary"].values()):
            self.assertIn(visible(sentence), head.replace(NO_BREAK, " "))

    def nothing_is_empty(self, page: Page, explanation: dict) -> None:
        for part in page.locator("section.part").all():
            self.assertNotEqual(part.locator(".content").inner_text().strip(), "", part.get_attribute("id"))
        for table in shown(page.locator("table")).all():
            self.assertGreater(shown(table.locator("tbody tr:not(.none)")).count(), 0)
        coverage = page.locator(".coverage").inner_text()
        self.assertNotRegex(coverage.removeprefix("0 of "), r"\b0 ")
        for plot in page.locator("svg.plot").all():
            self.assertGreater(plot.evaluate("plot => plot.querySelectorAll('.tick').length"), 1, "ticks of an axis")

    def no_number_is_torn_from_its_unit(self, page: Page, explanation: dict) -> None:
        self.assertEqual(page.evaluate(TORN), [])

    def no_value_became_markup(self, page: Page, explanation: dict) -> None:
        expect(page.locator("script")).to_have_count(2)
        expect(page.locator("img, iframe, object, embed, link, form, video, audio, style ~ style")).to_have_count(0)
        expect(page.locator("[style], [href]:not([href^='#']), [src]")).to_have_count(0)
        handlers = page.evaluate("() => [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => n.startsWith('on'))")
        self.assertEqual(handlers, [])
        self.assertIsNone(page.evaluate("() => window.broken ?? null"))

    def every_control_has_a_name(self, page: Page, explanation: dict) -> None:
        tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        named = [node for node in tree if not node["ignored"] and node["role"]["value"] in NAMED_ROLES]
        self.assertGreater(len(named), 5)
        nameless = [node["role"]["value"] for node in named if not node.get("name", {}).get("value", "").strip()]
        self.assertEqual(nameless, [])
        for table in page.locator("table").all():
            expect(table.locator("caption")).to_have_count(1)
            expect(table.locator("th:not([scope])")).to_have_count(0)

    def texts_and_marks_stand_out_in_both_schemes(self, page: Page, explanation: dict) -> None:
        for scheme, background in (("light", BRIGHT), ("dark", DARK)):
            page.emulate_media(color_scheme=scheme)
            expect(page.locator("html")).to_have_css("background-color", background)
            result = page.evaluate(CONTRAST)
            self.assertGreater(result["judged"], 20)
            self.assertEqual(result["found"], [], scheme)

    def it_prints_on_white(self, page: Page, explanation: dict) -> None:
        page.emulate_media(media="print", color_scheme="dark")
        expect(page.locator("html")).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(shown(page.locator("nav, .turning, .control"))).to_have_count(0)
        self.assertEqual([each for each in page.evaluate(CONTRAST)["found"] if "edge" not in each], [])
        page.emulate_media(media="screen", color_scheme="light")

    @every_page({"size": PHONE})
    def test_only_tables_scroll_sideways(self, page: Page, explanation: dict) -> None:
        for size in (PHONE, TABLET, DESKTOP):
            page.set_viewport_size(size)
            self.fits(page, size["width"])
        page.evaluate("() => document.querySelectorAll('details').forEach(each => { each.open = true; })")
        if (rows := page.locator("#outcome-table tbody button")).count():
            rows.first.click()
            expect(page.locator("#outcome-table .detail")).to_have_count(1)
        for size in (TABLET, PHONE):
            page.set_viewport_size(size)
            self.fits(page, size["width"])

    def fits(self, page: Page, width: int) -> None:
        expect(page.locator("html")).to_have_js_property("clientWidth", width)
        wait_for_plots(page)
        expect(page.locator("html")).to_have_js_property("scrollWidth", width)
        outside = page.evaluate("""width => [...document.querySelectorAll('body *')]
            .filter(e => e.checkVisibility() && !e.closest('.scroll *, .skip, svg, script') && e.getBoundingClientRect().right > width + 1)
            .map(e => e.tagName + '.' + e.className)""", width)
        self.assertEqual(outside, [], "elements beyond the edge of the screen")

    @every_page()
    def test_the_keyboard_reaches_every_control_and_shows_where_it_is(self, page: Page, explanation: dict) -> None:
        controls = shown(page.locator(FOCUSABLE)).all()
        self.assertGreater(len(controls), 5)
        # A page may have hundreds of buttons that are all alike. Those of the first rows stand for the others.
        for control in controls[:TABS_MAX]:
            page.keyboard.press("Tab")
            expect(control, "the order is that of the page").to_be_focused()
            expect(control).to_have_css("outline", re.compile("solid 2px"))

    @every_page()
    def test_headers_sort_by_mouse_and_by_keyboard(self, page: Page, explanation: dict) -> None:
        for table in page.locator("table.sortable").all():
            # One header of a table stands for all. What the order is, the tests of samples check.
            header = table.locator("thead th[aria-sort]").last
            button = header.locator("button")
            before = header.get_attribute("aria-sort")
            button.click()
            expect(header).not_to_have_attribute("aria-sort", before)
            first = header.get_attribute("aria-sort")
            second = {"ascending": "descending", "descending": "ascending"}[first]
            expect(button, "the button keeps the focus").to_be_focused()
            page.keyboard.press("Enter")
            expect(header).to_have_attribute("aria-sort", second)
            expect(button).to_be_focused()
            page.keyboard.press("Space")
            expect(header).to_have_attribute("aria-sort", first)
            expect(table.locator("thead th[aria-sort$=ending]")).to_have_count(1)

    @every_page({"size": PHONE, "java_script_enabled": False})
    def test_without_javascript_the_text_is_there(self, page: Page, explanation: dict) -> None:
        expect(page.locator("noscript")).to_contain_text(explanation["verdict"], use_inner_text=True)
        text = page.locator("noscript").inner_text()
        for sentence in filter(None, explanation["summary"].values()):
            self.assertIn(plain(sentence), plain(text))
        expect(page.locator("img")).to_have_count(0)
        expect(page.locator("html")).to_have_js_property("scrollWidth", PHONE["width"])


def visible(text: str) -> str:
    """A text as the page shows it: invisible characters are written as numbers."""
    hidden = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
    return re.sub(hidden, lambda match: f"\\u{{{ord(match.group()):x}}}", text)


def plain(text: str) -> str:
    """A text without the characters that a rendering as text may change: spaces and invisible characters."""
    return re.sub(r"[\s\u200b-\u200f\u2028-\u202e\ufffd]+", "", text)
