"""What the page shows of jobs that are known: counts, order, filters, plots, and texts that try to break out."""

import json

from browser import PHONE, PageCase, number, sample, texts
from playwright.sync_api import Page
from samples import HOSTILE
from test_every_page import visible

FACTS, OUTCOMES = "#fact-table", "#outcome-table"


def column(page: Page, table: str, name: str) -> list[str]:
    """The texts of a column of a table by the name in its header."""
    heads = [head.strip(" ↕▲▼\n") for head in texts(page, f"{table} thead th")]
    place = heads.index(name) + 1
    return texts(page, f"{table} tbody tr:not(.detail) > :nth-child({place})")


def head(page: Page, table: str, name: str) -> object:
    return page.locator(f"{table} thead button", has_text=name).first


class Divergent(PageCase):
    def setUp(self) -> None:
        self.page = self.sample("divergent")
        self.explanation = sample("divergent")

    def test_classes(self) -> None:
        self.assertEqual(column(self.page, "#classes", "Class"), ["A", "B"])
        self.assertEqual([number(each) for each in column(self.page, "#classes", "Copies")], [each["copies"] for each in self.explanation["classes"]])
        shown = self.page.locator("#classes .digest code").first
        whole = self.explanation["classes"][0]["digest"]
        self.assertEqual((shown.inner_text(), shown.get_attribute("title")), (whole.removeprefix("sha256:")[:12], whole))

    def test_a_digest_is_copied_whole(self) -> None:
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        button = self.page.locator("#classes .digest button").first
        button.click()
        self.page.wait_for_function("document.querySelector('#classes .digest button').textContent === 'copied'")
        self.assertEqual(self.page.evaluate("navigator.clipboard.readText()"), self.explanation["classes"][0]["digest"])

    def test_what_separates(self) -> None:
        first = self.page.locator(".separators tbody").first.inner_text()
        for word in ("variable.GLIBC_TUNABLES", "canary.class", "separates perfectly", "10⁻³⁰", "glibc.cpu.hwcaps=-AVX2,-FMA"):
            self.assertIn(word, first)
        bodies = self.page.locator(".separators tbody")
        self.assertEqual(bodies.evaluate_all("all => all.filter(e => e.checkVisibility()).length"), 5)
        self.page.get_by_role("button", name="Show 2 weaker facts too").press("Enter")
        self.assertEqual(bodies.evaluate_all("all => all.filter(e => e.checkVisibility()).length"), 7)

    def test_any_fact_by_class(self) -> None:
        self.assertEqual(set(column(self.page, FACTS, "Fact")), {"variable.GLIBC_TUNABLES"}, "what separates best stands first")
        self.page.get_by_label("Fact", exact=True).select_option("fact:cpu.model_name")
        rows = dict(zip(column(self.page, FACTS, "Value"), column(self.page, FACTS, "B"), strict=True))
        self.assertEqual(number(rows["AMD EPYC 7R13 Processor"]), self.explanation["classes"][1]["copies"])
        self.assertEqual({number(rows[name]) for name in rows if "Intel" in name}, {0})
        head(self.page, FACTS, "All").click()
        totals = [number(each) for each in column(self.page, FACTS, "All")]
        self.assertEqual(totals, sorted(totals, reverse=True))
        self.assertEqual(sum(totals), 180)
        head(self.page, FACTS, "Value").press("Enter")
        values = column(self.page, FACTS, "Value")
        self.assertEqual(values, sorted(values))

    def test_facts_that_never_vary_are_behind_a_switch(self) -> None:
        self.page.get_by_label("Fact", exact=True).select_option("every")
        self.assertNotIn("libc.version", column(self.page, FACTS, "Fact"))
        self.page.locator(f"{FACTS} input[type=checkbox]").press("Space")
        self.page.locator(f"{FACTS} input[type=search]").press_sequentially("LIBC.version glibc")
        self.assertEqual(column(self.page, FACTS, "Fact"), ["libc.version"])
        self.assertEqual(column(self.page, FACTS, "All"), ["180"])
        self.page.locator(f"{FACTS} input[type=search]").fill("no such fact")
        self.assertEqual(texts(self.page, f"{FACTS} tbody"), ["No values to show."])

    def test_every_outcome_is_a_mark(self) -> None:
        for plot in ("#time-plot", "#run-plot"):
            marks = self.page.locator(f"{plot} .points").evaluate_all("all => all.map(e => (e.getAttribute('d') ?? '').split('Z').length - 1)")
            self.assertEqual(marks, [each["copies"] for each in self.explanation["classes"]] + [self.explanation["failed"]])
        self.page.locator("#time-plot select").select_option("fact:cpu.model_name")
        self.assertEqual(self.page.locator("#time-plot text.row").count(), 3)
        marks = self.page.locator("#time-plot .points").evaluate_all("all => all.map(e => (e.getAttribute('d') ?? '').split('Z').length - 1)")
        self.assertEqual(sum(marks), 180)

    def test_marks_are_read_by_mouse_and_by_keyboard(self) -> None:
        frame, told = self.page.locator("#time-plot .frame"), self.page.locator("#time-plot output")
        frame.press("Home")
        first = min(self.explanation["outcomes"], key=lambda each: each["started_at_ms"])
        self.assertIn(f"Copy {first['copy']} ", told.inner_text())
        frame.press("End")
        last = max(self.explanation["outcomes"], key=lambda each: each["started_at_ms"])
        self.assertIn(f"Copy {last['copy']} ", told.inner_text())
        ring = self.page.locator("#time-plot .ring")
        place = {name: float(ring.get_attribute(name)) for name in ("cx", "cy")}
        frame.press("Home")
        frame.hover(position={"x": place["cx"], "y": place["cy"]})
        self.assertIn(f"Copy {last['copy']} ", told.inner_text())

    def test_bars_by_cpu(self) -> None:
        bars = dict(zip(column(self.page, "#cpu-plot", "Value"), column(self.page, "#cpu-plot", "Classes"), strict=True))
        self.assertEqual(bars["AMD EPYC 7R13 Processor"].split(), ["B", str(self.explanation["classes"][1]["copies"]), "failed", "1"])

    def test_run_times(self) -> None:
        box = self.explanation["classes"][0]["run_us"]
        self.assertIn(f"{box['min'] / 1000:.0f} ms", column(self.page, "#run-plot", "Shortest")[0])
        self.assertEqual(self.page.locator("#run-plot .box").count(), 3)

    def test_the_difference_by_path(self) -> None:
        self.assertEqual(column(self.page, "#difference .sorted:has(.path)", "Most ULP"), ["9,007,199,254,740,993", "4", "1"])
        histogram = self.page.locator(".histogram tbody tr")
        self.assertEqual(histogram.count(), 5)
        self.page.get_by_role("button", name="/forces/*/x").press("Enter")
        self.assertEqual(self.page.get_by_role("button", name="/forces/*/x").get_attribute("aria-pressed"), "true")
        self.assertEqual(histogram.all_inner_texts()[0].split(), ["1", "60", "67.4", "%"])
        self.assertIn("shape", self.page.locator("#difference").inner_text())
        self.assertIn("not equivalent", self.page.locator(".equivalence").inner_text())

    def test_outcomes_in_pages(self) -> None:
        self.assertEqual(column(self.page, OUTCOMES, "Copy"), [str(copy) for copy in range(100)])
        self.page.get_by_role("button", name="Next page").press("Enter")
        self.assertEqual(column(self.page, OUTCOMES, "Copy"), [str(copy) for copy in range(100, 180)])
        self.assertTrue(self.page.get_by_role("button", name="Next page").is_disabled())
        head(self.page, OUTCOMES, "Run").click()
        expected = sorted(self.explanation["outcomes"], key=lambda each: -each["run_us"])
        self.assertEqual(number(column(self.page, OUTCOMES, "Copy")[0]), expected[0]["copy"])

    def test_outcomes_are_filtered(self) -> None:
        self.page.get_by_label("Class", exact=True).select_option(label="failed")
        self.assertEqual(column(self.page, OUTCOMES, "Failure"), ["exit code 1"] * 2)
        self.page.get_by_label("Class", exact=True).select_option(label="any")
        self.page.locator(f"{OUTCOMES} input[type=search]").press_sequentially("canary.class=c1")
        facts = [self.explanation["environments"][each["environment"]]["facts"] for each in self.explanation["outcomes"]]
        found = sum(each["canary.class"] == "c1" for each in facts)
        self.assertEqual(len(column(self.page, OUTCOMES, "Copy")), found)
        self.assertIn(f"{found} outcomes", self.page.locator(f"{OUTCOMES} [role=status]").inner_text())

    def test_all_facts_of_an_outcome(self) -> None:
        self.page.get_by_role("button", name="All facts of copy 3", exact=True).press("Enter")
        names = texts(self.page, f"{OUTCOMES} .detail dt")
        outcome = self.explanation["outcomes"][3]
        self.assertEqual(set(names), {*self.explanation["environments"][outcome["environment"]]["facts"], "sandbox.call"})
        self.page.keyboard.press("Enter")
        self.assertEqual(self.page.locator(f"{OUTCOMES} .detail").count(), 0, "the button kept the focus")
        self.page.get_by_text("Facts as columns").press("Enter")
        self.page.get_by_label("libc.version").check()
        self.assertEqual(set(column(self.page, OUTCOMES, "libc.version")), {"glibc 2.34"})

    def test_times_are_utc_and_local_when_pointed_at(self) -> None:
        submitted = self.page.locator("header time").first
        self.assertEqual(submitted.inner_text(), "2026-11-23 16:00:00 UTC")
        self.assertIn("01:00:00", submitted.get_attribute("title"), "it is the next day in Tokyo")

    def test_how_sure(self) -> None:
        said = self.page.locator("#confidence").inner_text()
        self.assertIn("65 of 178 copies (36.5 %) differed", said)
        self.assertIn("With 95 % confidence, between", said)
        self.assertIn("8 % for the next sandbox", said)


class Others(PageCase):
    def test_a_reproducible_job(self) -> None:
        page = self.sample("reproducible")
        self.assertIn("nothing to separate", page.locator("#separates").inner_text())
        self.assertIn("nothing to compare", page.locator("#difference").inner_text())
        self.assertIn("fewer than 1.65 % of copies", page.locator("#confidence").inner_text())
        self.assertIn("No copy failed", page.locator("#failures").inner_text())

    def test_an_inconclusive_job(self) -> None:
        page = self.sample("inconclusive")
        self.assertIn("copies failed", page.locator(".verdict").inner_text())
        self.assertEqual([number(each) for each in column(page, "#failures", "Copies")], [5, 5, 5])
        self.assertIn("hosts that could not be told apart", page.locator(".coverage").inner_text())

    def test_a_job_without_anything(self) -> None:
        page = self.sample("nothing")
        self.assertIn("No copy has given a digest", page.locator("#classes").inner_text())
        self.assertEqual(column(page, OUTCOMES, "Class"), ["failed"] * 3)

    def test_as_many_classes_as_copies(self) -> None:
        page = self.sample("many")
        self.assertEqual(len(column(page, "#classes", "Class")), 20)
        self.assertIn("1–20 of 300 classes", page.locator("#classes .pager").inner_text())
        self.assertIn("several digests", page.locator("#separates").inner_text())
        self.assertEqual(texts(page, "#time-plot .legend li"), [*"ABCDEFGH", "others"])

    def test_ten_thousand_outcomes(self) -> None:
        page = self.sample("huge")
        marks = page.locator("#time-plot .points").evaluate_all("all => all.map(e => (e.getAttribute('d') ?? '').split('Z').length - 1)")
        self.assertEqual(sum(marks), 10_000)
        explanation = sample("huge")
        wanted = explanation["environments"][0]["facts"]["sandbox.id"]
        page.locator(f"{OUTCOMES} input[type=search]").fill(wanted)
        found = sum(each["environment"] == 0 for each in explanation["outcomes"])
        self.assertIn(f"{found} outcomes", page.locator(f"{OUTCOMES} [role=status]").inner_text())
        page.locator(f"{OUTCOMES} input[type=search]").fill("")
        head(page, OUTCOMES, "Copy").click()
        self.assertEqual(column(page, OUTCOMES, "Copy")[0], "9,999")
        page.get_by_role("button", name="Last page").last.click()
        self.assertEqual(column(page, OUTCOMES, "Copy")[-1], "0")
        page.get_by_label("Fact", exact=True).select_option("every")
        page.locator(f"{FACTS} input[type=search]").fill("sandbox.id")
        self.assertIn("of 250 values", page.locator(f"{FACTS} [role=status]").inner_text())

    def test_texts_that_try_to_break_out(self) -> None:
        for size in (PHONE, {"width": 1280, "height": 900}):
            page = self.sample("hostile", size)
            shown = page.locator("main").evaluate("main => main.textContent")
            self.assertGreater(shown.count(visible(HOSTILE)), 20)
            self.assertNotIn("\u202e", shown, "a sign that turns what follows around")
            page.locator(f"{FACTS} input[type=checkbox]").check()
            page.get_by_label("Fact", exact=True).select_option("fact:__proto__")
            self.assertEqual(column(page, FACTS, "Value"), ["own"])
            page.locator(f"{OUTCOMES} tbody button").first.click()
            self.assertIn(visible(HOSTILE), page.locator(f"{OUTCOMES} .detail").inner_text())
            self.assertEqual(page.evaluate("[window.broken ?? null, document.images.length]"), [None, 0])

    def test_the_explanation_survives_the_page(self) -> None:
        for name in ("hostile", "divergent"):
            page = self.sample(name)
            kept = page.evaluate("JSON.stringify(JSON.parse(document.getElementById('explanation').textContent))")
            self.assertEqual(json.loads(kept), json.loads(json.dumps(sample(name))))
