"""Operators: pure steps from a state and an event to the next state and detections."""
