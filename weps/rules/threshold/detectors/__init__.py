"""What operators of sensor networks watch for: sensors that stick, jump, drift, or leave their habits."""
