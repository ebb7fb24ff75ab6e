"""Faults that strike a running server, and what has to be true of every job afterwards."""
