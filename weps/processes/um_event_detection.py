"""
The process `gs:UMEventDetection` of the University of Melbourne, as the report of the OGC IMIS IoT Pilot shows it.

Plain numbers are seconds, its raw output is exactly `Running`, and every observation that meets the condition is
told to the data store for notifications.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.errors import InputError, SourceRefused
from weps.model import NewSubscription, Target
from weps.processes.base import Context, InputSpec, Kind, Literal, Outputs, OutputSpec, ProcessSpec
from weps.processes.inputs import DURATION_UNITS
from weps.processes.rule_inputs import ONE_BOUND, threshold_rule
from weps.processes.source_inputs import source_of_template
from weps.processes.subscribing import check_address, subscribe

if TYPE_CHECKING:
    from datetime import timedelta

    from weps.model import Source, Subscription
    from weps.processes.inputs import Inputs

IDENTIFIER = "gs:UMEventDetection"
NAMES = {
    "rule": "threshold",
    "source": "getObservationTemplate",
    "samplingRate": "intervalRate",
    "runtime": "duration",
    "sink": "dataStoreForNotificationEndpoint",
}
_SECONDS = Literal(Kind.DURATION, uoms=DURATION_UNITS, published_type="string")


def _handle(inputs: Inputs, context: Context) -> Outputs:
    source = source_of_template(inputs.texts("getObservationTemplate")[0], None, "getObservationTemplate")
    check_address(context, source.endpoint, "getObservationTemplate")
    new = NewSubscription(
        rule=threshold_rule(inputs, "every"),
        source=source,
        sampling_rate=_interval(inputs),
        runtime=inputs.duration("duration"),
        targets=(Target("insert-rss", inputs.texts("dataStoreForNotificationEndpoint")[0]),),
        process=IDENTIFIER,
    )
    _require_series(context, source)
    return _outcome(subscribe(context, new, NAMES), context)


def _outcome(subscription: Subscription, context: Context) -> Outputs:
    return {"wpsResult": "Running"}


def _interval(inputs: Inputs) -> timedelta:
    interval = inputs.duration("intervalRate")
    if interval is None:
        raise InputError("intervalRate must be a duration.", "intervalRate")
    return interval


def _require_series(context: Context, source: Source) -> None:
    try:
        exists = context.engine.series_exists(source)
    except SourceRefused as error:
        raise InputError(str(error), "getObservationTemplate") from error
    if not exists:
        raise InputError(
            f"The SOS at {source.endpoint} has no series of the offering, procedure and property in the template; "
            "ask it for GetCapabilities or GetDataAvailability, and correct their names.",
            "getObservationTemplate",
        )


UM_EVENT_DETECTION = ProcessSpec(
    identifier=IDENTIFIER,
    title="Event detection of the University of Melbourne",
    abstract="Asks an SOS again and again and tells a data store for notifications of every observation that meets "
    "the condition. Numbers without a unit are seconds.",
    version="1.0.0",
    inputs=(
        InputSpec(
            "getObservationTemplate",
            "The GetObservation request as a URL",
            Literal(published_type="anyURI"),
            "Without a time filter, which is added at each poll.",
            min_occurs=1,
        ),
        InputSpec("condition", "The condition", Literal(allowed=ONE_BOUND), "How a value is compared.", min_occurs=1),
        InputSpec("threshold", "The threshold", Literal(), "What a value is compared with.", min_occurs=1),
        InputSpec("intervalRate", "How often to ask", _SECONDS, "ISO 8601, or a number of seconds.", min_occurs=1),
        InputSpec("duration", "How long to watch", _SECONDS, "ISO 8601, or a number of seconds.", min_occurs=1),
        InputSpec(
            "dataStoreForNotificationEndpoint",
            "The address of the data store for notifications",
            Literal(Kind.URL),
            "Alerts are posted to its InsertRSS operation.",
            min_occurs=1,
        ),
    ),
    outputs=(OutputSpec("wpsResult", "The state of the process", Literal(), "Running"),),
    handler=_handle,
    outcome=_outcome,
)
