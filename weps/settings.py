"""
What an operator may set: `config/weps.toml` (or the file that `--config` names), and `WEPS_*` variables over it.

A wrong or unknown setting stops the start with one clear line.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings import SettingsError as PydanticSettingsError

from weps.errors import SettingsError
from weps.hosts import check_host

PREFIX = "WEPS_"
SECRETS = frozenset({"database", "publish_tokens", "broker_logins", "smtp"})
"""Settings of which a wrong value is not told, because passwords and keys stand in them."""
LONGEST = timedelta(days=36525)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PublishToken = Annotated[str, Field(pattern=r"^(sha256:[0-9A-Fa-f]{64}|[^\s:]{16,})$")]
Span = Annotated[timedelta, Field(gt=timedelta(0), le=LONGEST)]
Reach = Annotated[timedelta, Field(ge=timedelta(0), le=LONGEST)]
Origin = Annotated[str, Field(pattern=r"^(\*|null|https?://[^\s/?#@]+)$")]
HostAndPort = Annotated[str, Field(pattern=r"^[^\s/@]+:[0-9]{1,5}$")]


class BrokerTls(BaseModel):
    """The files in PEM that TLS with a broker needs where the certificates of the web are not enough."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ca: Path | None = Field(None, description="who signed the certificate of the broker")
    certificate: Path | None = Field(None, description="the certificate that this service shows")
    key: Path | None = Field(None, description="its key, where it is not in the same file")

    @model_validator(mode="after")
    def _require_certificate(self) -> BrokerTls:
        if self.certificate is None and (self.key is not None or self.ca is None):
            raise ValueError("give ca, or certificate with its key, or both")
        return self


def _allowed_host(text: str) -> str:
    """Check `name` or `name:port`, also of an IPv6 address with brackets or without."""
    bare = text.replace("[", "").replace("]", "")
    name, _, port = bare.rpartition(":")
    has_port = bool(name) and port.isdecimal() and len(port) < 6 and (bare.count(":") == 1 or "]:" in text)
    try:
        check_host(name if has_port else bare)
    except ValueError as error:
        raise ValueError(f"{error}; write `name` or `name:port`, without http://") from error
    return text


def _url(text: str) -> str:
    """Check that a URL names a host that can be."""
    parts = urlsplit(text)
    check_host(parts.hostname or "")
    if parts.port == 0:
        raise ValueError("the port is a number from 1 to 65535")
    return text


AllowedHost = Annotated[str, AfterValidator(_allowed_host)]
Url = Annotated[str, AfterValidator(_url)]


class Settings(BaseSettings):
    """The settings of `weps serve`, with their defaults. Durations are ISO 8601 (`PT1H`) or seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    base_url: Url | None = Field(
        None,
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        description="how clients reach this service, when it is behind a proxy",
    )
    data: Path = Field(Path("var"), description="directory of everything that is kept")
    database: str | None = Field(
        None, description="SQLAlchemy URL of the store; default: weps.db in the data directory"
    )
    open: bool = Field(False, description="listen on an address that others can reach, although there are no keys yet")
    allowed_hosts: frozenset[AllowedHost] = Field(
        frozenset(),
        description="hosts (`name` or `name:port`) that may be asked although their addresses are private",
    )
    request_timeout: Span = Field(timedelta(seconds=60), description="total time for one request to a source")
    answer_limit: int = Field(64 * 2**20, ge=2**10, description="largest answer of a source in octets")
    body_limit: int = Field(16 * 2**20, ge=2**10, description="largest body that clients may send in octets")
    overlap: Reach = Field(timedelta(days=1), description="how late an observation may come and still be evaluated")
    lookback: Reach = Field(timedelta(days=1), description="how far a slow series may lag behind the others")
    catch_up_step: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=LONGEST)] = Field(
        timedelta(days=7), description="longest time asked for at once after an outage"
    )
    polls_at_once: int = Field(8, ge=1, le=256, description="polls that run side by side")
    polls_per_host: int = Field(4, ge=1, le=64, description="polls, and requests, of one host that run side by side")
    requests_per_second: float = Field(
        20.0, ge=0, allow_inf_nan=False, description="requests to one host that begin in a second; 0 is no limit"
    )
    source_failures: int = Field(
        3, ge=1, le=1000, description="failed polls in a row after which subscribers are told that their source is down"
    )
    stale_after: float = Field(
        10.0,
        ge=0,
        allow_inf_nan=False,
        description="subscribers are told that their source is silent when it had nothing new for so many times the "
        "usual distance; 0 tells nobody",
    )
    series_stale_after: float = Field(
        10.0,
        ge=0,
        allow_inf_nan=False,
        description="subscribers are told that a series is silent when it had nothing new for so many times its usual "
        "distance while others of its source go on; 0 tells nobody",
    )
    capabilities_every: Annotated[timedelta, Field(ge=timedelta(minutes=1))] = Field(
        timedelta(days=1), description="how often the capabilities of sources are read, and compared with those before"
    )
    cors_origins: frozenset[Origin] = Field(
        frozenset(), description="origins whose pages may read answers in browsers (`https://maps.example.org`, or `*`)"
    )
    publish_tokens: frozenset[PublishToken] = Field(
        frozenset(),
        description="tokens of which one is needed to post to /store/InsertRSS, as they are or as sha256:HEX; without "
        "any, everybody may post where only this machine is served",
    )
    posts_per_minute: int = Field(
        600,
        ge=0,
        le=1_000_000,
        description="posts to /store/InsertRSS that one poster may make in a minute; 0 is no limit",
    )
    cap_sender: str | None = Field(
        None, pattern=r"^[^\s,<&]+$", description="who sends CAP messages; default: weps@ and the host of base_url"
    )
    broker_logins: dict[HostAndPort, SecretStr] = Field(
        {}, description="`user:password` for brokers of MQTT that are listened to, by `host:port`"
    )
    broker_tls: dict[HostAndPort, BrokerTls] = Field(
        {},
        description="files for `mqtts://` brokers with a CA of their own (`ca`), or that want a certificate of this "
        "service (`certificate`, `key`), by `host:port`",
    )
    sos_retention: dict[str, Span] = Field(
        {}, description="how long the SOS at /sos keeps observations, by offering; `*` is every other one"
    )
    smtp: SecretStr | None = Field(
        None,
        description="the mail server: smtp+starttls://user:password@host:587, smtps://…, or smtp://host without TLS; "
        "without it no e-mail is sent",
    )
    mail_from: str | None = Field(
        None, pattern=r"^[^\s@<>,]+@[^\s@<>,]+$", description="the sender of e-mail; default: weps@ and the mail server"
    )
    mail_per_hour: int = Field(
        10, ge=1, le=10_000, description="alerts that a mailbox gets one by one in an hour; above that in digests"
    )
    mail_digest: Span = Field(timedelta(minutes=10), description="time from one digest to the next")
    websub_hub: Url | None = Field(
        None, pattern=r"^https?://[^\s@]+$", description="WebSub hub that is told when a feed has news"
    )
    keep_alerts: Annotated[timedelta, Field(ge=timedelta(days=7))] = Field(
        timedelta(days=400), description="how long alerts of closed episodes are kept"
    )
    keep_deliveries: Span = Field(timedelta(days=30), description="how long deliveries that are over are kept")
    echo_process: bool = Field(True, description="offer the process that echoes its inputs, for tests of clients")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="what is logged")

    @property
    def everybody_may_publish(self) -> bool:
        """Whether posting needs no token: said so, or only this machine is served."""
        reached_as = urlsplit(self.base_url).hostname if self.base_url else self.host
        return self.open or (self.host in LOOPBACK and reached_as in LOOPBACK)

    @property
    def database_url(self) -> str:
        """The URL of the store."""
        return self.database or f"sqlite:///{self.data / 'weps.db'}"


def read_settings(file: Path | None = None, **given: Any) -> Settings:
    """
    Read the settings: the given ones over the environment over the file. Raises `SettingsError`.

    Without a file, `config/weps.toml` below the current directory is read where it exists.
    """
    if file is not None and not file.is_file():
        raise SettingsError(f"there is no file {file}")
    default = Path("config/weps.toml")
    source = file or (default if default.is_file() else None)
    unknown = [name for name in os.environ if name.startswith(PREFIX) and _member(name) not in Settings.model_fields]
    if unknown:
        raise SettingsError(f"there is no setting {unknown[0]}; known are {', '.join(_variables())}")
    try:
        settings = _reader(source)(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise SettingsError(_told(error)) from None  # what is secret in it must not be shown with the cause either
    except PydanticSettingsError as error:  # of a variable that should be JSON
        raise SettingsError(f'{str(error).partition(" from source")[0]}; a list is written as ["…", "…"]') from error
    except ValueError as error:
        raise SettingsError(f"{source}: {str(error).splitlines()[0]}; write it as TOML in UTF-8") from error
    if settings.host not in LOOPBACK and not settings.open:
        raise SettingsError(
            f"host {settings.host} can be reached by others, and there are no keys yet: say --open if you mean it"
        )
    return settings


def _reader(file: Path | None) -> type[Settings]:
    """Give the settings class that also reads a file: command line over environment over file."""

    class FileSettings(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)

    return FileSettings


def _member(variable: str) -> str:
    return variable.removeprefix(PREFIX).lower()


def _variables() -> list[str]:
    return [PREFIX + name.upper() for name in Settings.model_fields]


def _told(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"there is no setting {name!r}; known are {', '.join(Settings.model_fields)}"
    found = first["input"]
    shown = str(found) if isinstance(found, timedelta) else repr(found)
    given = "" if first["loc"] and first["loc"][0] in SECRETS else f" (it is {shown})"
    wrong = "is no duration such as PT10M or P1D" if first["type"] == "time_delta_parsing" else first["msg"]
    return f"setting {name}: {wrong}{given}"
