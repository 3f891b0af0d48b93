"""A headless Chromium of Debian's. Where it is missing, the tests fail and say so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.support.browsers import headless_chromium, resize, scheme


@pytest.fixture(scope="session")
def started() -> Iterator[webdriver.Chrome]:
    """One browser for all tests, without a network."""
    with headless_chromium() as chrome:
        yield chrome


@pytest.fixture
def chrome(started: webdriver.Chrome) -> webdriver.Chrome:
    """The same, with a new page, light and wide."""
    started.get("about:blank")
    for log in ("browser", "performance"):
        logged(started, log)
    resize(started, 1280, 900)
    scheme(started, "light")
    return started


def logged(chrome: webdriver.Chrome, log: str) -> list[dict[str, str]]:
    """What the browser wrote into a log since the last time."""
    entries: list[dict[str, str]] = chrome.get_log(log)  # type: ignore[no-untyped-call]
    return entries
