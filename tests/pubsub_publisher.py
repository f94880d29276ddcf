"""A publisher of OGC Pub/Sub 1.0 on loopback: Subscribe, Renew and Unsubscribe in SOAP 1.2, and Notify."""

from __future__ import annotations

from dataclasses import dataclass, field

import requests
from lxml import etree

from tests.loopback import Loopback, Request
from tests.weps.processes.validity import require_valid

PUBSUB = "{http://www.opengis.net/pubsub/1.0}"
GML = "{http://www.opengis.net/gml/3.2}"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
ENVELOPE = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{{}}</s:Body></s:Envelope>'
RESPONSE = """<p:SubscribeResponse xmlns:p="http://www.opengis.net/pubsub/1.0" xmlns:gml="http://www.opengis.net/gml/3.2">
<p:Subscription><p:SubscriptionIdentifier>urn:s:{number}</p:SubscriptionIdentifier>
<p:PublicationIdentifier>{publication}</p:PublicationIdentifier>
<p:TerminationTime gml:id="t"><gml:timePosition>{end}</gml:timePosition></p:TerminationTime>
<p:DeliveryLocation>{location}</p:DeliveryLocation><p:DeliveryMethod>urn:soap</p:DeliveryMethod>
<p:ContentType>application/xml</p:ContentType></p:Subscription></p:SubscribeResponse>"""
DONE = '<p:{name}Response xmlns:p="http://www.opengis.net/pubsub/1.0"/>'
REPORT = """<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">x</s:Text></s:Reason>
<s:Detail><ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="1.0.0"><ows:Exception
exceptionCode="{code}"><ows:ExceptionText>{text}</ows:ExceptionText></ows:Exception></ows:ExceptionReport></s:Detail></s:Fault>"""
NOTIFY = """<w:Notify xmlns:w="http://docs.oasis-open.org/wsn/b-2"><w:NotificationMessage><w:Message>{}</w:Message>
</w:NotificationMessage></w:Notify>"""


@dataclass
class Publisher:
    """
    The publisher; `asked` has the names of the requests, `subscribers` the addresses by subscription.

    `end` is until when it grants a subscription, None as long as it is asked for; with `refusal` it refuses all.
    """

    publications: tuple[str, ...] = ("urn:levels",)
    end: str | None = None
    refusal: tuple[str, str] | None = None
    asked: list[str] = field(default_factory=list)
    subscribers: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Publisher:
        owner = self

        class Handler(Request):
            def post(self) -> None:
                status, body = owner.answer(self.body())
                self.answer(status, ENVELOPE.format(body).encode(), Content_Type="application/soap+xml")

        self._server = Loopback(Handler)
        self.url = f"{self._server.url}/pubsub"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def answer(self, body: bytes) -> tuple[int, str]:
        """Answer a request, which has to be valid."""
        require_valid(body)
        (request,) = etree.fromstring(body).find(f"{{{SOAP}}}Body")
        name = etree.QName(request).localname
        self.asked.append(name)
        if self.refusal is not None:
            return 400, REPORT.format(code=self.refusal[0], text=self.refusal[1])
        if name == "Subscribe":
            return self._subscribe(request)
        identifier = request.findtext(f"{PUBSUB}SubscriptionIdentifier")
        if identifier not in self.subscribers:
            return 400, REPORT.format(code="InvalidParameterValue", text="there is no such subscription")
        if name == "Unsubscribe":
            del self.subscribers[identifier]
        return 200, DONE.format(name=name)

    def _subscribe(self, request: etree._Element) -> tuple[int, str]:
        publication = request.findtext(f"{PUBSUB}PublicationIdentifier")
        if publication not in self.publications:
            return 400, REPORT.format(code="InvalidParameterValue", text="there is no such publication")
        location = request.findtext(f"{PUBSUB}DeliveryLocation")
        number = self.asked.count("Subscribe")
        self.subscribers[f"urn:s:{number}"] = location
        end = self.end or request.findtext(f"{PUBSUB}TerminationTime/{GML}timePosition")
        return 200, RESPONSE.format(number=number, publication=publication, end=end, location=location)

    def publish(self, document: str) -> list[int]:
        """Post a document to all subscribers; gives what they answered."""
        body = ENVELOPE.format(NOTIFY.format(document)).encode()
        headers = {"Content-Type": "application/soap+xml"}
        return [
            requests.post(each, body, headers=headers, timeout=10).status_code for each in self.subscribers.values()
        ]
