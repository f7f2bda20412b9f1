"""A browser that all tests share, and pages that record their requests and errors."""

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
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILL = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/examples/fill"
# A report that exists. It replaces the samples.
GIVEN = os.environ.get("CONCORD_REPORT_PAGE") or None
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
PLOT_WIDTH_PX_MIN = 240
# Only a test that fails waits so long, and a machine may be busy.
WAIT_MS_MAX = 60_000
START_MS_MAX = 120_000
expect.set_options(timeout=WAIT_MS_MAX)


@functools.cache
def browser() -> Browser:
    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    # Root cannot use the browser's own sandbox, and the pages are ours.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    started = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=arguments, timeout=START_MS_MAX)
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
    """A test that opens pages. Each page may ask for nothing but itself, log nothing and open no dialog."""

    @contextlib.contextmanager
    def opened(self, file: pathlib.Path, size: dict[str, int] = DESKTOP, **settings: Any) -> Iterator[Page]:
        context = browser().new_context(viewport=size, locale="en-GB", timezone_id="Asia/Tokyo", **settings)
        context.set_default_timeout(WAIT_MS_MAX)
        page = context.new_page()
        heard: list[str] = []
        page.on("request", lambda request: heard.append(f"asked for {request.url[:200]}"))
        page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: heard.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (heard.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        try:
            page.goto(file.as_uri())
            if settings.get("java_script_enabled", True):
                # The last part that the page makes.
                expect(page.locator("footer")).to_be_attached()
                wait_for_plots(page)
            yield page
            self.assertEqual(heard, [f"asked for {file.as_uri()}"])
        finally:
            context.close()

    def sample(self, name: str, size: dict[str, int] = DESKTOP, **settings: Any) -> Page:
        return self.enterContext(self.opened(file_of(name), size, **settings))


def wait_for_plots(page: Page) -> None:
    """Wait until every plot is drawn for its present width: a page draws plots just before it shows a frame."""
    for frame in page.locator(".frame").all():
        width = max(PLOT_WIDTH_PX_MIN, frame.evaluate("frame => frame.clientWidth"))
        expect(frame.locator("svg.plot")).to_have_attribute("width", str(width))


def shown(locator: Locator) -> Locator:
    """Those elements that a reader sees."""
    return locator.filter(visible=True)
