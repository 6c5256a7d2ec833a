"""What Alembic has to know of a session table.

Alembic loads this module by itself, as one of its plugins, and so do session models while it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar_sessions import columns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ("leave_out", "register", "setup")

_MODULE = columns.__name__


def setup(plugin: Any) -> None:
    """Be a plugin of Alembic (1.18 and later): register before migrations are generated."""
    from alembic.util import DispatchPriority  # noqa: PLC0415 - only where it is installed

    def prepare(_context: object, _operations: object) -> None:
        register()  # not before: this is called while Alembic is being imported

    plugin.add_autogenerate_comparator(prepare, "autogenerate", priority=DispatchPriority.FIRST)


def register() -> None:
    """Have migrations import the types that they name, which Alembic leaves out; once is enough."""
    from alembic.autogenerate import renderers  # noqa: PLC0415 - only where it is installed
    from alembic.operations import ops  # noqa: PLC0415 - as above

    for operation in (ops.CreateTableOp, ops.AddColumnOp, ops.AlterColumnOp):
        render = renderers.dispatch(operation)
        if not hasattr(render, "imports_sessions"):
            # `dispatch_for` replaces nothing before Alembic 1.18.
            renderers._registry[operation, "default"] = _importing(render)  # noqa: SLF001


def leave_out(*tables: str) -> Callable[[str | None, str, Mapping[str, Any]], bool]:
    """Return an ``include_name`` for ``env.py`` that leaves session tables alone.

    For a database whose session table is not in ``target_metadata``: Alembic would drop it.

    Args:
        tables: The names of such tables; by default ``litestar_sessions``.
    """
    names: Collection[str] = tables or ("litestar_sessions",)

    def include_name(name: str | None, kind: str, _parents: Mapping[str, Any]) -> bool:
        return kind != "table" or name not in names

    return include_name


def _importing(render: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def render_importing(context: Any, operation: Any) -> Any:
        rendered = render(context, operation)
        named = [name for name in columns.__all__ if f".{name}(" in str(rendered)]
        if named:
            context.imports.add(_import_of(named, context.opts["user_module_prefix"]))
        return rendered

    render_importing.imports_sessions = True  # type: ignore[attr-defined]  # what `register` looks for
    return render_importing


def _import_of(names: list[str], prefix: str | None) -> str:
    """Return what lets a migration name the types.

    Advanced Alchemy has all types looked up in SQLAlchemy, where its migrations put its own.
    """
    if prefix is None:
        return f"import {_MODULE}"
    lines = [f"{prefix}{name} = {_MODULE}.{name}" for name in names if prefix == "sa."]
    return "\n".join([f"import {_MODULE}", *lines])
