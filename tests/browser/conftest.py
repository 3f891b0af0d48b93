"""A headless Chromium of Debian's, with its driver. Where it is missing, the tests fail and say so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,900",
)  # fmt: skip


@pytest.fixture(scope="session")
def started() -> Iterator[webdriver.Chrome]:
    """One browser for all tests, without a network."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")  # Debian's name, or Google's
    driver = shutil.which("chromedriver")
    assert browser, "chromium is not installed (Debian: apt-get install chromium)"
    assert driver, "chromedriver is not installed (Debian: apt-get install chromium-driver)"
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    chrome.execute_cdp_cmd("Network.enable", {})
    cut = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    chrome.execute_cdp_cmd("Network.emulateNetworkConditions", cut)
    yield chrome
    chrome.quit()


@pytest.fixture
def chrome(started: webdriver.Chrome) -> webdriver.Chrome:
    """The same, with a new page, light and wide."""
    started.get("about:blank")
    for log in ("browser", "performance"):
        logged(started, log)
    size = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    started.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme(started, "light")
    return started


def logged(chrome: webdriver.Chrome, log: str) -> list[dict[str, str]]:
    """What the browser wrote into a log since the last time."""
    entries: list[dict[str, str]] = chrome.get_log(log)  # type: ignore[no-untyped-call]
    return entries


def scheme(chrome: webdriver.Chrome, word: str) -> None:
    """What the reader's system prefers."""
    features = [{"name": "prefers-color-scheme", "value": word}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
