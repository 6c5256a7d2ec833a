"""From a cookie to a response; Litestar is imported here, and no SQL is written."""
