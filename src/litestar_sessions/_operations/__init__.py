"""What keeps a table of sessions in order, beside the requests: by itself, or when told to."""
