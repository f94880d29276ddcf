"""
A hub of WebSub on loopback with its topics: it verifies intent, signs what it pushes, denies, and ends (W3C WebSub).

Topics are documents at `/topics/{name}` that name the hub in their headers, or in what they say themselves.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import requests

from tests.loopback import Loopback, Request


@dataclass
class Subscriber:
    """Who has confirmed a topic."""

    callback: str
    topic: str
    secret: str | None


@dataclass
class WebSubHub:
    """
    The hub. `asked` has the forms that it was sent, `subscribers` who is pushed to; with `denial` it denies topics.

    A topic is its body, media type and headers; `{hub}` and `{self}` stand for the addresses. Without `verifies` it
    takes requests, and nothing comes of them.
    """

    lease: int = 3600
    denial: str | None = None
    verifies: bool = True
    topics: dict[str, tuple[str, str, dict[str, str]]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    subscribers: dict[str, Subscriber] = field(default_factory=dict)

    def __enter__(self) -> WebSubHub:
        owner = self

        class Handler(Request):
            def get(self) -> None:
                body, kind, headers = owner.topics[self.path.removeprefix("/topics/")]
                names = {"hub": owner.url, "self": f"http://{owner.host}{self.path}"}
                content = body.replace("{hub}", owner.url).replace("{self}", names["self"]).encode()
                named = {name: value.format(**names) for name, value in headers.items()}
                self.answer(200, content, **{"Content-Type": kind} | named)

            def post(self) -> None:
                form = {name: values[0] for name, values in parse_qs(self.body().decode()).items()}
                owner.asked.append(form)
                self.answer(202)
                if owner.verifies:
                    threading.Thread(target=owner.verify, args=(form,), daemon=True).start()

        self._server = Loopback(Handler)
        self.host = self._server.host
        self.url = f"http://{self.host}/hub"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def topic(self, name: str) -> str:
        """The address of a topic."""
        return f"http://{self.host}/topics/{name}"

    def verify(self, form: dict[str, str]) -> None:
        """Deny what was asked for, or ask whether it is meant (clause 5.3)."""
        callback, mode, topic = form["hub.callback"], form["hub.mode"], form["hub.topic"]
        if self.denial is not None and mode == "subscribe":
            denied = {"hub.mode": "denied", "hub.topic": topic, "hub.reason": self.denial}
            requests.get(callback, params=denied, timeout=10)
            return
        challenge = secrets.token_hex(8)
        asked = {"hub.mode": mode, "hub.topic": topic, "hub.challenge": challenge}
        lease = {"hub.lease_seconds": str(self.lease)} if mode == "subscribe" else {}
        answer = requests.get(callback, params={**asked, **lease}, timeout=10)
        if not answer.ok or answer.text != challenge:
            return
        if mode == "subscribe":
            self.subscribers[callback] = Subscriber(callback, topic, form.get("hub.secret"))
        else:
            self.subscribers.pop(callback, None)

    def push(self, topic: str, body: bytes, method: str = "sha256") -> list[int]:
        """Push a document to all who have confirmed its topic; gives what they answered."""
        statuses = []
        for each in [each for each in self.subscribers.values() if each.topic == topic]:
            headers = {"Content-Type": "application/json", "Link": f'<{self.url}>; rel="hub", <{topic}>; rel="self"'}
            if each.secret is not None:
                signed = hmac.new(each.secret.encode(), body, method).hexdigest()
                headers["X-Hub-Signature"] = f"{method}={signed}"
            statuses.append(requests.post(each.callback, body, headers=headers, timeout=10).status_code)
        return statuses
