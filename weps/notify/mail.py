"""
The channel to people's mailboxes: text and HTML, one thread an episode, and a digest where alerts come too fast.

The alert that opens an episode has the episode's id as its own; the Message-IDs are made of them, so that what follows
names the message it answers without looking for it.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from weps.errors import DeliveryError, InputError, SettingsError
from weps.hosts import check_host
from weps.ledger import ANSWER_LIMIT, Receipt
from weps.model import Alert
from weps.notify.base import Portion, beginning
from weps.notify.languages import PHRASES
from weps.notify.links import permalink
from weps.notify.text import clean_line, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TITLE_LIMIT = 200
TEXT_LIMIT = 10_000
DIGEST_LIMIT = 50
SECONDS = 15.0
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in; `scheme` is `smtps`, `smtp+starttls` or, without TLS, `smtp`."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many mails a mailbox gets in `window` seconds one by one; above that a digest every `digest` seconds."""

    mails: int = 10
    window: float = 3600.0
    digest: float = 600.0


@dataclass(slots=True)
class EmailChannel:
    """
    Sends alerts as mail from `sender`; `alerts_url` is what stands before `/{id}` in the permalink of an alert.

    `history` gives how many seconds ago a mailbox got its mails within a window: what was sent before a restart counts.
    """

    server: MailServer
    sender: str
    alerts_url: str
    pace: Pace = field(default_factory=Pace)
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    clock: Callable[[], float] = time.monotonic
    history: Callable[[str, float], Iterable[float]] = lambda _address, _window: ()
    _sent: dict[str, deque[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, alert: Alert, address: str) -> Receipt:
        """Send one alert; raises `DeliveryError` when the mail server did not take it."""
        return self._hand_in(write_mail(alert, self.sender, address, self.alerts_url), address)

    def check(self, address: str) -> None:
        """Refuse what is no mailbox."""
        if not _MAILBOX.fullmatch(address):
            raise InputError("write a mailbox behind mailto:, such as mailto:duty@example.org", where="sink")
        try:
            check_host(address.rpartition("@")[2])
        except ValueError as error:
            raise InputError(f"{error}; write a mailbox such as mailto:duty@example.org", where="sink") from error

    def portion(self, address: str, waiting: int) -> Portion:
        """Send one by one while that is not too fast, then all that waits in one mail from time to time."""
        sent = self._times(address)
        now = self.clock()
        with self._lock:
            while sent and sent[0] <= now - self.pace.window:
                sent.popleft()
            if len(sent) < self.pace.mails:
                return Portion(1)
            wait = sent[-1] + self.pace.digest - now
        return Portion(0, wait) if wait > 0 else Portion(min(waiting, DIGEST_LIMIT))

    def send_all(self, alerts: Sequence[Alert], address: str) -> Receipt:
        """Send alerts in one mail; raises as `send` does."""
        return self._hand_in(write_digest(alerts, self.sender, address, self.alerts_url), address)

    def _hand_in(self, mail: EmailMessage, address: str) -> Receipt:
        place = f"{self.server.host}:{self.server.port}"
        sent = self._times(address)
        try:
            with self._connect() as connection:
                if self.server.user:
                    connection.login(self.server.user, self.server.password)
                connection.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()), (550, b""))
            raise _refused(code, text, place) from error
        except smtplib.SMTPResponseException as error:
            text = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
            raise _refused(error.smtp_code, text, place) from error
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryError(f"the mail server cannot do what is needed: {error}", where=place) from error
        except ssl.SSLCertVerificationError as error:
            message = f"the certificate of the mail server is not trusted: {error.verify_message}"
            raise DeliveryError(message, where=place) from error
        except (smtplib.SMTPException, OSError) as error:
            message = f"the mail server cannot be reached ({type(error).__name__})"
            raise DeliveryError(message, where=place) from error
        with self._lock:
            sent.append(self.clock())
        return Receipt(250, "taken by the mail server")

    def _times(self, address: str) -> deque[float]:
        """Give when a mailbox got its mails; what is not known in memory yet was sent before we began."""
        with self._lock:
            known = self._sent.get(address)
        if known is None:
            now = self.clock()
            before = sorted(now - ago for ago in self.history(address, self.pace.window))
            with self._lock:
                known = self._sent.setdefault(address, deque(before))
        return known

    def _connect(self) -> smtplib.SMTP:
        server, domain = self.server, self.sender.rpartition("@")[2]
        if server.scheme == "smtps":
            return smtplib.SMTP_SSL(server.host, server.port, domain, timeout=SECONDS, context=self.context)
        connection = smtplib.SMTP(server.host, server.port, domain, timeout=SECONDS)
        if server.scheme == "smtp+starttls":
            try:
                connection.starttls(context=self.context)
            except BaseException:
                connection.close()
                raise
        return connection


def read_mail_server(url: str) -> MailServer:
    """Read the setting `smtp`; raises `SettingsError`, which does not show what may be a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise SettingsError(
            "setting smtp: write smtp+starttls://user:password@host:587, smtps://… or, without TLS, smtp://host:25"
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], user, password)


def write_mail(alert: Alert, sender: str, address: str, alerts_url: str) -> EmailMessage:
    """Write the mail of one alert."""
    mail = _new_mail(clean_line(alert.title, TITLE_LIMIT) or alert.status.value, sender, address)
    domain = sender.rpartition("@")[2]
    mail["Date"] = format_datetime(alert.detected)
    mail["Message-ID"] = f"<{alert.id}@{domain}>"
    if alert.episode != alert.id:
        mail["In-Reply-To"] = mail["References"] = f"<{alert.episode}@{domain}>"
    mail["X-WEPS-Alert"] = alert.id
    _fill(mail, [alert], alerts_url)
    return mail


def write_digest(alerts: Sequence[Alert], sender: str, address: str, alerts_url: str) -> EmailMessage:
    """Write the mail of many alerts; its id is that of the last, so that it is the same when it is sent again."""
    mail = _new_mail(PHRASES[alerts[0].language].digest.format(len(alerts)), sender, address)
    mail["Date"] = format_datetime(alerts[-1].detected)
    mail["Message-ID"] = f"<digest-{len(alerts)}-{alerts[-1].id}@{sender.rpartition('@')[2]}>"
    mail["X-WEPS-Alert"] = alerts[-1].id
    _fill(mail, alerts, alerts_url)
    return mail


def _new_mail(subject: str, sender: str, address: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, address, subject
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def _fill(mail: EmailMessage, alerts: Sequence[Alert], alerts_url: str) -> None:
    """Write the same as text and as HTML."""
    plain, marked = [], []
    for alert in alerts:
        title = clean_line(alert.title, TITLE_LIMIT) or alert.status.value
        text, link = clean_text(alert.text, TEXT_LIMIT // len(alerts)), permalink(alert, alerts_url)
        plain.append(f"{title}\n\n{text}\n\n{link}\n")
        lines = "<br>\n".join(escape(line) for line in text.split("\n"))
        marked.append(f'<h2>{escape(title)}</h2>\n<p>{lines}</p>\n<p><a href="{escape(link)}">{escape(link)}</a></p>')
    mail.set_content("\n\n".join(plain))
    language = alerts[0].language.value
    body = "\n<hr>\n".join(marked)
    mail.add_alternative(f'<!doctype html>\n<html lang="{language}"><body>\n{body}\n</body></html>\n', subtype="html")


def _refused(code: int, text: bytes, place: str) -> DeliveryError:
    """Tell what a mail server said: 4xx may be tried again, 5xx not, save for a log-in that the operator can mend."""
    permanent = code >= 500 and code not in (530, 534, 535)
    return DeliveryError(
        f"the mail server answered {code}",
        where=place,
        permanent=permanent,
        status=code,
        answer=beginning(text, ANSWER_LIMIT),
    )
