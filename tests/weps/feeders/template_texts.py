"""A span, and a template to ask for it."""

from __future__ import annotations

from datetime import UTC, datetime

BEGIN = datetime(2016, 1, 11, 3, 0, tzinfo=UTC)
END = datetime(2016, 1, 11, 4, 0, 0, 500_000, tzinfo=UTC)
KVP = "http://sos.example/sos?service=SOS&version=2.0.0&request=GetObservation"
