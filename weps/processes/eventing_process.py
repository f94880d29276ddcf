"""
The process `org.n52.wps.extension.EventingProcess` of 52°North, as the OGC IMIS IoT Pilot used it.

Plain numbers are milliseconds. A template as a URL keeps its parameters when an endpoint comes with it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from weps.errors import MissingInputError
from weps.model import NewSubscription, Target
from weps.processes.base import (
    XML,
    Complex,
    Context,
    Format,
    InputSpec,
    Kind,
    Literal,
    Outputs,
    OutputSpec,
    ProcessSpec,
)
from weps.processes.rule_inputs import rule_of_document
from weps.processes.source_inputs import TEMPLATE_FORMATS, source_of_template
from weps.processes.subscribing import subscribe

if TYPE_CHECKING:
    from weps.model import Source, Subscription
    from weps.processes.inputs import Inputs

IDENTIFIER = "org.n52.wps.extension.EventingProcess"
NAMES = {"rule": "notification-rule", "samplingRate": "sampling-rate", "sink": "notification-endpoint"}
DEFAULT_SAMPLING_RATE = timedelta(minutes=10)
_MILLISECONDS = ("ms", "s", "min", "h", "d")


def _source(inputs: Inputs) -> tuple[Source, str]:
    """Give the source and the input that it came in: the document goes before the URL, as in the pilot."""
    endpoint = inputs.text("sos-endpoint")
    document, url = inputs.document("pox-getobservation-template"), inputs.text("kvp-getobservation-template")
    if url is not None:
        source = source_of_template(url, endpoint, "kvp-getobservation-template")
        if document is None:
            return source, "kvp-getobservation-template"
        endpoint = source.endpoint
    if document is None:
        raise MissingInputError(
            "No template is given: send kvp-getobservation-template, or pox-getobservation-template and sos-endpoint.",
            "kvp-getobservation-template",
        )
    if endpoint is None:
        raise MissingInputError("A template as a document needs the endpoint of the SOS as well.", "sos-endpoint")
    return source_of_template(document.text, endpoint, "pox-getobservation-template"), "pox-getobservation-template"


def _handle(inputs: Inputs, context: Context) -> Outputs:
    rule = inputs.document("notification-rule")
    if rule is None:
        raise MissingInputError("The input notification-rule is missing.", "notification-rule")
    source, source_input = _source(inputs)
    target = inputs.texts("notification-endpoint")[0]
    new = NewSubscription(
        rule=rule_of_document(rule, "notification-rule"),
        source=source,
        sampling_rate=inputs.duration("sampling-rate") or DEFAULT_SAMPLING_RATE,
        runtime=inputs.duration("runtime"),
        targets=(Target("insert-rss", target),),
        process=IDENTIFIER,
    )
    return _outcome(subscribe(context, new, {**NAMES, "source": source_input}), context)


def _outcome(subscription: Subscription, context: Context) -> Outputs:
    return {"notification-endpoint": next((target.address for target in subscription.targets), "")}


EVENTING_PROCESS = ProcessSpec(
    identifier=IDENTIFIER,
    title="Eventing process of the IMIS IoT Pilot",
    abstract="Asks an SOS again and again, evaluates an EML rule on what came, and posts notifications to a data "
    "store. Numbers without a unit are milliseconds.",
    version="1.1.0",
    inputs=(
        InputSpec("notification-rule", "The EML rule", Complex((Format(XML),)), min_occurs=1),
        InputSpec(
            "sampling-rate",
            "How often to ask",
            Literal(Kind.DURATION, uoms=_MILLISECONDS, published_type="long"),
            "In milliseconds without a unit; 10 minutes if left out.",
        ),
        InputSpec(
            "runtime",
            "How long to watch",
            Literal(Kind.DURATION, uoms=_MILLISECONDS, published_type="long", unlimited="-1"),
            "In milliseconds without a unit; -1, and leaving it out, means until cancelled.",
        ),
        InputSpec(
            "notification-endpoint",
            "The address of the data store",
            Literal(Kind.URL),
            "Notifications are posted to its InsertRSS operation.",
            min_occurs=1,
        ),
        InputSpec(
            "sos-endpoint",
            "The address of the SOS",
            Literal(Kind.URL),
            "Needed with a template as a document; with one as a URL, that address is asked instead.",
        ),
        InputSpec(
            "pox-getobservation-template",
            "The GetObservation request as a document",
            Complex(TEMPLATE_FORMATS),
            "Goes before kvp-getobservation-template. Without a time filter, which is added at each poll.",
        ),
        InputSpec(
            "kvp-getobservation-template",
            "The GetObservation request as a URL",
            Literal(published_type="anyURI"),
            "Without a time filter, which is added at each poll.",
        ),
    ),
    outputs=(OutputSpec("notification-endpoint", "The address of the data store", Literal(Kind.URL)),),
    handler=_handle,
    outcome=_outcome,
)
