"""A Sensor Observation Service."""
