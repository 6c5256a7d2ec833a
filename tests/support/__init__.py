"""Servers and probes that tests stand on."""
