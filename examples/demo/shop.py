"""The shop: a basket that is there before anybody signs in, and stays when they do."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.exceptions import ClientException

from examples.demo.pages import Answer, Visit, go_to, page, sent
from litestar_sessions import save_session

GOODS = {
    "tea": "Tea",
    "bread": "Bread",
    "honey": "Honey",
    "apples": "Apples",
}
SHOWN = 8
"""How many of the 64 characters of a session ID are shown: too few to take the session over."""


@get("/")
async def show_shop(request: Visit) -> Answer:
    """Show what there is, what is in the basket, and what is stored of the session."""
    basket = request.session.get("basket", {})
    stored, state = await _stored(request), request.app.state
    return page(request, "shop.html", goods=GOODS, basket=basket, stored=stored, state=state)


@post("/basket/add")
async def add(request: Visit) -> Answer:
    """Put one more into the basket, whoever the visitor is."""
    item, basket = await _chosen(request)
    request.session["basket"] = basket | {item: basket.get(item, 0) + 1}
    return go_to("/")


@post("/basket/remove")
async def remove(request: Visit) -> Answer:
    """Take all of a kind out of the basket."""
    item, basket = await _chosen(request)
    left = {kind: count for kind, count in basket.items() if kind != item}
    if left or "name" in request.session:
        request.session["basket"] = left
    else:
        request.clear_session()  # nothing is known of the visitor any more
    return go_to("/")


def shown_id(request: Visit) -> str:
    """Return the beginning of the session ID."""
    return f"{str(request.get_session_id())[:SHOWN]}…"


async def _chosen(request: Visit) -> tuple[str, dict[str, int]]:
    item = await sent(request, "item")
    if item not in GOODS:
        raise ClientException
    return item, request.session.get("basket", {})


async def _stored(request: Visit) -> dict[str, Any] | None:
    """Return what the database has of the session; ``None`` if it has none."""
    stored = await save_session(request)
    if stored is None:
        return None
    return {"id": shown_id(request), "expires_at": stored.expires_at}
