"""Alerts as messages, feeds and channels."""
