"""Sending what is due: who is sent to, how often it is tried again, and who is told when it fails."""
