"""Session IDs that databases are known to confuse, cut or refuse."""

from __future__ import annotations

from hashlib import sha256

_LONG = "x" * 5_000

SESSION_IDS = (
    "ABC",
    "abc",
    "abc ",
    " abc",
    "abc\t",
    "äbc",
    "a\u0308bc",  # the same to read as the one before
    "ａｂｃ",
    "straße",
    "strasse",
    "😀",
    "",
    "0",
    "00",
    "null",
    "%",
    "_",
    "\\",
    "'; DROP TABLE user_sessions; --",
    "a\x00b",
    "a\x00",
    "\ud800",
    "\udfff",
    "\ud83d\ude00",
    "x" * 255,
    "x" * 256,
    "x" * 255 + "y",
    "ä" * 255,
    _LONG,
    _LONG[:-1] + "y",
    f"sha256:{sha256(_LONG.encode()).hexdigest()}",
    "sha256:",
)
