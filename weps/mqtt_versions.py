"""The versions of MQTT that brokers are spoken to in, as an address names them: `mqtt://broker/topic?version=5`."""

from __future__ import annotations

from urllib.parse import parse_qsl

from weps.errors import InputError

MQTT_3 = "3.1.1"
MQTT_5 = "5"
MQTT_VERSIONS = (MQTT_3, MQTT_5)


def read_version(query: str, where: str | None = None) -> str:
    """Read what stands behind the `?` of an address, 3.1.1 where that is nothing; raises `InputError` with `where`."""
    try:
        options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
    except ValueError:
        options = {"": query}
    version = options.pop("version", MQTT_3)
    if options or version not in MQTT_VERSIONS:
        known = " or ".join(MQTT_VERSIONS)
        raise InputError(f"behind the topic only ?version= is known: {known}; write a ? in a topic as %3F", where)
    return version
