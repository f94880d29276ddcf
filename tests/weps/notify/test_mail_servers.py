"""Mail servers as they are: TLS in both ways and none, certificates that are not trusted, refusals."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.weps.notify.certificate import make_certificate
from tests.weps.notify.mail_server import mail_channel
from tests.weps.notify.samples import make_alert
from weps.errors import DeliveryError

TO = "duty@example.org"
LOGIN = {"user": "weps", "password": "geheim"}


class Tls:
    """A certificate, a server that has it and a client that trusts it."""

    def __init__(self, folder: Path) -> None:
        certificate = make_certificate(folder)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(certificate)
        self.trusting = ssl.create_default_context(cafile=certificate)


@pytest.fixture
def tls(tmp_path):
    return Tls(tmp_path)


def log_in(server, session, envelope, mechanism, data) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"weps", b"geheim")
    return AuthResult(success=good, handled=good)


class RefusingTls(SMTP):
    """A server that offers STARTTLS and then has none."""

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        await self.push("454 TLS not available due to temporary reason")


WAYS = {
    "smtps": lambda tls: {"ssl_context": tls.server, "auth_require_tls": False},
    "smtp+starttls": lambda tls: {"tls_context": tls.server, "require_starttls": True},
}


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # aiosmtpd knows only of STARTTLS
@pytest.mark.parametrize(("scheme", "options"), WAYS.items(), ids=WAYS)
def test_mail_goes_over_tls_with_a_name_and_password(serve, box, tls, scheme, options):
    """
    With TLS at once, and with STARTTLS before anything is said: the name and the password are encrypted.
    """
    port = serve(**options(tls), authenticator=log_in, auth_required=True)

    mail_channel(port, scheme, context=tls.trusting, **LOGIN).send(make_alert(), TO)

    assert box.was_secure == [True]
    with pytest.raises(DeliveryError, match="the mail server answered 535") as refused:
        mail_channel(port, scheme, context=tls.trusting, user="weps", password="falsch").send(make_alert(), TO)
    assert not refused.value.permanent
    assert "falsch" not in str(refused.value)


@pytest.mark.parametrize(("scheme", "options"), WAYS.items(), ids=WAYS)
def test_a_certificate_is_checked_before_anything_is_said(serve, box, tls, scheme, options):
    """
    One that nobody trusts, and one of another host: the password is not sent, and the alert is tried again.
    """
    seen = []

    def watch(*arguments) -> AuthResult:
        seen.append(arguments)
        return AuthResult(success=True)

    port = serve(**options(tls), authenticator=watch)
    elsewhere = serve(**options(tls), authenticator=watch, hostname="127.0.0.2")

    with pytest.raises(DeliveryError, match="certificate of the mail server is not trusted: self-signed") as stranger:
        mail_channel(port, scheme, **LOGIN).send(make_alert(), TO)
    with pytest.raises(DeliveryError, match="is not trusted: IP address mismatch") as other:
        mail_channel(elsewhere, scheme, "127.0.0.2", context=tls.trusting, **LOGIN).send(make_alert(), TO)

    assert [each.value.permanent for each in (stranger, other)] == [False, False]
    assert (seen, box.mails) == ([], [])


def test_mail_does_not_go_without_the_tls_that_is_wished_for(serve, box, tls):
    """
    A server without STARTTLS, one that refuses it, and one that speaks TLS only later: tried again, and told why.
    """
    without = serve(authenticator=log_in, auth_require_tls=False)
    refusing = serve(tls_context=tls.server, protocol=RefusingTls, authenticator=log_in)

    with pytest.raises(DeliveryError, match="STARTTLS extension not supported by server") as none:
        mail_channel(without, "smtp+starttls", context=tls.trusting, **LOGIN).send(make_alert(), TO)
    with pytest.raises(DeliveryError, match="the mail server answered 454") as refused:
        mail_channel(refusing, "smtp+starttls", context=tls.trusting, **LOGIN).send(make_alert(), TO)
    with pytest.raises(DeliveryError, match=r"cannot be reached \(SSLError\)") as plain:
        mail_channel(without, "smtps", context=tls.trusting, **LOGIN).send(make_alert(), TO)

    assert [each.value.permanent for each in (none, refused, plain)] == [False, False, False]
    assert refused.value.answer == "TLS not available due to temporary reason"
    assert box.mails == []


def test_a_server_that_wants_tls_gets_no_mail_without(serve, box, tls):
    """
    The operator can mend that: it is tried again.
    """
    port = serve(tls_context=tls.server, require_starttls=True)

    with pytest.raises(DeliveryError, match="the mail server answered 530") as caught:
        mail_channel(port).send(make_alert(), TO)

    assert not caught.value.permanent
    assert box.mails == []


REFUSALS = {"for good": ("550 no such mailbox", True), "for now": ("451 try later", False)}


@pytest.mark.parametrize(("refusal", "permanent"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_for_good_is_permanent(serve, box, refusal, permanent):
    """
    5xx is given up, 4xx is tried again.
    """
    box.refusal = refusal

    with pytest.raises(DeliveryError) as caught:
        mail_channel(serve()).send(make_alert(), TO)

    assert (caught.value.permanent, caught.value.status) == (permanent, int(refusal[:3]))
    assert caught.value.answer == refusal[4:]


def test_a_mail_server_that_is_not_there_is_tried_again():
    """
    The error names host and port, and no more.
    """
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1:1: the mail server cannot be reached") as caught:
        mail_channel(1).send(make_alert(), TO)

    assert not caught.value.permanent
