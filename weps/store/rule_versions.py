"""The rules that subscriptions have and had, so that the version that an alert names leads to its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from weps.errors import NotFoundError
from weps.model import RuleText, RuleVersion
from weps.store.database import Database
from weps.store.tables import RULE_VERSIONS, SUBSCRIPTIONS

if TYPE_CHECKING:
    from datetime import datetime


class RuleVersions(Database):
    """Every version of every rule; those of one subscription are few."""

    def rule_versions(self, subscription_id: str) -> tuple[RuleVersion, ...]:
        """Give the versions of a subscription's rule, oldest first, with how many alerts each of them gave."""
        mine = RULE_VERSIONS.c.subscription_id == subscription_id
        query = select(RULE_VERSIONS).where(mine).order_by(RULE_VERSIONS.c.version)
        count = select(SUBSCRIPTIONS.c.alert_count).where(SUBSCRIPTIONS.c.id == subscription_id)
        with self.reading() as connection:
            rows = connection.execute(query).all()
            total = connection.execute(count).scalar_one_or_none() or 0
        before = [*(row.alerts_before for row in rows[1:]), total]
        return tuple(
            RuleVersion(row.version, RuleText(row.language, row.text, row.name), row.since, until - row.alerts_before)
            for row, until in zip(rows, before, strict=False)
        )

    def rule_version(self, subscription_id: str, version: int) -> RuleVersion:
        """Give one version of a subscription's rule; raises `NotFoundError`."""
        for known in self.rule_versions(subscription_id):
            if known.version == version:
                return known
        raise NotFoundError(f"there is no version {version} of the rule of subscription {subscription_id!r}")


def add_rule_version(
    connection: Connection, subscription_id: str, version: int, rule: RuleText, now: datetime, *, alerts_before: int = 0
) -> None:
    """Keep a version of a rule; `alerts_before` is how many alerts its subscription had given until then."""
    connection.execute(
        RULE_VERSIONS.insert(),
        {
            "subscription_id": subscription_id,
            "version": version,
            "language": rule.language,
            "text": rule.text,
            "name": rule.name,
            "since": now,
            "alerts_before": alerts_before,
        },
    )
