"""What has other names in the older versions of Litestar that are supported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

__all__ = ("JinjaTemplateEngine", "NamedDependency")

T = TypeVar("T")

if TYPE_CHECKING:
    from litestar.di import NamedDependency
    from litestar.plugins.jinja import JinjaTemplateEngine
else:
    try:
        from litestar.plugins.jinja import JinjaTemplateEngine
    except ImportError:
        from litestar.contrib.jinja import JinjaTemplateEngine
    try:
        from litestar.di import NamedDependency
    except ImportError:
        from litestar.params import Dependency

        NamedDependency: TypeAlias = Annotated[T, Dependency()]
