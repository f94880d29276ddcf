"""Codecs: one file per standard and version, decode beside encode."""
