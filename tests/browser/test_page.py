"""The page of a history in a real browser: values, keyboard, colours, widths, and no request to anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.conftest import logged
from tests.support.browsers import resize, scheme
from tests.support.histories import records, work
from vopr_coverage.nightly.reached import ReachedNames
from vopr_coverage.render.trends_page import render_trends_page
from vopr_coverage.trends.history import TrendRecord

HOSTILE = "<img src=https://evil.example/x onerror=document.title='owned'>"
REPOSITORY = "https://github.example/org/repo"
NIGHTS = 40


def history() -> list[TrendRecord]:
    """Forty nights; the last is red, loses a point, and night 20 was not measured."""
    found: list[TrendRecord] = []
    for number in range(NIGHTS):
        last = number == NIGHTS - 1
        names = ReachedNames(hit=("sim.crash",) if last else ("sim.crash", "sim.torn_write"), ran=("agreement",))
        of_night = [
            work("coverage", "calm", fault_points_hit=10 if last else 11, names=names),
            work(
                "long-run",
                "calm",
                ran=1_000 + number,
                fault_points_hit=10 if last else 11,
                rate=None if number == 20 else 5.5,
            ),
            work("long-run", HOSTILE),
        ]
        found += records(number, *of_night, status="failed" if last else "passed")
    return found


def opened(chrome: webdriver.Chrome, tmp_path: Path, nights: list[TrendRecord]) -> None:
    """Open the page of these nights, and wait until its charts are drawn."""
    page = tmp_path / "page.html"
    page.write_text(render_trends_page(nights, REPOSITORY), encoding="utf-8")
    chrome.get(page.as_uri())
    WebDriverWait(chrome, 60).until(lambda _: chrome.execute_script("return document.documentElement.dataset.drawn"))


def rows(chrome: webdriver.Chrome, figure: str) -> list[dict[str, Any]]:
    """The values of a chart, from the chart's own view."""
    script = """
        const titles = [...document.querySelectorAll("#charts h3")].map((title) => title.textContent);
        const view = trends.views[titles.indexOf(arguments[0])];
        return view.data("rows").map(({ scenario, value }) => ({ scenario, value }));
    """
    found: list[dict[str, Any]] = chrome.execute_script(script, figure)
    return found


def text(chrome: webdriver.Chrome, identifier: str) -> str:
    """What stands in an element."""
    return chrome.find_element(By.ID, identifier).text


def test_charts_have_the_values_of_the_records(chrome: webdriver.Chrome, tmp_path: Path) -> None:
    """A value a night and scenario; what was not measured is none."""
    opened(chrome, tmp_path, history())
    calm = [row["value"] for row in rows(chrome, "iterations") if row["scenario"] == "calm"]
    assert calm == [1_000 + number for number in range(NIGHTS)]
    rates = [row["value"] for row in rows(chrome, "iterations a second") if row["scenario"] == "calm"]
    assert rates == [None if number == 20 else 5.5 for number in range(NIGHTS)]
    marks = chrome.execute_script("return trends.views[0].data('marks').map((row) => row.mark)")
    assert marks == ["remark", "red night"], "the night without a rate, and the last"


def test_the_first_line_says_how_old_the_newest_night_is(chrome: webdriver.Chrome, tmp_path: Path) -> None:
    """The clock is the reader's: a day later, and three days later."""
    nights = history()
    newest = "2026-12-10T02:17:00Z"
    assert nights[-1].at == newest
    for days, warned in ((1, False), (3, True)):
        page = tmp_path / "page.html"
        page.write_text(render_trends_page(nights), encoding="utf-8")
        clock = f"Date.now = () => Date.parse('{newest}') + {days} * 864e5;"
        added = chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": clock})
        chrome.get(page.as_uri())
        chrome.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
        said = text(chrome, "verdict")
        assert said.startswith("Warning: no night for 3 days.") is warned
        assert f"run {40 + NIGHTS} on 2026-12-10, was failed, {days} day" in said
    changed = text(chrome, "changed")
    assert (
        changed.splitlines()[0] == "fault points hit (calm): 'sim.torn_write' was not hit, unlike on the nights before"
    )


def test_nothing_is_asked_of_anybody(chrome: webdriver.Chrome, tmp_path: Path) -> None:
    """The browser's own log has no request but the page, and no complaint; a hostile name stays text."""
    opened(chrome, tmp_path, history())
    chrome.find_element(By.ID, "later").click()
    events = [json.loads(entry["message"])["message"] for entry in logged(chrome, "performance")]
    asked = {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
    assert {url for url in asked if not url.startswith("data:")} == {(tmp_path / "page.html").as_uri()}
    assert logged(chrome, "browser") == []
    assert chrome.title == "Simulation trends"
    assert chrome.find_elements(By.TAG_NAME, "img") == []
    chrome.find_element(By.CSS_SELECTOR, ".night summary").click()
    assert HOSTILE in text(chrome, "values")


def test_the_keyboard_reaches_every_control(chrome: webdriver.Chrome, tmp_path: Path) -> None:
    """Tab after tab; and the arrows move from night to night, with a link to its run."""
    opened(chrome, tmp_path, history())
    reached = set()
    for _ in range(40):
        chrome.switch_to.active_element.send_keys(Keys.TAB)
        focused = chrome.switch_to.active_element
        reached.add(focused.get_attribute("id") or focused.text)
    assert {"30 nights", "90 nights", "1 year", "All", "from", "to", "earlier", "night", "later", "search"} <= reached
    assert f"run {40 + NIGHTS} on 2026-12-10" in reached
    chrome.find_element(By.ID, "night").send_keys(Keys.ARROW_LEFT)
    link = chrome.find_element(By.CSS_SELECTOR, "#told a")
    assert (link.text, link.get_attribute("href")) == (
        f"run {39 + NIGHTS} on 2026-12-09",
        f"{REPOSITORY}/actions/runs/{2_600_000_000 + NIGHTS - 2}",
    )
    assert chrome.find_element(By.ID, "night").get_attribute("aria-valuetext") == link.text


def test_a_click_opens_the_run_and_a_hover_tells_the_values(chrome: webdriver.Chrome, tmp_path: Path) -> None:
    """At the right end of a chart stands the newest night."""
    opened(chrome, tmp_path, history())
    chrome.execute_script("window.open = (...words) => { window.opened = words; };")
    canvas = chrome.find_element(By.CSS_SELECTOR, "#charts canvas")
    chrome.execute_script("arguments[0].scrollIntoView({ block: 'center' })", canvas)
    place = chrome.execute_script(
        "const view = trends.views[0], box = arguments[0].getBoundingClientRect();"
        "return [box.left + view.origin()[0] + view.scale('x')(Date.parse('2026-12-10T02:17:00Z')), box.top + 60];",
        canvas,
    )
    actions = webdriver.ActionChains(chrome)
    actions.w3c_actions.pointer_action.move_to_location(*map(int, place)).click()  # type: ignore[no-untyped-call]
    actions.perform()
    assert "calm: 90.9" in text(chrome, "tip")
    assert (
        chrome.execute_script("return window.opened && window.opened[0]")
        == f"{REPOSITORY}/actions/runs/{2_600_000_000 + NIGHTS - 1}"
    )


def test_a_search_finds_a_fault_point(chrome: webdriver.Chrome, tmp_path: Path) -> None:
    """With its first and last night, and how steadily it was hit."""
    opened(chrome, tmp_path, history())
    assert text(chrome, "found") == "3 of 3 names"
    chrome.find_element(By.ID, "search").send_keys("TORN")
    cells = [cell.text for cell in chrome.find_elements(By.CSS_SELECTOR, "#names td")]
    assert cells == ["sim.torn_write", "fault point", "calm", "2026-11-01", "2026-12-09", "29 of 30 nights"]


def test_time_is_zoomed_by_buttons_and_dates(chrome: webdriver.Chrome, tmp_path: Path) -> None:
    """All charts show the same time."""
    opened(chrome, tmp_path, history())
    shown = """
        const day = (moment) => new Date(moment).toISOString().slice(0, 10);
        return trends.views.map((view) => [day(view.signal("from")), day(view.signal("to"))]);
    """
    assert chrome.execute_script(shown)[0] == ["2026-10-31", "2026-12-10"]
    chrome.find_element(By.XPATH, "//button[text()='30 nights']").click()
    spans = chrome.execute_script(shown)
    assert spans[0] == ["2026-11-10", "2026-12-10"]
    assert all(span == spans[0] for span in spans)
    assert chrome.find_element(By.XPATH, "//button[text()='30 nights']").get_attribute("aria-pressed") == "true"


def label_colours(chrome: webdriver.Chrome) -> set[str]:
    """The colours of all words on the axes of a chart."""
    script = """
        const found = new Set();
        const look = (item) => {
          if (item.mark?.role === "axis-label") found.add(item.fill);
          for (const inner of item.items ?? []) look(inner);
        };
        look(trends.views[0].scenegraph().root);
        return [...found];
    """
    return set(chrome.execute_script(script))


@pytest.mark.parametrize("word", ["light", "dark"])
def test_it_has_the_readers_colours(chrome: webdriver.Chrome, tmp_path: Path, word: str) -> None:
    """The page and the charts, also when they change while it is open."""
    opened(chrome, tmp_path, history())
    scheme(chrome, word)
    WebDriverWait(chrome, 60).until(
        lambda _: chrome.execute_script("return trends.views.length === document.querySelectorAll('.chart').length")
    )
    back = chrome.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert back == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[word]
    assert label_colours(chrome) == {{"light": "#24292f", "dark": "#c9d1d9"}[word]}


def test_it_fits_a_narrow_screen(chrome: webdriver.Chrome, tmp_path: Path) -> None:
    """At 360 pixels nothing is cut off."""
    resize(chrome, 360, 800)
    opened(chrome, tmp_path, history())
    assert chrome.execute_script("return document.documentElement.scrollWidth") <= 360
    widths = chrome.execute_script(
        "return [...document.querySelectorAll('canvas')].map((one) => one.getBoundingClientRect().right)"
    )
    assert max(widths) <= 360
    row = chrome.find_element(By.CSS_SELECTOR, "#names tr")
    assert row.rect["height"] < 120, "a name is not broken into columns of three letters"


def test_two_years_of_four_scenarios_stay_small(chrome: webdriver.Chrome, tmp_path: Path) -> None:
    """At most 3 MB; how long it takes is measured by `make page-bench`."""
    works = [work(job, f"s{number}") for job in ("coverage", "long-run") for number in range(4)]
    nights = [one for number in range(730) for one in records(number, *works)]
    opened(chrome, tmp_path, nights)
    assert (tmp_path / "page.html").stat().st_size <= 3_000_000
    assert len(rows(chrome, "iterations")) == 730 * 4


def test_a_history_without_nights_opens(chrome: webdriver.Chrome, tmp_path: Path) -> None:
    """It says so, and nothing else fails."""
    page = tmp_path / "page.html"
    page.write_text(render_trends_page([]), encoding="utf-8")
    chrome.get(page.as_uri())
    assert text(chrome, "verdict") == "No nights yet."
    assert logged(chrome, "browser") == []
