"""Commands of the development: the generator of the twins, and mutants."""
