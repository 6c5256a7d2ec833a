"""What is refused in a twin: words and names that are true of async code only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tools.twins.waivers import without_waiver

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.twins.problems import Refuse
    from tools.twins.waivers import Waivers

ASYNC_NAME = re.compile("a(enter|exit|iter|next|close|send|throw)|__a(enter|exit|iter|next)__")

_ASYNC_WORDING = re.compile(r"\w*(?:async|await|coroutine)\w*", re.IGNORECASE)


def check_wording(twin: Iterable[Any], waivers: Waivers, refuse: Refuse) -> None:
    """Refuse what is left of async in the tokens of a twin, but not in its first line."""
    for token in twin:
        if token.name == "NAME" and ASYNC_NAME.fullmatch(token.src):
            refuse(token.line, f"{token.src} is left in the twin: add it to the table.")
        text = without_waiver(token.src) if token.name == "COMMENT" else token.src
        for number, line in enumerate(text.split("\n"), token.line or 1):
            for word in sorted(set(_ASYNC_WORDING.findall(line))) if number > 1 else ():
                if not waivers.allows("keep", number, word):
                    refuse(number, f"{word!r} is left in the twin: say what is true of both.")
