"""What the page shows of a divergent job that is known: counts, order, filters and plots."""

import datetime
import re
from collections import Counter

from browser import PageCase, sample, shown
from page_parts import FACTS, OUTCOMES, column, copies_by_group, exactly, expect_marks, facts_of, sort_button
from playwright.sync_api import expect

COPIED_MS = 1_500


class Divergent(PageCase):
    def setUp(self) -> None:
        self.page = self.sample("divergent")
        self.explanation = sample("divergent")

    def test_classes(self) -> None:
        classes = self.explanation["classes"]
        expect(column(self.page, "#classes", "Class")).to_have_text(["A", "B"])
        expect(column(self.page, "#classes", "Copies")).to_have_text([str(each["copies"]) for each in classes])
        digest = self.page.locator("#classes .digest code").first
        whole = classes[0]["digest"]
        expect(digest).to_have_text(whole.removeprefix("sha256:")[:12])
        expect(digest).to_have_attribute("title", whole)

    def test_a_digest_is_copied_whole(self) -> None:
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        # The page's clock stands still, so "copied" is shown until the test goes on.
        self.page.clock.install()
        self.page.clock.pause_at(datetime.datetime.now() + datetime.timedelta(hours=1))
        button = self.page.locator("#classes .digest button").first
        button.click()
        expect(button).to_have_text("copied")
        self.assertEqual(self.page.evaluate("() => navigator.clipboard.readText()"), self.explanation["classes"][0]["digest"])
        self.page.clock.run_for(COPIED_MS)
        expect(button).to_have_text("copy")

    def test_what_separates(self) -> None:
        bodies = self.page.locator(".separators tbody")
        for word in ("variable.GLIBC_TUNABLES", "canary.class", "separates perfectly", "p = 1.4e-29 after correction", "glibc.cpu.hwcaps=-AVX2,-FMA"):
            expect(bodies.first).to_contain_text(word)
        expect(bodies.first, "a p-value that is not corrected").not_to_contain_text("1e-30")
        expect(shown(bodies), "facts that go with the classes beyond chance").to_have_count(4)
        self.page.get_by_role("button", name="Show 3 weaker facts too").press("Enter")
        expect(shown(bodies)).to_have_count(7)

    def test_what_may_be_chance_is_neither_bold_nor_perfect(self) -> None:
        self.page.get_by_role("button", name="Show 3 weaker facts too").click()
        lucky = self.page.locator(".separators tbody").filter(has_text="variable.EXTRA_05")
        expect(lucky, "it fits perfectly by chance").to_contain_text("may be chance")
        expect(lucky).not_to_contain_text("perfect")
        expect(lucky.locator("strong")).to_have_count(0)
        for part in lucky.locator(".group *").all():
            expect(part).to_have_css("font-weight", "400")

    def test_the_difference_follows_what_separates(self) -> None:
        expect(self.page.locator("#separates + #difference")).to_have_count(1)
        expect(self.page.locator("#difference .statement")).to_contain_text("402 of 3,000 numbers differ")

    def test_any_fact_by_class(self) -> None:
        facts = column(self.page, FACTS, "Fact")
        expect(facts, "the fact that separates best stands first").to_have_text(["variable.GLIBC_TUNABLES"] * 2)
        self.page.get_by_label("Fact", exact=True).select_option("fact:cpu.model_name")
        counts = Counter(facts_of(self.explanation, each)["cpu.model_name"] for each in self.explanation["outcomes"])
        values, second, totals = (column(self.page, FACTS, name) for name in ("Value", "B", "All"))
        expect(values).to_have_text([name for name, _ in counts.most_common()])
        of_second = self.explanation["classes"][1]["copies"]
        expect(second).to_have_text([str(of_second if "AMD" in name else 0) for name, _ in counts.most_common()])
        sort_button(self.page, FACTS, "Value").press("Enter")
        expect(values).to_have_text(sorted(counts))
        sort_button(self.page, FACTS, "All").click()
        expect(totals).to_have_text([str(count) for _, count in counts.most_common()])
        self.assertEqual(counts.total(), 180)

    def test_facts_that_never_vary_are_behind_a_switch(self) -> None:
        self.page.get_by_label("Fact", exact=True).select_option("every")
        facts = column(self.page, FACTS, "Fact")
        expect(facts.filter(has_text=exactly("cpu.model_name"))).to_have_count(3)
        expect(facts.filter(has_text=exactly("libc.version"))).to_have_count(0)
        self.page.locator(f"{FACTS} input[type=checkbox]").press("Space")
        expect(facts.filter(has_text=exactly("libc.version"))).to_have_count(1)
        wanted = self.page.locator(f"{FACTS} input[type=search]")
        wanted.press_sequentially("LIBC.version glibc")
        expect(facts).to_have_text(["libc.version"])
        expect(column(self.page, FACTS, "All")).to_have_text(["180"])
        wanted.fill("no such fact")
        expect(self.page.locator(f"{FACTS} tbody")).to_have_text("No values to show.")

    def test_every_outcome_is_a_mark(self) -> None:
        for plot in ("#time-plot", "#run-plot"):
            expect_marks(self.page, plot, copies_by_group(self.explanation))
        self.page.locator("#time-plot select").select_option("fact:cpu.model_name")
        expect(self.page.locator("#time-plot text.row")).to_have_count(3)
        expect_marks(self.page, "#time-plot", copies_by_group(self.explanation))

    def test_marks_are_read_by_mouse_and_by_keyboard(self) -> None:
        frame, told = self.page.locator("#time-plot .frame"), self.page.locator("#time-plot output")
        first, *_, last = sorted(self.explanation["outcomes"], key=lambda each: each["started_at_ms"])
        frame.press("Home")
        expect(told).to_contain_text(f"Copy {first['copy']} ")
        frame.press("End")
        expect(told).to_contain_text(f"Copy {last['copy']} ")
        ring = self.page.locator("#time-plot .ring")
        expect(ring).to_have_attribute("visibility", "visible")
        place = {name: float(ring.get_attribute(name)) for name in ("cx", "cy")}
        frame.press("Home")
        expect(told).to_contain_text(f"Copy {first['copy']} ")
        frame.hover(position={"x": place["cx"], "y": place["cy"]})
        expect(told).to_contain_text(f"Copy {last['copy']} ")

    def test_bars_by_cpu(self) -> None:
        row = self.page.locator("#cpu-plot tbody tr").filter(has_text="AMD EPYC 7R13 Processor")
        expect(row.locator("li")).to_have_text([f"B {self.explanation['classes'][1]['copies']}", "failed 1"])

    def test_run_times(self) -> None:
        box = self.explanation["classes"][0]["run_us"]
        expect(column(self.page, "#run-plot", "Shortest").first).to_have_text(f"{box['min'] / 1000:.0f} ms")
        expect(self.page.locator("#run-plot .box")).to_have_count(3)

    def test_the_difference_by_path(self) -> None:
        expect(column(self.page, "#difference .sorted:has(.path)", "Max ulp")).to_have_text(["9,007,199,254,740,993", "4", "1"])
        histogram = self.page.locator(".histogram tbody tr")
        expect(histogram).to_have_count(5)
        path = self.page.get_by_role("button", name="/forces/*/x")
        path.press("Enter")
        expect(path).to_have_attribute("aria-pressed", "true")
        expect(self.page.locator("button.path[aria-pressed=true]")).to_have_count(1)
        expect(histogram.first.locator("th, td")).to_have_text(["1", "", "60", "67.4 %"])
        expect(self.page.locator("#difference")).to_contain_text("shape")
        expect(self.page.locator(".equivalence")).to_contain_text("not equivalent")

    def test_outcomes_in_pages(self) -> None:
        copies = column(self.page, OUTCOMES, "Copy")
        following = self.page.locator(OUTCOMES).get_by_role("button", name="Next page")
        expect(copies).to_have_text([str(copy) for copy in range(100)])
        following.press("Enter")
        expect(copies).to_have_text([str(copy) for copy in range(100, 180)])
        expect(following).to_be_disabled()
        sort_button(self.page, OUTCOMES, "Run").click()
        longest = sorted(self.explanation["outcomes"], key=lambda each: -each["run_us"])
        expect(copies).to_have_text([str(each["copy"]) for each in longest[:100]])

    def test_outcomes_are_filtered(self) -> None:
        self.page.get_by_label("Class", exact=True).select_option(label="failed")
        expect(column(self.page, OUTCOMES, "Failure")).to_have_text(["exit code 1"] * 2)
        self.page.get_by_label("Class", exact=True).select_option(label="any")
        self.page.locator(f"{OUTCOMES} input[type=search]").press_sequentially("canary.class=c1")
        found = [each["copy"] for each in self.explanation["outcomes"] if facts_of(self.explanation, each)["canary.class"] == "c1"]
        expect(column(self.page, OUTCOMES, "Copy")).to_have_text([str(copy) for copy in found])
        expect(self.page.locator(f"{OUTCOMES} [role=status]")).to_have_text(f"{len(found)} outcomes")

    def test_all_facts_of_an_outcome(self) -> None:
        button = self.page.get_by_role("button", name="All facts of copy 3", exact=True)
        button.press("Enter")
        names = [*facts_of(self.explanation, self.explanation["outcomes"][3]), "sandbox.call"]
        # The page sorts numbers in names by their value; these names have two digits each.
        expect(self.page.locator(f"{OUTCOMES} .detail dt")).to_have_text(sorted(names, key=str.lower))
        expect(button).to_be_focused()
        self.page.keyboard.press("Enter")
        expect(self.page.locator(f"{OUTCOMES} .detail")).to_have_count(0)
        self.page.get_by_text("Facts as columns").press("Enter")
        self.page.get_by_label("libc.version").check()
        expect(column(self.page, OUTCOMES, "libc.version")).to_have_text(["glibc 2.34"] * 100)

    def test_times_are_utc_and_their_titles_are_local(self) -> None:
        submitted = self.page.locator("header time").first
        expect(submitted).to_have_text("2026-11-23 16:00:00 UTC")
        expect(submitted, "it is the next day in Tokyo").to_have_attribute("title", re.compile("01:00:00"))

    def test_how_sure(self) -> None:
        for words in ("65 of 178 copies (36.5 %) differed", "With 95 % confidence, between", "8 % for the next sandbox"):
            expect(self.page.locator("#confidence")).to_contain_text(words)
