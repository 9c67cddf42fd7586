"""A headless Chromium, and the page opened in it. Without one the tests are skipped, and in CI they fail."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        missing = "no Chromium on PATH: `apt-get install chromium`, or your system's package of it"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs rights that a container seldom has; the only page it opens is ours.
        browser = playwright.chromium.launch(executable_path=program, args=["--headless", "--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Opener:
    """Opens a page, and keeps what the browser had to say about it."""

    browser: Browser
    folder: Path
    complaints: list[str] = field(default_factory=list)
    """What was thrown, and what the console was told."""
    requests: list[str] = field(default_factory=list)
    """URLs, but for the page's own."""
    opened: list[Page] = field(default_factory=list)

    def __call__(self, source: str, *, width: int = 1400, dark: bool = False) -> Page:
        file = self.folder / f"report-{len(self.opened)}.html"
        file.write_text(source, encoding="utf-8")
        page = self.browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._refuse)
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(file.as_uri())
        self.requests.remove(file.as_uri())
        self.opened.append(page)
        return page

    def _refuse(self, dialog: Dialog) -> None:
        self.complaints.append(dialog.message)
        dialog.dismiss()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Whatever a test does with the page, nothing may be thrown or said on the console, and nothing fetched."""
    opener = Opener(browser, tmp_path)
    yield opener
    for page in opener.opened:
        page.close()
    assert opener.complaints == []
    assert opener.requests == []
