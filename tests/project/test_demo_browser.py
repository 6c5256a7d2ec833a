"""The demo in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.demo import demo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chromium import Browser


def test_a_browser_is_remembered_until_it_signs_out(browser: Browser, tmp_path: Path) -> None:
    with demo(None, tmp_path) as address:
        browser.open(address)
        browser.type("name", "Ann")
        browser.click("Sign in")
        browser.see("Hello, Ann")
        browser.see("1 visit in this session")
        browser.reload()
        browser.see("2 visits in this session")
        browser.type("note", "Buy milk")
        browser.click("Save note")
        browser.see("Saved.")
    with demo(None, tmp_path, int(address.rpartition(":")[2])):
        browser.reload()
        browser.see("4 visits in this session")
        assert browser.evaluate("document.getElementById('note').value") == "Buy milk"
        browser.click("Sign out")
        browser.see("A page that remembers you")
        browser.reload()
        browser.see("A page that remembers you")


def test_a_browser_shows_another_id_after_signing_in(browser: Browser, tmp_path: Path) -> None:
    with demo(None, tmp_path) as address:
        browser.open(address)
        browser.see("none yet")
        browser.type("note", "Buy milk")
        browser.click("Save note")
        browser.see("Signing in will renew it.")
        before = browser.evaluate("document.getElementById('session-id').innerText")
        browser.type("name", "Ann")
        browser.click("Sign in")
        browser.see(f"Renewed when you signed in; before, it was {before}")
        assert browser.evaluate("document.getElementById('session-id').innerText") != before
        assert browser.evaluate("document.getElementById('note').value") == "Buy milk"
