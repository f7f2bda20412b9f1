"""A browser that all tests share, and pages that say what they asked for and what went wrong in them."""

import atexit
import contextlib
import functools
import json
import os
import pathlib
import subprocess
import tempfile
import unittest
from collections.abc import Iterator
from typing import Any

import samples
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILL = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/examples/fill"
# A report that exists, instead of the samples.
GIVEN = os.environ.get("CONCORD_REPORT_PAGE") or None
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
WAIT_MS_MAX = 20_000


@functools.cache
def browser() -> Browser:
    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    # Root may not use the browser's own sandbox, and the pages are ours.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    started = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=arguments)
    atexit.register(started.close)
    return started


@functools.cache
def folder() -> pathlib.Path:
    made = tempfile.TemporaryDirectory(prefix="concord-report-")
    atexit.register(made.cleanup)
    return pathlib.Path(made.name)


@functools.cache
def sample(name: str) -> samples.Json:
    return samples.SAMPLES[name]()


@functools.cache
def file_of(name: str) -> pathlib.Path:
    """The page of a sample, filled as the producer fills it."""
    explanation = sample(name)
    texts = [json.dumps(explanation), f"{explanation['job']}: {explanation['verdict']}", samples.plain_text(explanation)]
    filled = subprocess.run([FILL], input="".join(f"{text}\0" for text in texts), capture_output=True, text=True, check=True)
    file = folder() / f"{name}.html"
    file.write_text(filled.stdout)
    return file


class PageCase(unittest.TestCase):
    """A test that opens pages. At the end of each, it may not have asked for anything, or complained."""

    @contextlib.contextmanager
    def opened(self, file: pathlib.Path, size: dict[str, int] = DESKTOP, **settings: Any) -> Iterator[Page]:
        context = browser().new_context(viewport=size, locale="en-GB", timezone_id="Asia/Tokyo", **settings)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS_MAX)
        heard: list[str] = []
        page.on("request", lambda request: heard.append(f"asked for {request.url[:200]}"))
        page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: heard.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (heard.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(file.as_uri())
        try:
            if settings.get("java_script_enabled", True):
                page.wait_for_selector("#confidence-title")
            yield page
            self.assertEqual(heard, [f"asked for {file.as_uri()}"])
        finally:
            context.close()

    def sample(self, name: str, size: dict[str, int] = DESKTOP, **settings: Any) -> Page:
        return self.enterContext(self.opened(file_of(name), size, **settings))


def texts(page: Page, selector: str) -> list[str]:
    """The texts of all elements that match."""
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def number(text: str) -> int:
    return int(text.replace(",", ""))
