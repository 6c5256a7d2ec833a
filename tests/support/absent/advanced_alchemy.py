"""What stands here before the package of that name hides it from a process."""

raise ModuleNotFoundError(f"No module named {__name__!r}", name=__name__)
