"""
Wiring: the only place that knows everyone. Builds the service of one process and runs it.

A little longer than a module should be: what runs and how it ends are read together.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from sos_server.app import create_app as create_sos
from sos_server.app import mount
from sos_server.settings import Settings as SosSettings
from weps.channels import create_channels, create_webhook_channel, standing_targets
from weps.delivery.worker import DeliveryWorker
from weps.engine import Engine
from weps.errors import SettingsError, StoreError
from weps.feeders.http import Fetcher
from weps.feeders.limits import HostLimits
from weps.feeding import create_feeders
from weps.housekeeping import Housekeeping
from weps.intake import Intake
from weps.live import LiveFeeds
from weps.processes.base import Context
from weps.processes.face import create_app as create_wps
from weps.processes.ogcapi import create_routes as create_ogc_api
from weps.processes.registry import offered_processes
from weps.reading import Horizon
from weps.scheduler import Scheduler
from weps.settings import Settings
from weps.source_alerts import Alarm
from weps.sources import ServiceWatch
from weps.store import Store
from weps.web.deliveries import create_delivery_routes
from weps.web.documents import refused
from weps.web.episodes import create_episode_routes
from weps.web.events import EventStream, create_event_routes
from weps.web.inhibitions import create_inhibition_routes
from weps.web.missing import tell_address, tell_methods
from weps.web.push import create_push_routes
from weps.web.routes import create_routes, publishers
from weps.web.silences import create_silence_routes
from weps.web.sources import create_source_routes
from weps.web.webhooks import create_webhook_routes

LOG = logging.getLogger("weps.app")
SOS_PATH = "/sos"
HEARTBEAT_LIMIT = 10.0
SECONDS_TO_STOP = 2.0
SECONDS_UNTIL_TRIED_AGAIN = 60
SECONDS_TO_ANSWER = 30.0


class Service:
    """The whole service in one process: SOS, WPS, feeds, engine, scheduler and delivery on one database."""

    def __init__(self, settings: Settings, port: int, world: Callable[[], datetime] | None = None) -> None:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        self.own_url = f"http://{host}:{port}"
        self.base_url = (settings.base_url or self.own_url).rstrip("/")
        _make_directory(settings.data)
        self.store = Store(settings.database_url)
        self.store.migrate()
        self.store.standing_targets = standing_targets(settings)
        allowed_hosts = settings.allowed_hosts | _own_hosts(self.own_url, self.base_url)
        fetcher = Fetcher(
            allowed_hosts,
            timeout=min(settings.request_timeout.total_seconds(), SECONDS_TO_ANSWER),
            limit=settings.answer_limit,
            deadline=settings.request_timeout.total_seconds(),
            limits=HostLimits(settings.polls_per_host, settings.requests_per_second),
        )
        channels = create_channels(settings, self.store, self.base_url, allowed_hosts)
        self._webhooks = create_webhook_channel(self.store, self.base_url, allowed_hosts)
        self.delivery = DeliveryWorker(self.store, channels)
        self.events = EventStream(self.store, f"{self.base_url}/alerts")
        self._sos = _create_sos(settings)
        sos_endpoints = f"{self.base_url}{SOS_PATH}", f"{self.own_url}{SOS_PATH}"
        feeders = create_feeders(settings, fetcher, allowed_hosts, self._sos.state.service, sos_endpoints)
        horizon = Horizon(settings.overlap, settings.lookback, settings.catch_up_step)
        self.engine = Engine(
            self.store,
            feeders.feeder,
            channels,
            self.base_url,
            horizon=horizon,
            world=world,
            wake_delivery=self._wake,
            polls_at_once=settings.polls_at_once,
            alarm=Alarm(settings.source_failures, settings.stale_after, settings.series_stale_after),
        )
        self._hubs = feeders.hubs
        self.intake = Intake(self.engine, feeders.brokers, feeders.hubs, feeders.faults, horizon)
        live = LiveFeeds(self.store, sos_endpoints, lambda: datetime.now(UTC))
        housekeeping = Housekeeping(self.store, settings.keep_alerts, settings.keep_deliveries)
        services = ServiceWatch(
            self.store, feeders.announcer, settings.capabilities_every, lambda: datetime.now(UTC), self._wake
        )
        self.scheduler = Scheduler(self.engine, live, settings.polls_per_host, housekeeping, services)
        self._world = world or (lambda: datetime.now(UTC))
        self.is_stopped = threading.Event()
        self.app = self._create_app(settings, fetcher, live)

    def start(self) -> None:
        """Begin to poll and to deliver."""
        self.delivery.start()
        self.scheduler.start()
        self.intake.start()
        LOG.info("started url=%s", self.base_url)

    def _wake(self) -> None:
        """Send and show what has just been stored."""
        self.delivery.wake()
        self.events.wake()

    def stop(self) -> None:
        """Stop within a few seconds; what is under way and not committed is done again after the next start."""
        self.intake.stop(SECONDS_TO_STOP)
        self.scheduler.stop(SECONDS_TO_STOP)
        self.delivery.stop(SECONDS_TO_STOP)
        self.store.dispose()
        self._sos.state.storage.close()
        LOG.info("stopped")
        self.is_stopped.set()

    def _create_app(self, settings: Settings, fetcher: Fetcher, live: LiveFeeds) -> Starlette:
        processes = offered_processes(echo=settings.echo_process)
        wps = create_wps(
            self.engine,
            fetcher,
            base_url=self.base_url,
            data=settings.data / "wps",
            sos_endpoint=f"{self.base_url}{SOS_PATH}",
            body_limit=settings.body_limit,
            processes=processes,
        )
        context = Context(self.engine, fetcher, f"{self.base_url}{SOS_PATH}")
        alive = lambda: self.scheduler.seconds_since_beat() < HEARTBEAT_LIMIT  # noqa: E731
        self._sos.state.storage.subscribe(lambda told: live.tell(told.procedure, told.observed_property))
        return Starlette(
            routes=[
                *create_ogc_api(processes, context, base_url=self.base_url, body_limit=settings.body_limit),
                *create_routes(
                    self.store,
                    worker_alive=alive,
                    public_url=settings.base_url,
                    may_publish=publishers(settings.publish_tokens, is_open=settings.everybody_may_publish),
                    cap_sender=settings.cap_sender,
                    hub_url=settings.websub_hub,
                    posts_per_minute=settings.posts_per_minute,
                ),
                *create_push_routes(self.store, self.intake, self._hubs, body_limit=settings.body_limit),
                *create_event_routes(self.store, self.events),
                *create_delivery_routes(self.store, self.delivery.wake),
                *create_webhook_routes(self.store, self._webhooks),
                *create_episode_routes(self.store),
                *create_silence_routes(self.store),
                *create_inhibition_routes(self.store),
                *create_source_routes(self.store, self._world),
                mount(SOS_PATH, self._sos),
                mount("/wps", wps),
            ],
            middleware=_cross_origin(settings.cors_origins),
            exception_handlers={404: tell_address, 405: tell_methods, Exception: _fail},
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self.start()
        await self.events.start()
        yield
        self.events.close()
        await asyncio.to_thread(self.stop)


async def _fail(request: Request, error: Exception) -> Response:
    """Answer what no face expected, such as a database that takes nothing any more; strangers are not told why."""
    if not f"{request.url.path}/".startswith(f"{SOS_PATH}/"):  # which has answered and logged what failed in it
        LOG.error("request failed method=%s path=%s", request.method, request.url.path, exc_info=error)
    if isinstance(error, StoreError):
        return refused(503, error.message, {"Retry-After": str(SECONDS_UNTIL_TRIED_AGAIN)})
    return refused(500, "The service failed on this request; its log says why. It may be tried again.")


def _create_sos(settings: Settings) -> Starlette:
    return create_sos(
        SosSettings(
            data=settings.data,
            base_url=f"{settings.base_url.rstrip('/')}{SOS_PATH}" if settings.base_url else None,
            request_limit_bytes=settings.body_limit,
            retention=settings.sos_retention or SosSettings().retention,
        )
    )


def _cross_origin(origins: frozenset[str]) -> list[Middleware]:
    """Let pages of these origins use all faces; without any nothing is told to browsers, which then refuse them."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=sorted(origins),
            allow_methods=("GET", "HEAD", "POST", "DELETE"),
            allow_headers=(
                "Authorization",
                "Content-Type",
                "If-Modified-Since",
                "If-None-Match",
                "Last-Event-ID",
                "Prefer",
                "X-API-Key",
            ),
            expose_headers=("ETag", "Last-Modified", "Link", "Location", "Preference-Applied", "Retry-After"),
        )
    ]


def _make_directory(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{data} can be no directory for data ({error.strerror}); name another one") from error


def _own_hosts(*urls: str) -> frozenset[str]:
    return frozenset(url.split("://", 1)[1].split("/", 1)[0] for url in urls)
