"""Run by alembic: applies the migrations on the connection that `storage/base.py` hands over."""

from __future__ import annotations

from alembic import context

from sos_server.storage.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
