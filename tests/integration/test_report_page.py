"""The page of a fleet in a real browser: 1,000 hosts, the keyboard, light and dark, print, hostile hosts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from dnnready.report.fleet import document
from dnnready.report.page.render import render
from tests.browser import CHROMIUM, DRIVER, TYPE, chromium, requests, seconds_of, seconds_to_load, show
from tests.fleet_sample import CREATED, REAL, drifted, fleet

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (DRIVER and CHROMIUM), reason="no Chromium with chromedriver: make test-host installs them"),
]
HOSTS = 1000
#: The contrast of every text with what is behind it: WCAG 2.2, 1.4.3. SVG text and hidden text are left out.
CONTRAST = """
const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
const linear = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
const ground = (node) => {
  for (let one = node; one; one = one.parentElement) {
    const colour = numbers(getComputedStyle(one).backgroundColor);
    if (colour.length < 4 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
const poor = [];
let looked = 0;
for (const node of document.querySelectorAll("body *")) {
  const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
  if (!own || !node.checkVisibility() || node.closest("script, svg, option, :disabled")) continue;
  const both = [numbers(getComputedStyle(node).color), ground(node)];
  const [a, b] = both.map(light).sort((x, y) => y - x);
  looked += 1;
  const said = node.tagName + "." + node.className + " " + node.textContent.slice(0, 30);
  if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(said);
}
return [looked, [...new Set(poor)]];
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[WebDriver]:
    with chromium() as driver:
        yield driver


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test leaves a word on the console: no error, no warning, nothing that the policy refused."""
    yield
    driver: WebDriver = request.getfixturevalue("browser")
    assert driver.get_log("browser") == []


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 1,000 hosts with four stacks each."""
    answers, groups = fleet(HOSTS)
    before = document(drifted(answers), groups, created="2026-11-16T02:00:00Z")
    path = tmp_path_factory.mktemp("page") / "fleet.html"
    path.write_text(render(document(answers, groups, previous=before, created=CREATED)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    answers, groups = fleet(40)
    path = tmp_path_factory.mktemp("small") / "fleet.html"
    path.write_text(render(document(answers, groups, created=CREATED)), encoding="utf-8")
    return path


def texts(driver: WebDriver, key: str) -> list[str]:
    """A column of the table as it is shown."""
    script = """
      const headings = [...document.querySelectorAll("#table thead button")];
      const at = headings.findIndex((one) => one.dataset.key === arguments[0]);
      return [...document.querySelectorAll("#table tbody tr")].map((row) => row.cells[at].textContent);
    """
    return list(driver.execute_script(script, key))


def count(driver: WebDriver) -> str:
    return driver.find_element(By.ID, "count").text


def sort(driver: WebDriver, key: str) -> str:
    """Click a heading; what aria-sort says then."""
    button = driver.find_element(By.CSS_SELECTOR, f'#table button[data-key="{key}"]')
    button.click()
    return str(button.find_element(By.XPATH, "..").get_attribute("aria-sort"))


def test_a_thousand_hosts_open_and_filter_without_lag(browser, page):
    show(browser, page)
    assert seconds_to_load(browser) < 15  # tests/bench/fleet_page.py measures; this machine may be busy
    assert count(browser).endswith("lines, showing 1\u201350")
    assert requests(browser) == {page.as_uri()}
    assert seconds_of(browser, TYPE.format("edge-00")) < 2
    assert 0 < len(texts(browser, "host")) <= 50
    assert all("edge-00" in name for name in texts(browser, "host"))


def test_words_and_lists_filter_together(browser, page):
    show(browser, page)
    box = browser.find_element(By.ID, "query")
    box.send_keys("OSL isa_limited")
    assert texts(browser, "cause") and set(texts(browser, "cause")) == {"isa_limited"}
    assert all(name.startswith("osl-") for name in texts(browser, "host"))
    Select(browser.find_element(By.ID, "stack")).select_by_value("pytorch")
    assert set(texts(browser, "stack")) <= {"pytorch"}
    address = browser.current_url
    assert "query=OSL" in address and "stack=pytorch" in address
    kept = texts(browser, "host")
    show(browser, page, at=address.partition(".html")[2])
    assert texts(browser, "host") == kept
    box = browser.find_element(By.ID, "query")
    box.send_keys(" nothing-has-this")
    assert count(browser) == "No line fits these filters."
    browser.find_element(By.CSS_SELECTOR, "#filters button[type=reset]").click()
    assert "showing 1\u201350" in browser.find_element(By.ID, "count").text
    assert browser.current_url == page.as_uri()


def test_a_tile_shows_its_lines(browser, page):
    show(browser, page)
    tile = browser.find_element(By.CSS_SELECTOR, '.tile[data-verdict="broken"]')
    number = tile.find_element(By.TAG_NAME, "strong").text
    tile.click()
    assert tile.get_attribute("aria-pressed") == "true"
    assert count(browser).startswith(f"{number} of ") and set(texts(browser, "verdict")) == {"broken"}
    tile.click()
    assert tile.get_attribute("aria-pressed") == "false" and "of" not in count(browser).split(",")[0]


def test_a_heading_sorts_and_says_so(browser, page):
    show(browser, page)
    assert texts(browser, "verdict")[0] == "broken"
    assert sort(browser, "speed") == "ascending"
    slow = [float(one) for one in texts(browser, "speed")]
    assert slow == sorted(slow)
    assert sort(browser, "speed") == "descending"
    fast = [float(one.replace(",", "")) for one in texts(browser, "speed")]
    assert fast == sorted(fast, reverse=True) and fast[-1] > slow[0]
    assert sort(browser, "host") == "ascending"
    names = texts(browser, "host")
    assert names == sorted(names)
    marked = browser.find_elements(By.CSS_SELECTOR, '#table thead th:not([aria-sort="none"])')
    assert [one.get_attribute("aria-sort") for one in marked] == ["ascending"]


def test_pages_turn(browser, page):
    show(browser, page)
    first = texts(browser, "host")
    browser.find_element(By.ID, "later").click()
    assert "showing 51\u2013100" in count(browser) and texts(browser, "host") != first
    browser.find_element(By.ID, "earlier").click()
    assert texts(browser, "host") == first
    assert not browser.find_element(By.ID, "earlier").is_enabled()


def test_the_keyboard_is_enough(browser, page):
    show(browser, page)
    press = ActionChains(browser)
    press.send_keys(Keys.TAB).perform()
    assert browser.switch_to.active_element.get_attribute("class") == "skip"
    press.reset_actions()
    press.send_keys("/").perform()
    assert browser.switch_to.active_element.get_attribute("id") == "query"
    browser.switch_to.active_element.send_keys("lis-edge-0003")
    for _ in range(40):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        if browser.switch_to.active_element.get_attribute("data-key") == "stack":
            break
    focused = browser.switch_to.active_element
    outline = browser.execute_script(
        "const s = getComputedStyle(arguments[0]); return s.outlineStyle + s.outlineWidth", focused
    )
    assert outline == "solid2px"
    focused.send_keys(Keys.ENTER)
    assert texts(browser, "stack") == ["mkl", "onednn", "pytorch", "tensorflow"]
    for _ in range(40):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        if browser.switch_to.active_element.text == "lis-edge-0003":
            break
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    host = browser.find_element(By.ID, "host")
    assert host.is_displayed() and not browser.find_element(By.ID, "overview").is_displayed()
    assert browser.switch_to.active_element == host and browser.title.startswith("lis-edge-0003")
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    assert browser.find_element(By.ID, "overview").is_displayed()
    assert browser.switch_to.active_element.text == "lis-edge-0003"
    assert browser.find_element(By.ID, "query").get_attribute("value") == "lis-edge-0003"


def test_a_host_has_its_proof_lines(browser, tmp_path):
    path = tmp_path / "fleet.html"
    answers = {"edge-1": {"stored": REAL}, "edge-2": {"unreachable": "Connection timed out"}}
    path.write_text(render(document(answers, {"edge-1": ["oslo"]}, created=CREATED)), encoding="utf-8")
    show(browser, path, at="#host=edge-1")
    text = browser.find_element(By.ID, "host").text
    for stack in REAL["stacks"]:
        assert stack["release"] in text
        for probe in stack["proof"]["probes"]:
            for one in probe["convolutions"]:
                assert one["name"] in text and (not one["implementations"] or one["implementations"][0] in text)
    browser.find_element(By.CSS_SELECTOR, "#host button").click()
    assert browser.find_element(By.ID, "overview").is_displayed()
    show(browser, path, at="#host=edge-2")
    assert "never seen" in browser.find_element(By.ID, "host").text


@pytest.mark.parametrize("at", ["", "#host=ams-edge-0001"], ids=["fleet", "host"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_read(browser, small, dark, at):
    show(browser, small, dark=dark, at=at)
    looked, poor = browser.execute_script(CONTRAST)
    assert looked > 50 and poor == []


def test_colours_follow_the_system_and_the_switch(browser, small):
    def ground() -> str:
        return str(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))

    show(browser, small, dark=True)
    dark = ground()
    show(browser, small)
    light = ground()
    assert light == "rgb(255, 255, 255)" and dark != light
    choice = Select(browser.find_element(By.ID, "theme"))
    choice.select_by_value("dark")
    assert ground() == dark
    show(browser, small)  # it is remembered
    assert ground() == dark
    Select(browser.find_element(By.ID, "theme")).select_by_value("")
    assert ground() == light


@pytest.mark.parametrize("width", [390, 768, 1100, 1440, 1920])
@pytest.mark.parametrize("at", ["", "#host=ams-edge-0001"], ids=["fleet", "host"])
def test_nothing_sticks_out_of_the_window(browser, small, width, at):
    show(browser, small, width=width, at=at)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_print_has_all_lines(browser, page):
    show(browser, page)
    number = "return document.querySelectorAll('#table tbody tr').length"
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert browser.execute_script(number) > 3900
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert browser.execute_script(number) == 50


def test_without_a_script_there_is_a_plain_table(browser, small):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(browser, small)
        root = browser.execute_cdp_cmd("DOM.getDocument", {"depth": 0})["root"]["nodeId"]

        def nodes(selector: str) -> list[int]:
            return list(
                browser.execute_cdp_cmd("DOM.querySelectorAll", {"nodeId": root, "selector": selector})["nodeIds"]
            )

        lines = nodes("noscript tbody tr")
        assert len(lines) > 150
        assert browser.execute_cdp_cmd("DOM.getBoxModel", {"nodeId": lines[0]})["model"]["height"] > 10
        with pytest.raises(Exception, match="box model"):
            browser.execute_cdp_cmd("DOM.getBoxModel", {"nodeId": nodes("#lines")[0]})
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_hostile_host_does_nothing(browser, tmp_path):
    evil = "</script><script>window.owned = 1</script><img src=x onerror='window.owned = 2'>\u202e\"'"
    stored = {**REAL, "stacks": [{**one, "stack": f"{one['stack']}{evil}", "release": evil, "holds": False, "why": evil}
              for one in REAL["stacks"]]}  # fmt: skip
    answers = {f"a{evil}": {"stored": stored}, "b&host=c": {"failed": evil}}
    path = tmp_path / "fleet.html"
    path.write_text(render(document(answers, {name: [evil] for name in answers}, created=CREATED)), encoding="utf-8")
    show(browser, path)
    for name in texts(browser, "host"):
        assert name in {key.replace("\u202e", "") for key in answers}  # it would turn what follows around
    for link in range(len(browser.find_elements(By.CSS_SELECTOR, "#table tbody a"))):
        target = browser.find_elements(By.CSS_SELECTOR, "#table tbody a")[link]
        name = target.text
        target.click()
        assert browser.find_element(By.CSS_SELECTOR, "#host h2").text == name
        browser.find_element(By.CSS_SELECTOR, "#host button").click()
    assert browser.execute_script("return window.owned") is None
    assert requests(browser) == {path.as_uri()}
