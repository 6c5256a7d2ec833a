"""A small shop that knows its visitors: each session is a row in a database of your choice."""
