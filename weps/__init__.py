"""WEPS watches Sensor Observation Services with event rules and publishes alerts."""

__version__ = "0.1.0"
