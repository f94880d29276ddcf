"""Alerts by mail through the ledger: digests, restarts, and mailboxes that are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from tests.weps.delivery.receiver import NO_JITTER, NOW, add, events, outbox, run, send_all
from tests.weps.notify.mail_server import mail_channel
from tests.weps.notify.stores import subscribe
from weps.channels import create_channels
from weps.delivery.dispatcher import Dispatcher
from weps.ledger import LedgerSelection
from weps.model import Changes, DeliveryStatus, Target
from weps.notify.mail import EmailChannel, MailServer, Pace
from weps.settings import Settings

MILLISECOND = timedelta(milliseconds=1)


def test_mails_that_come_too_fast_wait_for_the_digest(store, serve, box):
    """
    Two go out at once, the rest waits without an attempt, and goes out as one mail.
    """
    moment = [0.0]
    server = MailServer("smtp", "127.0.0.1", serve())
    mail = EmailChannel(server, "weps@example.org", "http://a.example", Pace(2, 3600, 600), clock=lambda: moment[0])
    subscription = subscribe(store)
    targets = (Target("email", "duty@example.org"),)
    subscription = store.update_subscription(subscription, Changes(targets=targets), "", NOW, None)
    add(store, subscription, *events(6))

    run(store, {"email": mail}, NOW)
    before = len(box.mails), [row[:2] for row in outbox(store)]
    moment[0] = 600.0
    run(store, {"email": mail}, NOW)

    assert before == (2, [("delivered", 1)] * 2 + [("queued", 0)] * 4)
    assert len(box.mails) == 3
    assert {row[:2] for row in outbox(store)} == {("delivered", 1)}


def test_what_was_mailed_before_a_restart_counts(store, serve, box):
    """
    Three mails an hour: whoever is started again after two sends one, and the digest comes when it would have come.
    """
    begun = datetime.now(UTC)
    settings = Settings(smtp=f"smtp://127.0.0.1:{serve()}", mail_per_hour=3, mail_digest=timedelta(minutes=10))
    subscription = subscribe(store)
    targets = (Target("email", "duty@example.org"),)
    subscription = store.update_subscription(subscription, Changes(targets=targets), "", NOW, None)

    def send(first: int, number: int, now: datetime) -> None:
        """Send as a service does that has just been started."""
        add(store, subscription, *events(number, first), stored=now)
        ticks = count(0)
        channels = create_channels(settings, store, "http://weps.example.org", frozenset())
        send_all(Dispatcher(store, channels, back_off=NO_JITTER, clock=lambda: now + next(ticks) * MILLISECOND), now)

    send(1, 2, begun - timedelta(minutes=9))
    after_two = len(box.mails)
    send(3, 5, begun)
    after_three, waiting = len(box.mails), [row[:2] for row in outbox(store)][3:]
    send(8, 1, begun)
    still = len(box.mails)

    assert (after_two, after_three, still) == (2, 3, 3)
    assert waiting == [("queued", 0)] * 4
    assert len(store.sent_since(targets[0], begun - timedelta(minutes=10))) == 3
    assert len(store.sent_since(targets[0], begun - timedelta(minutes=1))) == 1


def test_a_mailbox_that_is_refused_holds_up_no_other(store, serve, box):
    """
    Of three one is refused for good and one for now: the third has its mail, the second gets it later.
    """
    box.refusals = {"gone@example.org": "550 no such mailbox", "full@example.org": "452 mailbox full"}
    mailboxes = [f"{name}@example.org" for name in ("gone", "full", "duty")]
    subscription = subscribe(store)
    targets = tuple(Target("email", each) for each in mailboxes)
    subscription = store.update_subscription(subscription, Changes(targets=targets), "", NOW, None)
    channels = {"email": mail_channel(serve())}
    add(store, subscription, *events(1))

    run(store, channels, NOW)
    first = {row.delivery.target.address: row.delivery.status.value for row in _entries(store)}
    box.refusals = {}
    run(store, channels, NOW + timedelta(seconds=5))
    then = {row.delivery.target.address: row.delivery.status.value for row in _entries(store)}

    assert first == dict(zip(mailboxes, ("given-up", "queued", "delivered"), strict=True))
    assert then == dict(zip(mailboxes, ("given-up", "delivered", "delivered"), strict=True))
    (given_up,) = store.deliveries(LedgerSelection(status=DeliveryStatus.GIVEN_UP), 10)
    assert given_up.delivery.last_error == f"127.0.0.1:{channels['email'].server.port}: the mail server answered 550"
    assert [attempt.receipt.status for attempt in store.delivery(given_up.delivery.id).attempts] == [550]


def _entries(store):
    """What is in the ledger of the alert itself, not of those that tell of targets."""
    return [entry for entry in store.deliveries(LedgerSelection(), 50) if entry.delivery.alert.id == "a-1"]
