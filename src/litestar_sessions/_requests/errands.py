"""What a method of a backend is called for, when a subclass has overridden it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("Errand", "errand_of")

_errand: ContextVar[Errand | None] = ContextVar("errand", default=None)


class Errand:
    """What is done once an override calls the method that it overrides, with ``super()``.

    It may do so several times, say because it tries again; a call with another session ID is not
    for this errand.

    Args:
        owner: The backend.
        method: The name of its method.
        run: What is done, given the session ID and the data of that call.
    """

    def __init__(self, owner: object, method: str, run: Callable[..., Awaitable[Any]]) -> None:
        self._owner = owner
        self._method = method
        self._run = run
        self._session_id: str | None = None
        self.answer: Any = None
        """What was answered the last time."""
        self.error: Exception | None = None
        """Why it was not done; whatever an override makes of errors, this one is what happened."""

    @property
    def was_called(self) -> bool:
        """Whether the override has called the method that it overrides."""
        return self._session_id is not None

    def is_for(self, owner: object, method: str, session_id: str) -> bool:
        """Tell whether such a call is the one that is waited for."""
        is_same = self._owner is owner and self._method == method
        return is_same and self._session_id in {None, session_id}

    async def do(self, session_id: str, *data: bytes) -> Any:
        """Do it; the arguments are what the override has made of its own."""
        self._session_id, self.error = session_id, None
        try:
            self.answer = await self._run(session_id, *data)
        except Exception as error:
            self.error = error
            raise
        return self.answer

    async def entrust(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Return what the method answers.

        Args:
            call: Calls it, as a subclass has it.
        """
        token = _errand.set(self)
        try:
            answer = await call()
        except Exception:
            if self.error is None:
                raise
        finally:
            _errand.reset(token)
        if self.error is not None:
            raise self.error
        return answer


def errand_of(owner: object, method: str, session_id: str) -> Errand | None:
    """Return what a method is called for; ``None`` if it is called for nothing but itself."""
    errand = _errand.get()
    return errand if errand is not None and errand.is_for(owner, method, session_id) else None
