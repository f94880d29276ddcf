"""The process `weps:Pause`: stop watching for a while."""

from __future__ import annotations

from weps.processes.managing import steering

PAUSE = steering(
    "weps:Pause",
    "Pause a subscription",
    "Stops watching for a while: nothing is asked of the source for it and nothing is evaluated. Its lifetime goes on, "
    "its feed stays readable. Pausing it twice is no error.",
    act=lambda engine, identifier: engine.pause(identifier),
    then="its feed stays readable",
)
