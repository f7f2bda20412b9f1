"""Where things stand on a page: tables, columns and plots."""

import re

from made_jobs import Json
from playwright.sync_api import Locator, Page, expect

FACTS, OUTCOMES = "#fact-table", "#outcome-table"


def column(page: Page, table: str, name: str) -> Locator:
    """The cells of a column of a table, by the text of its header."""
    header = page.locator(f"{table} thead th").filter(has_text=re.compile(rf"^[\s↕▲▼]*{re.escape(name)}[\s↕▲▼]*$"))
    place = header.evaluate("header => header.cellIndex + 1")
    return page.locator(f"{table} tbody tr:not(.detail) > :nth-child({place})")


def sort_button(page: Page, table: str, name: str) -> Locator:
    return page.locator(f"{table} thead button", has_text=name).first


def exactly(name: str) -> re.Pattern[str]:
    return re.compile(f"^{re.escape(name)}$")


def expect_marks(page: Page, plot: str, counts: list[int]) -> None:
    """A plot has these numbers of marks, by group. Each mark is a closed part of its group's path."""
    points = page.locator(f"{plot} .points")
    expect(points).to_have_count(len(counts))
    for place, marks in enumerate(counts):
        expect(points.nth(place)).to_have_attribute("d", re.compile(f"^([^Z]*Z){{{marks}}}$"))


def copies_by_group(explanation: Json) -> list[int]:
    return [each["copies"] for each in explanation["classes"]] + [explanation["failed"]]


def facts_of(explanation: Json, outcome: Json) -> dict[str, str]:
    return explanation["environments"][outcome["environment"]]["facts"]
