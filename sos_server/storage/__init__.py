"""Where observations and sensor descriptions are kept."""
