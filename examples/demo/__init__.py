"""A page that remembers its visitor: the session is a row in a database of your choice."""
