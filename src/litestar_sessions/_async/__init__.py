# The source of a generated twin: see CONTRIBUTING.md.
