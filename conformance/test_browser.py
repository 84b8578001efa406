# SPDX-License-Identifier: BSD-3-Clause
"""The HTML report in a real browser: it draws every clause, filters, opens a program, and draws its schedule.

The browser is steered over the WebDriver protocol on loopback, with nothing but the standard library.  The page is made
from fixtures, so that the test does not depend on what was run before; build/report/browser.png shows what it saw.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures import PROGRAMS, record_of
from harness.lit import ROOT
from harness.report.html import write_html

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
         "--window-size=1500,1000"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
PATIENCE_SECONDS = 60.0

pytestmark = pytest.mark.browser


class Browser:
    """A small WebDriver client; every call fails the test with what the driver said."""

    def __init__(self, port: int, profile: Path) -> None:
        self._base = f"http://127.0.0.1:{port}"
        options = {"binary": shutil.which("chromium"), "args": [*FLAGS, f"--user-data-dir={profile}"]}
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options,
                                                   "goog:loggingPrefs": {"browser": "ALL"}}}}
        self._session = f"/session/{self.call('POST', '/session', wanted)['sessionId']}"

    def call(self, verb: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request; returns its value."""
        data = json.dumps(body or {}).encode() if verb == "POST" else None
        request = urllib.request.Request(self._base + path, data, {"Content-Type": "application/json"}, method=verb)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            pytest.fail(f"{verb} {path}: {json.loads(error.read())['value']['message'][:500]}")

    def do(self, verb: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A request within the session."""
        return self.call(verb, self._session + path, body)

    def script(self, text: str, *args: Any) -> Any:
        """The value of a script in the page."""
        return self.do("POST", "/execute/sync", {"script": text, "args": list(args)})

    def find(self, css: str) -> str:
        """The first element that fits; fails when there is none."""
        return str(self.do("POST", "/element", {"using": "css selector", "value": css})[ELEMENT])

    def click(self, css: str) -> None:
        """A real click: it fails when something covers the element."""
        self.do("POST", f"/element/{self.find(css)}/click")

    def type(self, css: str, text: str) -> None:
        """Types into a field."""
        self.do("POST", f"/element/{self.find(css)}/value", {"text": text})

    def count(self, css: str) -> int:
        """How many elements fit and can be seen."""
        return int(self.script("return [...document.querySelectorAll(arguments[0])].filter("
                               "(e) => e.getClientRects().length).length", css))

    def text(self, css: str) -> str:
        """The text of the first element that fits."""
        return str(self.script("return document.querySelector(arguments[0])?.textContent ?? ''", css))

    def wait(self, what: str, condition: Callable[[], bool]) -> None:
        """Until the condition holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"never came: {what}")
            time.sleep(0.05)

    def picture(self, path: Path) -> None:
        """What the window shows, as a PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.do("GET", "/screenshot")))

    def complaints(self) -> list[str]:
        """Errors that the page logged."""
        log = self.do("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def quit(self) -> None:
        """Ends the session and its browser."""
        self.do("DELETE", "")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    missing = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    if missing:
        message = f"{' and '.join(missing)} not installed; run: make browser"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    process = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout
        line = next((line for line in process.stdout if "started successfully" in line), "")
        assert line, "chromedriver did not start"
        port = int(line.rstrip(". \n").rpartition(" ")[2])
        client = Browser(port, tmp_path_factory.mktemp("profile"))
        try:
            yield client
        finally:
            client.quit()
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Browser:
    """The report of the fixtures, opened afresh."""
    path = tmp_path / "report.html"
    write_html(path, [record_of("reference"), record_of("wrong")], PROGRAMS)
    browser.do("POST", "/url", {"url": path.as_uri()})
    browser.wait("rows", lambda: browser.count("tr.clause") > 0)
    return browser


def test_every_clause_is_a_row(page: Browser) -> None:
    assert page.count("tr.clause") == 681
    assert page.count("article.card") == 2
    assert page.text("#count") == "681 of 681 clauses"
    assert page.count("tr.uncovered") == 681 - len({c for p in PROGRAMS for c in p.spec})
    assert not page.complaints()


def test_filters(page: Browser) -> None:
    page.click('.chip[data-status="fail"]')
    assert page.count("tr.clause") == 2
    assert page.count('tr.clause[data-clause="chan.close.concurrent-send"]') == 1
    page.click('.chip[data-status="fail"]')
    assert page.count("tr.clause") == 681
    page.type("#text", "closed-drains")
    page.wait("the text to count", lambda: page.count("tr.clause") == 1)
    page.type("#text", " nowhere")
    page.wait("nothing to fit", lambda: page.count("tr.clause") == 0)
    assert page.count("#nothing") == 1
    page.script("const t = document.getElementById('text'); t.value = ''; t.dispatchEvent(new Event('input'))")
    page.script("const a = document.getElementById('area'); a.value = 'select'; a.dispatchEvent(new Event('change'))")
    assert 10 < page.count("tr.clause") < 100
    page.click("#differ")
    assert page.count("tr.clause") == 0
    assert not page.complaints()


def test_a_program_its_outcomes_and_its_schedule(page: Browser) -> None:
    page.type("#text", "closed-drains")
    page.wait("the text to count", lambda: page.count("tr.clause") == 1)
    page.click('.prog[data-program="chan-0057"]')
    page.wait("the panel", lambda: page.count("#panel .source div") > 10)
    assert "program=chan-0057" in page.script("return location.hash")
    assert page.text("#panel h2") == "chan/close/send-race-buffered"
    rows = page.count("#panel tr.pick")
    assert rows == 3
    assert "accepted value lost" in page.text("#panel tr.bad"), "the wrong outcome comes first, with its reason"
    assert "conformance/gauntlet replay" in page.text("#panel .finding")
    page.click('#panel tr[data-outcome="1"]')
    page.wait("a chart", lambda: page.count("#schedule svg.chart") == 1)
    assert page.count("#schedule .headbox") == 2, "one lifeline for main, one for closer"
    assert page.count("#schedule path.tip") >= 1, "an arrow from go to the goroutine"
    steps = len(PROGRAMS[0].model.outcomes[0].witness)  # type: ignore[union-attr]
    assert page.count("#schedule circle.dot") == steps
    page.picture(ROOT / "build" / "report" / "browser.png")
    page.do("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
        {"type": "pointerMove", "duration": 0, "x": 0, "y": 0,
         "origin": {ELEMENT: page.find("#schedule circle.dot")}}]}]})
    page.wait("the step's line to light up", lambda: page.count("#panel .source .lit") == 1)
    assert not page.complaints()


def test_links_open_what_they_name(page: Browser) -> None:
    address = page.script("return location.href").partition("#")[0]
    page.do("POST", "/url", {"url": f"{address}#program=chan-0057&outcome=2"})
    page.wait("the panel", lambda: page.count("#panel h2") == 1)
    assert page.count('#panel tr.on[data-outcome="2"]') == 1
    page.click("#panel .close")
    page.wait("no panel", lambda: page.count("#panel") == 0)
    assert page.script("return location.hash") == ""
    page.do("POST", "/url", {"url": f"{address}#program=nonsense"})
    assert page.count("#panel") == 0
    assert not page.complaints()


def test_light_and_dark(page: Browser) -> None:
    colour = "return getComputedStyle(document.body).backgroundColor"
    before = page.script(colour)
    page.click("#theme")
    assert page.script(colour) != before
    page.click("#theme")
    assert page.script(colour) == before


def test_one_file_and_no_network(page: Browser) -> None:
    assert page.script("return performance.getEntriesByType('resource').filter((e) => !e.name.startsWith('data:')).length") == 0
    assert page.script("return document.querySelectorAll('script[src], link[rel=stylesheet], img').length") == 0
