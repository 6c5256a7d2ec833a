"""The demo in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.chromium import chromium
from tests.support.demo import USER_AGENTS, demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

expect.set_options(timeout=30_000)


LOOKS: tuple[dict[str, Any], ...] = (
    {"color_scheme": "light"},
    {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}},
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001 - it ends after this
    with demo(None, tmp_path_factory.mktemp("demo")) as address:
        yield address


def open_page(browser: Browser, address: str, device: str, **options: Any) -> Page:
    """Return the only page of a profile of its own."""
    context = browser.new_context(base_url=address, user_agent=USER_AGENTS[device], **options)
    return context.new_page()


def sign_in(page: Page, name: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Sign in").click()
    see(page, f"Hello, {name}")


def see(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()


def test_a_basket_and_a_session_that_nobody_needs_a_script_for(
    browser: Browser, address: str
) -> None:
    page = open_page(browser, address, "Firefox on Linux", java_script_enabled=False)
    page.goto("/")
    press(page, "Add Tea")
    before = page.locator("#session-id").inner_text()
    page.get_by_role("link", name="Sign in", exact=True).first.click()
    # By keyboard alone: the name has the focus.
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.type("Bob")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    see(page, "Hello, Bob")
    expect(page.locator("#former-id")).to_have_text(before)
    assert page.locator("#session-id").inner_text() != before
    page.reload()
    expect(page.locator("#basket")).to_contain_text("Tea × 1")
    press(page, "Sign out")
    see(page, "A shop that remembers you")
    page.reload()
    see(page, "A shop that remembers you")
    page.context.close()


def test_a_session_that_another_profile_ends_is_over_at_the_next_click(
    browser: Browser, address: str
) -> None:
    laptop = open_page(browser, address, "Firefox on Linux")
    phone = open_page(browser, address, "Mobile Safari on iOS", java_script_enabled=False)
    for page in (laptop, phone):
        sign_in(page, "Ann")
    laptop.goto("/devices")
    items = laptop.get_by_role("listitem")
    expect(items).to_contain_text(["Firefox on Linux This device", "Mobile Safari on iOS"])
    press(laptop, "Sign out Mobile Safari on iOS")
    expect(laptop.get_by_role("status")).to_have_text("Signed out.")
    phone.get_by_role("link", name="Your devices").click()
    see(phone, "Sign in")
    phone.context.close()


def check(page: Page, name: str) -> None:
    """See that a page has no fault that axe knows, and fits the screen."""
    found = Axe().run(page).response
    assert (name, found["violations"], found["incomplete"]) == (name, [], [])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def test_a_page_with_a_socket_says_without_a_click_that_its_session_has_ended(
    browser: Browser, address: str
) -> None:
    laptop = open_page(browser, address, "Firefox on Linux")
    others = [open_page(browser, address, "Edge on Windows", **look) for look in LOOKS]
    for page in (laptop, *others):
        sign_in(page, "Eve")
    sockets = []
    for page in others:
        with page.expect_websocket() as opened:
            page.goto("/devices")
        sockets.append(opened.value)
    laptop.goto("/devices")
    for socket in sockets:
        socket.wait_for_event("framereceived")  # one of many
    press(laptop, "Sign out all other devices")
    expect(laptop.get_by_role("status")).to_have_text("Signed out 2 other devices.")
    for page in others:
        see(page, "You are signed out")
        expect(page.get_by_text("Where Eve is signed in")).to_have_count(0)
        expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
        check(page, "signed out")
        page.get_by_role("link", name="Sign in again").click()
        see(page, "Sign in")
        page.context.close()
    # The page on the laptop listens on: the server ends quietly all the same.


@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark and narrow"])
def test_every_page_is_accessible(browser: Browser, address: str, look: dict[str, Any]) -> None:
    page, other = (open_page(browser, address, each, **look) for each in list(USER_AGENTS)[:2])
    for name in every_page(page, other):
        check(page, name)
    for each in (page, other):
        each.context.close()


def every_page(page: Page, other: Page) -> Iterator[str]:
    """Show each page in turn, and say which it is; the other one is on another device."""
    page.goto("/")
    yield "an empty shop"
    page.goto("/sign-in")
    yield "the form"
    page.get_by_label("Your name").fill(" ")
    press(page, "Sign in")
    expect(page.get_by_role("alert")).to_be_visible()
    yield "the form with a problem"
    page.goto("/")
    press(page, "Add Tea")
    sign_in(page, "W" * 60)
    yield "a basket"
    sign_in(other, "W" * 60)
    page.goto("/devices")
    yield "devices"
    press(page, "Sign out all other devices")
    expect(page.get_by_role("status")).to_be_visible()
    yield "devices that were signed out"
    page.goto("/nowhere")
    yield "an error"
