"""What the page shows of jobs of all kinds: small and huge ones, and texts that try to become markup."""

import json

from browser import DESKTOP, PHONE, PageCase, sample
from made_jobs import HOSTILE
from page_parts import FACTS, OUTCOMES, column, copies_by_group, expect_marks, sort_button
from playwright.sync_api import expect
from test_every_page import visible


class JobsOfAllKinds(PageCase):
    def test_a_reproducible_job(self) -> None:
        page = self.sample("reproducible")
        expect(page.locator("#confidence")).to_contain_text("fewer than 1.65 % of copies")
        expect(page.locator("#classes thead"), "one class has all copies").not_to_contain_text("Share")
        expect(page.locator("#failures, #separates, #difference, #artifacts, #time")).to_have_count(0)

    def test_a_job_on_one_machine(self) -> None:
        page = self.sample("one_machine")
        expect(page.locator(".coverage")).to_have_text(
            "180 of 180 copies gave a digest. They ran on 1 machine: 1 kind of CPU, 1 canary class, 1 architecture."
        )
        main = page.locator("body").inner_text()
        self.assertNotRegex(main.replace("sandbox.id", "").lower(), "sandbox")
        expect(page.locator("#confidence")).to_contain_text("All copies ran on one machine: nothing is known of other machines.")
        expect(page.locator("#confidence .interval"), "one machine has no interval").to_have_count(1)
        expect(page.locator("#cpu")).to_have_count(0)
        expect(column(page, FACTS, "Fact"), "facts that do not vary").to_have_count(5)

    def test_patterns(self) -> None:
        page, attribution = self.sample("patterns"), sample("patterns")["attribution"]
        lines = page.locator("#separates .splits li")
        for line, pattern in zip(lines.all(), attribution["patterns"]):
            expect(line).to_contain_text(pattern["statement"])
        expect(lines.nth(0)).to_contain_text("p <= 1.0e-4 after correction")
        expect(lines.nth(2)).to_contain_text("within 3 machines p <= 0.061, maybe chance")
        expect(lines.nth(3)).to_contain_text("a consequence · p <= 0.013 after correction")
        expect(lines.nth(4)).to_have_text("one machine gave more than one class")
        expect(page.locator("#difference")).to_contain_text("1 number differs by 1 ulp.")
        expect(page.locator("#difference svg"), "marks of classes, and no bar for one number").to_have_count(
            page.locator("#difference svg.mark").count()
        )

    def test_artifacts(self) -> None:
        page = self.sample("artifacts")
        table = "#artifact-table"
        expect(page.locator(table)).to_contain_text("38 of 40 artifacts are stable; 2 differ.")
        names, hows = column(page, table, "Artifact"), column(page, table, "Difference")
        expect(names).to_have_count(20)
        self.assertEqual(names.all_text_contents()[:2], ["log.txt", "results/warnings.txt"])
        expect(hows.nth(0)).to_have_text("A and B: 1 of 1 numbers differs, by at most 1 ulp at /")
        expect(hows.nth(1)).to_have_text("A and B: only B has it")
        expect(hows.nth(2)).to_have_text("stable")
        expect(column(page, table, "Missing in classes").nth(1)).to_have_text("1")
        expect(page.locator(f"{table} .pager")).to_contain_text("1–20 of 40 artifacts")
        expect(page.locator("#difference h3").first).to_have_text("B against A, log.txt")
        expect(page.locator("#failures")).to_contain_text("Copies that failed at first, and gave a digest at a later attempt")
        expect(column(page, "#failures", "Copies")).to_have_text(["3"])

    def test_facts_that_may_be_chance_are_shown_on_demand(self) -> None:
        page = self.sample("artifacts")
        table = page.locator("table.separators")
        expect(page.locator("#separates")).to_contain_text("No single fact goes with the classes beyond chance.")
        expect(table).to_be_hidden()
        page.get_by_role("button", name="Show 1 fact that may be chance").press("Enter")
        expect(table).to_contain_text("cpu.model_name may be chance")

    def test_what_the_page_leaves_out_is_said(self) -> None:
        page = self.sample("cut")
        for part, words in (
            ("#classes", "8,950 more classes not listed"),
            ("#failures", "12 more reasons not listed"),
            ("#outcomes", "19,800 more outcomes not listed"),
            (".coverage", "those of 200 copies: rare classes and failures first"),
        ):
            expect(page.locator(part)).to_contain_text(words)

    def test_an_inconclusive_job(self) -> None:
        page = self.sample("inconclusive")
        expect(page.locator(".verdict")).to_contain_text("copies failed")
        expect(column(page, "#failures", "Copies")).to_have_text(["5"] * 3)
        expect(page.locator(".coverage")).to_contain_text("The machines that ran them are not seen.")

    def test_a_job_without_anything(self) -> None:
        page = self.sample("nothing")
        expect(page.locator(".coverage")).to_have_text("0 of 3 copies gave a digest, 3 failed.")
        expect(page.locator("h2")).to_have_text(["Failures", "Outcomes"])
        expect(column(page, OUTCOMES, "Class")).to_have_text(["failed"] * 3)

    def test_as_many_classes_as_copies(self) -> None:
        page = self.sample("many")
        expect(column(page, "#classes", "Class")).to_have_count(20)
        expect(page.locator("#classes .pager")).to_contain_text("1–20 of 300 classes")
        expect(page.locator("#separates")).to_contain_text("several digests")
        expect(page.locator("#classes thead"), "each class has one copy").not_to_contain_text("Share")
        expect(page.locator(f"{FACTS} thead .class")).to_have_text([*"ABCDEFGH"])
        expect(page.locator(f"{FACTS} thead")).to_contain_text("others")
        expect(page.locator("#time, #cpu, #run-time")).to_have_count(0)

    def test_ten_thousand_outcomes(self) -> None:
        page, explanation = self.sample("huge"), sample("huge")
        self.assertEqual(sum(copies_by_group(explanation)), 10_000)
        expect_marks(page, "#time-plot", copies_by_group(explanation))
        wanted, said = page.locator(f"{OUTCOMES} input[type=search]"), page.locator(f"{OUTCOMES} [role=status]")
        found = sum(each["environment"] == 0 for each in explanation["outcomes"])
        wanted.fill(explanation["environments"][0]["facts"]["sandbox.id"])
        expect(said).to_have_text(f"{found} outcomes")
        wanted.fill("")
        expect(said).to_have_text("1–100 of 10,000 outcomes")
        sort_button(page, OUTCOMES, "Copy").click()
        copies = column(page, OUTCOMES, "Copy")
        expect(copies).to_have_text([f"{copy:,}" for copy in range(9_999, 9_899, -1)])
        page.locator(OUTCOMES).get_by_role("button", name="Last page").click()
        expect(copies).to_have_text([str(copy) for copy in range(99, -1, -1)])
        page.get_by_label("Fact", exact=True).select_option("every")
        page.locator(f"{FACTS} input[type=search]").fill("sandbox.id")
        expect(page.locator(f"{FACTS} [role=status]")).to_have_text("1–50 of 250 values")

    def test_texts_that_try_to_become_markup(self) -> None:
        for size in (PHONE, DESKTOP):
            page = self.sample("hostile", size)
            page.locator(f"{FACTS} input[type=checkbox]").check()
            page.get_by_label("Fact", exact=True).select_option("fact:__proto__")
            expect(column(page, FACTS, "Value")).to_have_text(["own"])
            page.locator(f"{OUTCOMES} tbody button").first.click()
            expect(page.locator(f"{OUTCOMES} .detail")).to_contain_text(visible(HOSTILE))
            main = page.locator("main").text_content()
            self.assertGreater(main.count(visible(HOSTILE)), 20)
            self.assertNotIn("\u202e", main, "a character that changes the direction of the text after it")
            self.assertEqual(page.evaluate("() => [window.broken ?? null, document.images.length]"), [None, 0])

    def test_the_explanation_survives_the_page(self) -> None:
        for name in ("hostile", "divergent"):
            kept = self.sample(name).locator("#explanation").text_content()
            self.assertEqual(json.loads(kept), json.loads(json.dumps(sample(name))))
