from __future__ import annotations

import email
from dataclasses import replace
from email.policy import default

import pytest

from tests.weps.notify.mail_server import ALERTS, mail_channel
from tests.weps.notify.samples import make_alert
from weps.errors import InputError, SettingsError
from weps.notify.base import Portion
from weps.notify.mail import MailServer, Pace, read_mail_server

TO = "duty@example.org"


def test_an_alert_is_a_mail_in_text_and_html(serve, box):
    """
    Whatever stands in an alert, it is one mail with two forms of the same, and nothing in it runs or adds headers.
    """
    alert = replace(make_alert(), title="Flood\r\nBcc: all@example.org <script>", text="water <b>&\nüber 3 m 🌊")

    mail_channel(serve()).send(alert, TO)

    mail = email.message_from_bytes(box.mails[0], policy=default)
    html = mail.get_body(("html",)).get_content()
    assert mail["Subject"] == "Flood Bcc: all@example.org <script>"
    assert mail["Bcc"] is None
    assert (mail["To"], mail["From"], mail["Auto-Submitted"]) == (TO, "weps@city.example.org", "auto-generated")
    assert "water <b>&\nüber 3 m 🌊" in mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "water &lt;b&gt;&amp;<br>" in html
    assert "<script>" not in html
    assert f"{ALERTS}/{alert.id}" in html


def test_the_mails_of_an_episode_are_a_thread(serve, box):
    """
    What follows the first alert answers its message, by ids that are the same when a mail is sent again.
    """
    first = replace(make_alert(1), id="e-1")
    sender = mail_channel(serve())

    for alert in (first, make_alert(2), make_alert(2)):
        sender.send(alert, TO)

    mails = [email.message_from_bytes(each, policy=default) for each in box.mails]
    assert [mail["Message-ID"] for mail in mails] == [f"<{name}@city.example.org>" for name in ("e-1", "a-2", "a-2")]
    assert [mail["In-Reply-To"] for mail in mails] == [None, *["<e-1@city.example.org>"] * 2]
    assert mails[1]["References"] == "<e-1@city.example.org>"


def test_above_a_rate_alerts_come_in_a_digest(serve, box):
    """
    Two mails an hour go out one by one; what comes then waits five minutes, and goes out as one.
    """
    now = [1000.0]
    sender = mail_channel(serve(), pace=Pace(2, 3600, 300), clock=lambda: now[0])
    for number in (1, 2):
        assert sender.portion(TO, 9) == Portion(1)
        sender.send(make_alert(number), TO)

    held = sender.portion(TO, 9)
    now[0] += 300
    released = sender.portion(TO, 9)
    sender.send_all([make_alert(number) for number in range(3, 12)], TO)
    elsewhere = sender.portion("other@example.org", 4)
    now[0] += 3600
    later = sender.portion(TO, 3)

    mail = email.message_from_bytes(box.mails[2], policy=default)
    assert (held, released, elsewhere, later) == (Portion(0, 300.0), Portion(9), Portion(1), Portion(1))
    assert mail["Subject"] == "9 alerts"
    assert mail.get_body(("plain",)).get_content().count(f"{ALERTS}/a-") == 9


@pytest.mark.parametrize("address", ["", "duty", "a@b c", "a@b\r\nBcc: c@d", "<a@b>", "a@b,c@d", "a@b?subject=x"])
def test_what_is_no_mailbox_is_refused(address):
    """
    One mailbox, and nothing that a header could be made of.
    """
    with pytest.raises(InputError):
        mail_channel(1).check(address)


SERVERS = {
    "smtps://u%40x:p%3Aw@mail.example.org": ("smtps", "mail.example.org", 465, "u@x", "p:w"),
    "smtp+starttls://mail.example.org": ("smtp+starttls", "mail.example.org", 587, "", ""),
    "smtp://localhost:2525": ("smtp", "localhost", 2525, "", ""),
}


@pytest.mark.parametrize(("url", "expected"), SERVERS.items(), ids=["all", "starttls", "plain"])
def test_a_mail_server_is_one_url(url, expected):
    """
    Scheme, host, port, user and password.
    """
    assert read_mail_server(url) == MailServer(*expected)


@pytest.mark.parametrize("url", ["mail.example.org", "http://u:geheim@host", "smtp://u:geheim@host:x"])
def test_a_wrong_mail_server_is_told_without_its_password(url):
    """
    The setting holds a password.
    """
    with pytest.raises(SettingsError) as caught:
        read_mail_server(url)

    assert "geheim" not in str(caught.value)
