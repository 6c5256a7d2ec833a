"""How a statement reaches a driver."""
