"""A headless Chromium of Debian's, with its driver and without a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,900",
)  # fmt: skip


@contextmanager
def headless_chromium() -> Iterator[webdriver.Chrome]:
    """The browser, until the block ends. Where it is missing, that is an error which names its package."""
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
    try:
        chrome.execute_cdp_cmd("Network.enable", {})
        cut = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        chrome.execute_cdp_cmd("Network.emulateNetworkConditions", cut)
        yield chrome
    finally:
        chrome.quit()


def resize(chrome: webdriver.Chrome, width: int, height: int) -> None:
    """The size of the window, in CSS pixels; a narrow one is a telephone's."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def scheme(chrome: webdriver.Chrome, word: str) -> None:
    """What the reader's system prefers: `light` or `dark`."""
    features = [{"name": "prefers-color-scheme", "value": word}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
