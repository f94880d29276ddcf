"""
The store: everything that must survive a power cut, in one database, one part a file.

`Database` opens it; `Store` is all of its parts.
"""

from weps.store.alerts import Alerts
from weps.store.attempts import Attempts
from weps.store.changing import Changing
from weps.store.deliveries import Deliveries
from weps.store.episodes import Episodes
from weps.store.feeds import BatchTransaction, Feeds, RuleState, StateKey
from weps.store.flapping import Flapped
from weps.store.groups import Groups
from weps.store.inhibitions import Inhibitions
from weps.store.items import Items
from weps.store.jobs import Jobs
from weps.store.joining import Joining
from weps.store.notices import NoticeList
from weps.store.outbox import Outbox
from weps.store.retention import Retention
from weps.store.rule_versions import RuleVersions
from weps.store.service_keys import ServiceKeys
from weps.store.services import Services
from weps.store.silences import Silences
from weps.store.sources import Sources
from weps.store.subscriptions import Subscriptions
from weps.store.webhook_secrets import WebhookSecrets

__all__ = ["BatchTransaction", "RuleState", "StateKey", "Store"]


class Store(
    Subscriptions,
    Changing,
    RuleVersions,
    Feeds,
    Joining,
    Alerts,
    Outbox,
    Attempts,
    Deliveries,
    Items,
    NoticeList,
    Jobs,
    ServiceKeys,
    Services,
    Sources,
    Retention,
    Episodes,
    Silences,
    WebhookSecrets,
    Inhibitions,
    Groups,
    Flapped,
):
    """All parts of the store on one database."""
