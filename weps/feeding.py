"""The feeders of a service: a new one is a file in `feeders/` and a line here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weps.feeders import sources
from weps.feeders.brokers import Brokers
from weps.feeders.by_binding import FeederByBinding
from weps.feeders.contents import ContentsReader
from weps.feeders.guard import Guard
from weps.feeders.http_documents import DocumentFeeder
from weps.feeders.hubs import Hubs
from weps.feeders.own_sos import OwnSos
from weps.feeders.pushed import Faults, PushedFeeder
from weps.feeders.sensorthings import SensorThingsFeeder
from weps.feeders.sos import SosFeeder
from weps.trust import create_broker_contexts

if TYPE_CHECKING:
    from pathlib import Path

    from sos_server.service import Service as SosService
    from weps.feeders.base import Feeder
    from weps.feeders.http import Fetcher
    from weps.settings import Settings

_INSTALLATION = "mqtt-client"


@dataclass(frozen=True, slots=True)
class Feeders:
    """What reads sources: the feeder of all of them, what pushed ones need besides, and what reads capabilities."""

    feeder: Feeder
    brokers: Brokers
    hubs: Hubs
    faults: Faults
    announcer: ContentsReader


def create_feeders(
    settings: Settings,
    fetcher: Fetcher,
    allowed_hosts: frozenset[str],
    sos: SosService,
    sos_endpoints: tuple[str, ...],
) -> Feeders:
    """Give the feeders; `sos` is the service in this process, `sos_endpoints` its addresses."""
    base_url = sos_endpoints[0] if settings.base_url else None
    own_sos = OwnSos(fetcher, sos, sos_endpoints, base_url, settings.answer_limit)
    logins = {broker: login.get_secret_value() for broker, login in settings.broker_logins.items()}
    guard, contexts = Guard(allowed_hosts), create_broker_contexts(settings)
    brokers = Brokers(guard, read_installation(settings.data), logins, contexts=contexts)
    hubs, faults = Hubs(fetcher.send, f"{sos_endpoints[0].removesuffix('/sos')}/push"), Faults()
    pushed, documents = PushedFeeder(brokers, hubs, faults), DocumentFeeder(fetcher)
    others: dict[str, Feeder] = {
        sources.STA: SensorThingsFeeder(fetcher),
        sources.CSV: documents,
        sources.JSON: documents,
        **dict.fromkeys(sources.PUSHED, pushed),
    }
    return Feeders(FeederByBinding(SosFeeder(own_sos), others), brokers, hubs, faults, ContentsReader(own_sos))


def read_installation(data: Path) -> str:
    """Give the text that brokers know this installation by, made at the first start."""
    file = data / _INSTALLATION
    known = file.read_text() if file.exists() else ""
    if not known.strip():
        known = secrets.token_hex(16)
        # Written whole or not at all: an empty name would be that of every installation that ended in between.
        written = file.with_suffix(".new")
        written.write_text(known)
        written.replace(file)
    return known
