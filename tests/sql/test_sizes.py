"""How many sessions one statement finds, and in which sizes."""

from __future__ import annotations

import pytest

from litestar_sessions._sql.keys import PLAIN_KEYS, SessionKeys, keyed
from litestar_sessions._sql.sizes import groups_of, most_together, padded


def _keys(count: int) -> SessionKeys:
    return SessionKeys(tuple(map(keyed, (bytes([number]) * 32 for number in range(count)))))


def _ids(count: int) -> list[str]:
    return [f"id {number}" for number in range(count)]


def _sizes(count: int, keys: SessionKeys) -> list[int]:
    return [len(padded(group)) for group in groups_of(_ids(count), keys)]


def test_statements_come_in_a_handful_of_sizes() -> None:
    sizes = {size for count in range(200) for size in _sizes(count, PLAIN_KEYS)}
    assert sizes == {1, 2, 4, 8, 16, 32, 64}


@pytest.mark.parametrize(
    ("spellings", "most"), [(1, 64), (2, 64), (14, 64), (15, 32), (400, 2), (2_000, 1)]
)
def test_no_statement_has_more_keys_than_every_database_takes(spellings: int, most: int) -> None:
    keys = SessionKeys(_keys(1).spellings * spellings)
    assert most_together(keys) == most
    assert most * spellings <= 900 or most == 1
    assert max(_sizes(200, keys)) == most * spellings


def test_every_id_is_in_one_group_with_all_of_its_keys() -> None:
    keys = _keys(3)
    groups = list(groups_of(["one", *_ids(130), "one"], keys))
    found = [session_id for group in groups for session_id in group]
    assert found == ["one", *_ids(130)]
    assert all(known == keys.all(each) for group in groups for each, known in group.items())


def test_what_is_padded_with_is_a_key_of_the_group() -> None:
    keys = _keys(2)
    three = {each: keys.all(each) for each in ("a", "b", "c")}
    a, b, c = three.values()
    assert padded(three) == [*a, *b, *c, *c[-1:] * 2]
