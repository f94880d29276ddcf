"""Feeders ask a source for its new observations."""
