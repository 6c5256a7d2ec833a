"""The rooms of the generator, each of which imports only what is above it here.

``problems``: what is refused, as a value.
``settings``: what ``[tool.unasync-build]`` says, and the table of names.
``syntax``: facts about a source that both conversions ask for.
``waivers``: what the end of a line allows its twin.
``source``: a source, read.
``merging``: names that become one.
``tokens``: the first conversion, by ``unasync``.
``erasure``: the second conversion, of syntax trees, by which the first is checked.
``wording``: what is refused in a twin.
``gate``: what is refused in a source.
``conversion``: one source on its way through all of these.
``folders``: the files of the twins, compared and written.
``rendering``: all sources of a project.
``memory``: edits of twins.
``explaining``: a source beside its twin.
"""
