"""A mail server on loopback, and the channel to it."""

from __future__ import annotations

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from weps.notify.mail import EmailChannel, MailServer

HOST = "127.0.0.1"
ALERTS = "http://weps.example.org/alerts"


class Box:
    """Keeps what is handed in, or refuses it: all with `refusal`, some mailboxes with `refusals`."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.refusal = ""
        self.refusals: dict[str, str] = {}
        self.was_secure: list[bool] = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        refusal = self.refusals.get(address, self.refusal)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mails.append(envelope.content)
        self.was_secure.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 taken"


class SmtpServer(Controller):
    """A real SMTP server on loopback; with `ssl_context` in TLS from the first octet on."""

    def __init__(self, box: Box, *, ssl_context=None, hostname=HOST, protocol=SMTP, **options) -> None:
        self.options = options
        self.protocol = protocol
        super().__init__(box, hostname=hostname, port=0, ssl_context=ssl_context)

    def factory(self):
        return self.protocol(self.handler, **self.options)

    def _trigger_server(self) -> None:
        # the port is only known now
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def mail_channel(port: int, scheme: str = "smtp", host: str = HOST, **members) -> EmailChannel:
    """A channel to a server on loopback."""
    server = MailServer(scheme, host, port, members.pop("user", ""), members.pop("password", ""))
    return EmailChannel(server, "weps@city.example.org", ALERTS, **members)
