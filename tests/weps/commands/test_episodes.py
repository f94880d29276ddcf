"""`weps episodes`, `acknowledge`, `assign`, `comment`, `withdraw`, `silences`, `silence`, `unsilence`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest


def test_an_episode_is_found_and_worked_with(served, weps):
    """
    What people do is printed with the episode, and when it is withdrawn its target hears of it.
    """
    watched = served.watch("/worked-with")

    listed = weps("episodes", "--subscription", watched.subscription, "--open", "true", "--acknowledged", "false")
    weps("acknowledge", watched.episode, "--by", "Ada", "--for", "PT1H", "--text", "on my way")
    weps("assign", watched.episode, "--by", "Ada", "--to", "Bob")
    weps("comment", watched.episode, "--by", "Bob", "--text", "a loose wire")
    free = weps("episodes", "--subscription", watched.subscription, "--acknowledged", "false")
    withdrawn = weps("withdraw", watched.episode, "--by", "Bob", "--reason", "no fire")
    shown = weps("episodes", watched.episode)

    assert [each["id"] for each in listed["episodes"]] == [watched.episode]
    assert free == {"episodes": []}
    assert withdrawn == shown
    assert (shown["state"], shown["isOpen"], shown["assignee"]) == ("cancelled", False, "Bob")
    assert (shown["subscription"], shown["procedure"]) == (watched.subscription, watched.procedure)
    assert [alert["status"] for alert in shown["alerts"]] == ["firing", "cancelled"]
    assert [(note["by"], note["action"], note.get("text")) for note in shown["notes"]] == [
        ("Ada", "acknowledge", "on my way"),
        ("Ada", "assign", "to Bob"),
        ("Bob", "comment", "a loose wire"),
        ("Bob", "cancel", "no fire"),
    ]
    assert served.wait_for_alerts("/worked-with", 2) == [alert["id"] for alert in shown["alerts"]]


def test_an_acknowledgement_ends_when_it_was_said_to(served, weps):
    """
    `--until` is an instant; `--for` would be how long.
    """
    watched, until = served.watch(), datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)

    shown = weps("acknowledge", watched.episode, "--by", "Ada", "--until", until.isoformat())

    assert datetime.fromisoformat(shown["acknowledgedUntil"]) == until
    assert shown["acknowledgedBy"] == "Ada"


def test_a_long_list_is_read_page_by_page(served, weps):
    """
    `--limit` says how many, `--after` goes on behind the last of a page.
    """
    episodes = [served.watch().episode for _ in range(3)]

    first = weps("episodes", "--limit", "2")
    second = weps("episodes", "--limit", "1", "--after", first["episodes"][-1]["id"])

    assert [each["id"] for each in first["episodes"] + second["episodes"]] == episodes[::-1]
    assert first["next"].endswith(f"after={episodes[1]}")


def test_what_is_silenced_is_kept_and_told_when_the_silence_ends(served, weps):
    """
    Nothing is pushed meanwhile; the feed has it; the end of the silence tells what is still open.
    """
    silence = weps("silence", "--property", "AirTemperature", "--author", "Ada", "--reason", "works", "--for", "PT1H")

    watched = served.watch("/silenced")
    during = served.alerts_at("/silenced")
    listed = weps("silences")
    ended = weps("unsilence", silence["id"])
    told = served.wait_for_alerts("/silenced", 1)

    shown = weps("episodes", watched.episode)
    assert during == []
    assert [each["id"] for each in listed["silences"]] == [silence["id"]]
    assert (silence["author"], silence["reason"]) == ("Ada", "works")
    assert silence["observedProperty"] == ["AirTemperature"]
    assert datetime.fromisoformat(ended["ends"]) < datetime.fromisoformat(silence["ends"])
    assert weps("silences")["silences"] == []
    assert [each["id"] for each in weps("silences", "--all")["silences"]] == [silence["id"]]
    assert [alert.get("reminder") for alert in shown["alerts"]] == [None, "silence-over"]
    assert told == [shown["alerts"][1]["id"]]


def test_a_silence_may_mean_much_and_come_again(served, weps):
    """
    What narrows it down may be given again; `--weekly` says on which days, from when until when, and where.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    begins, ends = now + timedelta(hours=1), now + timedelta(days=30)
    meant = (
        "--subscription",
        "s-1",
        "--subscription",
        "s-2",
        "--procedure",
        "p",
        "--feature",
        "f",
        "--severity",
        "Minor",
    )
    when = ("--begins", begins.isoformat(), "--ends", ends.isoformat(), "--weekly", "Mon-Fri", "22:00", "06:00", "UTC")

    made = weps("silence", *meant, "--bbox", "7,51,8,52", "--author", "Ada", "--reason", "nights", *when)
    over = weps("unsilence", made["id"])

    assert (made["subscription"], made["procedure"]) == (["s-1", "s-2"], ["p"])
    assert (made["featureOfInterest"], made["severity"]) == (["f"], ["Minor"])
    assert made["bbox"] == [7, 51, 8, 52]
    assert [datetime.fromisoformat(made[name]) for name in ("begins", "ends")] == [begins, ends]
    assert (made["weekly"]["days"], made["weekly"]["timeZone"]) == (["Mon", "Tue", "Wed", "Thu", "Fri"], "UTC")
    assert over["id"] == made["id"]


REFUSALS = {
    "no such episode": (("episodes", "e-0"), "there is no episode 'e-0'"),
    "to acknowledge what is not there": (("acknowledge", "e-0", "--by", "Ada"), "there is no episode 'e-0'"),
    "no truth": (("episodes", "--open", "perhaps"), "open: is true or false"),
    "no state": (("episodes", "--state", "broken"), "state: 'broken' is none of"),
    "no duration": (("acknowledge", "EPISODE", "--by", "Ada", "--for", "a while"), "for: "),
    "no instant": (("acknowledge", "EPISODE", "--by", "Ada", "--until", "soon"), "until: is an instant such as"),
    "a silence that means nothing": (
        ("silence", "--author", "Ada", "--reason", "works", "--for", "PT1H"),
        "say which alerts are meant: a subscription,",
    ),
    "no severity": (("silence", "--severity", "Bad", "--author", "A", "--reason", "w"), "severity: 'Bad' is none of"),
    "no box": (("silence", "--bbox", "1,2", "--author", "A", "--reason", "w"), "bbox is west,south,east,north"),
    "no day": (
        ("silence", "--procedure", "p", "--author", "A", "--reason", "w", "--weekly", "Funday", "1", "2", "UTC"),
        "days",
    ),
    "no such silence": (("unsilence", "s-0"), "there is no silence 's-0'"),
}


@pytest.mark.parametrize(("arguments", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_done_is_said_in_one_sentence(served, weps, arguments, reason):
    """
    On stderr, with exit code 1 and nothing on stdout.
    """
    given = [served.watch().episode if each == "EPISODE" else each for each in arguments]

    said = weps(*given, refused=True)

    assert said.startswith(f"weps: {served.service.url}/")
    assert reason in said
    assert said.count("\n") == 1


def test_what_is_over_is_not_worked_with(served, weps):
    """
    A withdrawn episode can be commented on, and not be acknowledged any more.
    """
    watched = served.watch()
    weps("withdraw", watched.episode, "--by", "Ada", "--reason", "no fire")

    said = weps("acknowledge", watched.episode, "--by", "Bob", refused=True)
    commented = weps("comment", watched.episode, "--by", "Bob", "--text", "it was the sun")

    assert "is over" in said
    assert commented["notes"][-1]["text"] == "it was the sun"


@pytest.mark.parametrize(
    ("plural", "make"),
    [
        ("silences", ("silence", "--severity", "Minor", "--for", "PT1H")),
        ("inhibitions", ("inhibit", "--source-severity", "Severe", "--target-severity", "Minor", "--for", "PT1H")),
    ],
)
def test_what_mutes_alerts_is_listed_in_pages(weps, plural: str, make: tuple[str, ...]):
    """
    Newest first, so many from so many on.
    """
    made = [weps(*make, "--author", "Ada", "--reason", reason)["id"] for reason in ("one", "two")]

    pages = [weps(plural, "--all", "--limit", "1", "--offset", offset)[plural] for offset in ("0", "1")]

    assert [[each["id"] for each in page] for page in pages] == [made[1:], made[:1]]
