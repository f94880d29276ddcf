"""SOS 2.0 requests and responses."""
