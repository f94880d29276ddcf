"""WPS processes: one registry, a binding per version."""
