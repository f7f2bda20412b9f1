"""What holds for the page of every job: for all samples, or for one that exists, given by `acceptance/report/run --page FILE`."""

import functools
import json
import pathlib
import re
from collections.abc import Callable

from browser import DESKTOP, GIVEN, PHONE, PageCase, file_of
from playwright.sync_api import Page
from samples import SAMPLES

HERE = pathlib.Path(__file__).parent
CONTRAST = (HERE / "contrast.js").read_text()
# What people work with, or what stands for a drawing: each must say what it is.
NAMED_ROLES = {"button", "checkbox", "combobox", "link", "searchbox", "textbox", "DisclosureTriangle", "region", "group", "img", "image", "navigation", "table"}
TABLET = {"width": 768, "height": 1024}
FOCUSABLE = "a[href], button:enabled, input, select, summary, [tabindex='0']"


def files() -> dict[str, pathlib.Path]:
    return {"given": pathlib.Path(GIVEN)} if GIVEN else {name: file_of(name) for name in SAMPLES}


@functools.cache
def explanation_of(file: pathlib.Path) -> dict:
    """The explanation, read from the page as any program would."""
    return json.loads(re.search(r'<script type="application/json" id="explanation">(.*?)</script>', file.read_text(), re.DOTALL).group(1))


def every_page(*settings: dict) -> Callable:
    """Runs a test on all pages with each of the settings of a browser, and tells which of them fail."""

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
    def test_what_is_there_at_first(self, page: Page, explanation: dict) -> None:
        checks = (
            self.all_parts_stand_in_order,
            self.the_verdict_is_a_word_with_its_sentences,
            self.nothing_of_a_value_became_markup,
            self.every_control_has_a_name,
            self.texts_and_marks_stand_out_in_both_schemes,
            self.it_prints_on_white,
        )
        for check in checks:
            with self.subTest(check.__name__):
                check(page, explanation)

    def all_parts_stand_in_order(self, page: Page, explanation: dict) -> None:
        titles = [text.strip() for text in page.locator("h2").all_inner_texts()]
        expected = ["Classes", "What separates", "Classes by fact", "Over time", "By CPU", "Run time", "Numeric difference", "Raw facts", "Failures", "How sure"]
        self.assertEqual(titles, expected)
        self.assertEqual(page.locator("h1").count(), 1)
        self.assertEqual(page.locator("[role=alert]").all_inner_texts(), [], "parts that could not be shown")
        self.assertEqual(page.locator("nav a").count(), len(expected))
        for link in page.locator("nav a").all():
            self.assertEqual(page.locator(link.get_attribute("href")).count(), 1)

    def the_verdict_is_a_word_with_its_sentences(self, page: Page, explanation: dict) -> None:
        self.assertEqual(page.locator(".verdict strong").inner_text(), explanation["verdict"])
        head = page.locator("header").evaluate("head => head.textContent")
        for sentence in filter(None, explanation["summary"].values()):
            self.assertIn(visible(sentence), head)

    def nothing_of_a_value_became_markup(self, page: Page, explanation: dict) -> None:
        self.assertEqual(page.locator("script").count(), 2)
        self.assertEqual(page.locator("img, iframe, object, embed, link, form, video, audio, style ~ style").count(), 0)
        handlers = page.evaluate("[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => n.startsWith('on') || n === 'style')")
        self.assertEqual(handlers, [])
        links = page.evaluate("[...document.querySelectorAll('[href], [src]')].map(e => e.getAttribute('href') ?? e.src).filter(l => !l.startsWith('#'))")
        self.assertEqual(links, [])
        self.assertIsNone(page.evaluate("window.broken ?? null"))

    def every_control_has_a_name(self, page: Page, explanation: dict) -> None:
        tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        named = [node for node in tree if not node["ignored"] and node["role"]["value"] in NAMED_ROLES]
        self.assertGreater(len(named), 20)
        nameless = [node["role"]["value"] for node in named if not node.get("name", {}).get("value", "").strip()]
        self.assertEqual(nameless, [])
        for table in page.locator("table").all():
            self.assertEqual(table.locator("caption").count(), 1)
            self.assertEqual(table.locator("th:not([scope])").count(), 0)

    def texts_and_marks_stand_out_in_both_schemes(self, page: Page, explanation: dict) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
            bright = sum(map(int, re.findall(r"\d+", background)[:3])) > 382
            self.assertEqual(bright, scheme == "light")
            result = page.evaluate(CONTRAST)
            self.assertGreater(result["judged"], 50)
            self.assertEqual(result["found"], [], scheme)

    def it_prints_on_white(self, page: Page, explanation: dict) -> None:
        page.emulate_media(media="print", color_scheme="dark")
        self.assertEqual(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"), "rgb(255, 255, 255)")
        self.assertEqual(page.locator("nav, .turning, .control").evaluate_all("all => all.filter(e => e.checkVisibility()).length"), 0)
        self.assertEqual([each for each in page.evaluate(CONTRAST)["found"] if "edge" not in each], [])
        page.emulate_media(media="screen", color_scheme="light")

    @every_page({"size": PHONE})
    def test_only_tables_scroll_sideways(self, page: Page, explanation: dict) -> None:
        for size in (PHONE, TABLET, DESKTOP):
            page.set_viewport_size(size)
            self.fits(page, size["width"])
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        if (rows := page.locator("#outcome-table tbody button")).count():
            rows.first.click()
        for size in (TABLET, PHONE):
            page.set_viewport_size(size)
            self.fits(page, size["width"])

    def fits(self, page: Page, width: int) -> None:
        # Plots are drawn anew for a width just before a frame is shown, and another one may follow.
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))")
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), width)
        outside = page.evaluate("""width => [...document.querySelectorAll('body *')]
            .filter(e => e.checkVisibility() && !e.closest('.scroll *, .skip, svg, script') && e.getBoundingClientRect().right > width + 1)
            .map(e => e.tagName + '.' + e.className)""", width)
        self.assertEqual(outside, [], "what stands beyond the edge of the screen")

    @every_page()
    def test_the_keyboard_reaches_every_control_and_shows_where_it_is(self, page: Page, explanation: dict) -> None:
        visible_controls = page.locator(FOCUSABLE).evaluate_all("all => all.filter(e => e.checkVisibility()).length")
        # A page may have hundreds of buttons that are all alike: those of the first rows stand for the others.
        steps = min(visible_controls, 60)
        page.evaluate("document.activeElement.blur()")
        reached = set()
        for _ in range(steps):
            page.keyboard.press("Tab")
            place, outline = page.evaluate("""selector => {
                const style = getComputedStyle(document.activeElement);
                const all = [...document.querySelectorAll(selector)].filter(e => e.checkVisibility());
                return [all.indexOf(document.activeElement), style.outlineStyle + ' ' + style.outlineWidth];
            }""", FOCUSABLE)
            reached.add(place)
            self.assertEqual(outline, "solid 2px", page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
        self.assertEqual(reached, set(range(steps)), "in the order of the page")

    @every_page()
    def test_headers_sort_by_mouse_and_by_keyboard(self, page: Page, explanation: dict) -> None:
        for table in page.locator("table.sortable").all():
            # Any will do; which order comes of it is seen on samples.
            for header in table.locator("thead th[aria-sort]").all()[-1:]:
                button = header.locator("button")
                before = header.get_attribute("aria-sort")
                button.click()
                first = header.get_attribute("aria-sort")
                self.assertIn(first, {"ascending", "descending"})
                self.assertNotEqual(first, before)
                self.assertTrue(button.evaluate("button => button === document.activeElement"), "it keeps the focus")
                page.keyboard.press("Enter")
                second = header.get_attribute("aria-sort")
                self.assertEqual({first, second}, {"ascending", "descending"})
                page.keyboard.press("Space")
                self.assertEqual(header.get_attribute("aria-sort"), first)
                self.assertEqual(table.locator("thead th[aria-sort$=ending]").count(), 1)

    @every_page({"size": PHONE, "java_script_enabled": False})
    def test_without_javascript_the_text_is_there(self, page: Page, explanation: dict) -> None:
        shown = page.locator("noscript").inner_text()
        self.assertIn(explanation["verdict"], shown)
        for sentence in filter(None, explanation["summary"].values()):
            self.assertIn(plain(sentence), plain(shown))
        self.assertEqual(page.locator("img").count(), 0)
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), PHONE["width"])


def visible(text: str) -> str:
    """A text as the page shows it: signs that cannot be seen are written as their numbers."""
    hidden = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
    return re.sub(hidden, lambda match: f"\\u{{{ord(match.group()):x}}}", text)


def plain(text: str) -> str:
    """Without what a text rendering may break or change: blanks and signs that cannot be seen."""
    return re.sub(r"[\s\u200b-\u200f\u2028-\u202e\ufffd]+", "", text)
