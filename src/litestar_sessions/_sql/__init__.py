"""What is said to a database: statements and values, which are built here and never run."""
