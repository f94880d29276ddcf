"""The process `weps:Unsubscribe`: end a subscription; its feed and its alerts stay."""

from __future__ import annotations

from weps.processes.managing import steering

UNSUBSCRIBE = steering(
    "weps:Unsubscribe",
    "End a subscription",
    "Stops watching. Alerts that were published stay in the feed. Ending it twice is no error.",
    act=lambda engine, identifier: engine.cancel(identifier),
    then="its feed stays readable",
)
