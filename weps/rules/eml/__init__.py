"""Event Pattern Markup Language 0.0.1 and 0.0.2."""
