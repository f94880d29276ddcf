"""The process `weps:Resume`: go on watching after a pause."""

from __future__ import annotations

from weps.processes.managing import steering

RESUME = steering(
    "weps:Resume",
    "Resume a subscription",
    "Goes on watching from now on, as a new subscription would: with a first look at the newest observations. What was "
    "observed during the pause is not evaluated, windows begin anew, and an alert that was on at the pause is not "
    "resolved afterwards. One that is not paused stays as it is.",
    act=lambda engine, identifier: engine.resume(identifier),
    then="what was observed during a pause is not evaluated",
)
