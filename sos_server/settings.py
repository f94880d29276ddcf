"""
The settings of the service: defaults, over them `config/sos_server.toml`, over that environment variables `SOS_*`.

A setting that is wrong or unknown stops the start with one line that names it.
"""

from __future__ import annotations

import json
import os
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from annotated_types import Ge, Gt, Le
from pydantic import AnyHttpUrl, BeforeValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "SOS_"
DEFAULT_FILE = Path("config/sos_server.toml")


class SettingsError(Exception):
    """A setting is wrong or unknown; the text names it and says what is."""


def _from_json(value: Any) -> Any:
    """Read a table that stands in an environment variable."""
    return json.loads(value) if isinstance(value, str) else value


Span: TypeAlias = Annotated[timedelta, Gt(timedelta(0))]


class Settings(BaseSettings):
    """All settings; times and sizes say their unit in their name."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Ge(1), Le(65535)] = 8081
    workers: Annotated[int, Ge(1), Le(64)] = 1  # processes that answer at the port, side by side; more than 1 on Linux
    data: Path = Path("var")  # the folder of the database
    database: str | None = None  # a database URL, instead of a file in `data`
    base_url: AnyHttpUrl | None = None  # the address that clients reach; taken from the request where it is not set
    request_limit_bytes: Annotated[int, Ge(1024)] = 32 * 1024 * 1024
    request_limit_seconds: Annotated[float, Gt(0)] = 60.0  # within which a body has to arrive
    answer_pause_seconds: Annotated[float, Gt(0)] = 120.0  # that a client may take nothing of a long answer
    retention: Annotated[dict[str, Span], BeforeValidator(_from_json)] = {}  # by offering; `*` is every other one
    merge_observations: bool = False  # GetObservation gives an array for each series, where a request does not say
    counts_as_measures: bool = True  # counts go out as measures of unit 1, which more clients read than integers
    strict_spatial_filtering: bool = False  # every observation has to tell where it was made
    title: str = "Sensor Observation Service"
    abstract: str = "Sensor observations, served by the SOS that comes with WEPS."
    provider_name: str = "WEPS"
    provider_site: AnyHttpUrl | None = None

    @property
    def database_url(self) -> str:
        """Where the database is: the URL that is set, or a SQLite file in the data folder."""
        return self.database or f"sqlite:///{self.data / 'sos.sqlite'}"


def load_settings(file: Path | None = None, **given: Any) -> Settings:
    """
    Read the settings; `given` goes over everything, values that are None are left out.

    Without `file` the default one is read where it exists. Raises `SettingsError`.
    """
    values = _read(file) if file is not None else _read(DEFAULT_FILE) if DEFAULT_FILE.exists() else {}
    known = Settings.model_fields
    from_environment = {
        name.removeprefix(PREFIX).lower(): value for name, value in os.environ.items() if name.startswith(PREFIX)
    }
    unknown = sorted(set(from_environment) - set(known))
    if unknown:
        raise SettingsError(f"there is no setting {PREFIX}{unknown[0].upper()}; there are {_names()}")
    values |= from_environment | {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            raise SettingsError(f"there is no setting {name}; there are {_names()}") from error
        raise SettingsError(f"the setting {name} is wrong: {first['msg']} (it is {first['input']!r})") from error


def _names() -> str:
    return ", ".join(sorted(Settings.model_fields))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is no TOML: {error}") from error
