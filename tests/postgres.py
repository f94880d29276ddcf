"""A real PostgreSQL for tests: started once per process on a socket in a temporary folder, thrown away at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# nothing here is to survive a power cut; what is tested is that a commit is asked for
_SETTINGS = ("fsync=off", "full_page_writes=off", "listen_addresses=", "max_connections=200", "shared_buffers=64MB")
_SUPERUSER = "postgres"
# the server ends with the tests, also when they are killed: then nobody holds the other end of what is read here
_UNTIL_CLOSED = '"$@" & server=$!; read _; kill -QUIT $server; wait $server'


@dataclass
class Cluster:
    """A running server; each test gets a database of its own."""

    socket: Path
    numbers: Iterator[int] = field(default_factory=count)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{_SUPERUSER}@/{name}?host={self.socket}"

    def new_database(self) -> str:
        """Make an empty database and give its URL."""
        name = f"test_{next(self.numbers)}"
        with self.connect() as connection:
            # copying the files takes half the time of writing all of them to the log, which is the default since 15
            strategy = " STRATEGY file_copy" if connection.info.server_version >= 150_000 else ""
            connection.execute(f"CREATE DATABASE {name}{strategy}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Throw a database away, whoever is connected: each takes eight megabytes, and there are hundreds."""
        name = url.partition("@/")[2].partition("?")[0]
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def connect(self) -> psycopg.Connection[Any]:
        """Speak to the server as who may do anything."""
        return psycopg.connect(f"host={self.socket} user={_SUPERUSER} dbname=postgres", autocommit=True)


def find_binaries() -> Path | None:
    """The folder of PostgreSQL's programs; the newest version where there are several."""
    in_path = shutil.which("initdb")
    if in_path is not None:
        return Path(in_path).parent
    installed = [each.parent for each in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(installed, key=lambda folder: int(folder.parent.name), default=None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A server for the session; without PostgreSQL the test is skipped, but not in CI."""
    binaries = find_binaries()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is needed in CI, and initdb is neither in PATH nor below /usr/lib/postgresql")
        pytest.skip("needs PostgreSQL: initdb is neither in PATH nor below /usr/lib/postgresql")
    # the path of a socket is limited to about a hundred characters, so it is not in pytest's own folder
    with TemporaryDirectory(prefix="weps-pg-", dir="/tmp") as name:
        folder = Path(name)
        account = _account()
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)

        # PostgreSQL refuses to be run by root
        identity = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        with (folder / "server.log").open("ab") as log:
            rest: dict[str, Any] = {"cwd": folder, "stdout": log, "stderr": log, **identity}
            initdb = [binaries / "initdb", "-D", "data", "-A", "trust", "-U", _SUPERUSER, "-E", "UTF8", "--no-sync"]
            if subprocess.run(initdb, check=False, **rest).returncode:
                raise RuntimeError(f"initdb failed: {(folder / 'server.log').read_text()[-2000:]}")
            settings = [part for each in (*_SETTINGS, f"unix_socket_directories={folder}") for part in ("-c", each)]
            command = ["sh", "-c", _UNTIL_CLOSED, "sh", binaries / "postgres", "-D", "data", *settings]
            server = subprocess.Popen(command, stdin=subprocess.PIPE, **rest)
        try:
            cluster = Cluster(folder)
            _wait(cluster, server)
            yield cluster
        finally:
            server.communicate()


def _wait(cluster: Cluster, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < until:
        try:
            cluster.connect().close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL does not answer: {(cluster.socket / 'server.log').read_text()[-2000:]}")


def _account() -> pwd.struct_passwd | None:
    """Who runs the server where the tests are run by root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    accounts = {each.pw_name: each for each in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]
