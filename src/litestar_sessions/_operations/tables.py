"""The commands that look after the table of sessions."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from litestar_sessions._operations.checking import find_problems, forecast
from litestar_sessions._operations.keys import count_plain
from litestar_sessions._operations.output import ATTENTION, DONE, table_of

if TYPE_CHECKING:
    from litestar_sessions._operations.operator import Operator
    from litestar_sessions._operations.output import Output

__all__ = ("check", "purge", "stats", "take_over")


def purge(operator: Operator, output: Output, batch_size: int) -> int:
    """Delete expired sessions, batch by batch."""
    operator.prepare()
    counts = operator.do(operator.storage.count)
    with output.progress("Deleting", counts.expired) as note:
        options = {"batch_size": batch_size, "on_batch": note}
        deleted = operator.do(operator.storage.delete_expired, **options)
    operator.tell_ended(deleted, "expired")
    output.answer({"deleted": deleted}, f"{deleted} expired sessions were deleted.")
    return DONE


def stats(operator: Operator, output: Output) -> int:
    """Count and measure sessions; that reads the whole table."""
    operator.prepare()
    storage = operator.storage
    lifetime = timedelta(seconds=operator.config.max_age)
    counts = operator.do(storage.count, lifetime=lifetime)
    data, size = operator.do(storage.measure_data), operator.do(storage.measure_table)
    values = {**asdict(counts), "data_bytes": asdict(data), "table_bytes": asdict(size)}
    if operator.config.settings.owners is not None:
        values["owners_with_most"] = operator.do(storage.count_owned)
    output.answer(values, table_of(values))
    return DONE


def check(operator: Operator, output: Output) -> int:
    """Say what needs attention, and how to mend it; nothing is changed."""
    problems = find_problems(operator)
    values = {
        "problems": [problem._asdict() for problem in problems],
        "bytes_at_ten_times_the_size": forecast(operator),
    }
    shown = [f"{problem.what}.\n  {problem.remedy}" for problem in problems]
    output.answer(values, "\n".join(shown) or "Nothing needs attention.")
    return ATTENTION if problems else DONE


def take_over(operator: Operator, output: Output) -> int:
    """Turn plain session IDs of the table into digests, while the application runs."""
    operator.prepare()
    with output.progress("Taking over", count_plain(operator)) as note:
        taken = operator.do(operator.storage.take_over, on_batch=note)
    left = count_plain(operator)
    remedy = "Run it again, or wait until they expire." if left else "take_over= may go."
    text = f"{taken} sessions were taken over, {left} are left. {remedy}"
    output.answer({"taken_over": taken, "left": left}, text)
    return ATTENTION if left else DONE
