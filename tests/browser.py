"""A real, headless Chromium for the tests and the bench of the page: Debian's, with its driver."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

from selenium import webdriver
from selenium.webdriver.chrome.webdriver import WebDriver

DRIVER: Optional[str] = shutil.which("chromedriver")
CHROMIUM: Optional[str] = shutil.which("chromium") or shutil.which("google-chrome")
#: JavaScript that types into the filter.
TYPE = """
const box = document.getElementById('query');
box.value = '{}';
box.dispatchEvent(new Event('input', {{bubbles: true}}));
"""
#: Milliseconds until the frame after next is drawn: what a person waits for after an event.
_WAIT = """
const [action, done] = [arguments[0], arguments[arguments.length - 1]];
const begun = performance.now();
new Function(action)();
requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
"""


@contextmanager
def chromium() -> Iterator[WebDriver]:
    """The browser; it ends with the block."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    # As root and in containers there are no namespaces for its sandbox; the pages are our own.
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def show(
    driver: WebDriver, path: Path, *, width: int = 1680, height: int = 1000, dark: bool = False, at: str = ""
) -> None:
    """Open a page anew, in a window of that size and with those colours of the system."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    colours = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [colours]})
    driver.get("about:blank")
    driver.get_log("performance")
    driver.get(f"{path.as_uri()}{at}")


def requests(driver: WebDriver) -> set[str]:
    """The addresses that the page asked for since it was opened."""
    messages = (json.loads(entry["message"])["message"] for entry in driver.get_log("performance"))
    return {one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"}


def seconds_to_load(driver: WebDriver) -> float:
    """From the navigation to a page that is complete, its table drawn."""
    entry: Any = driver.execute_script("return performance.getEntriesByType('navigation')[0].domComplete")
    return float(entry) / 1000


def seconds_of(driver: WebDriver, action: str) -> float:
    """From an action, a piece of JavaScript, to the next frame on the screen."""
    return float(driver.execute_async_script(_WAIT, action)) / 1000
