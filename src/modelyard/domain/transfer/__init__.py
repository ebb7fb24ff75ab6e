"""Moves a whole installation, or one model, to another place."""
