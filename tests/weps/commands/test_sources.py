"""`weps sources`: how sources fare, their series, and what they have changed."""

from __future__ import annotations

from tests.waiting import wait_for


def test_a_source_is_shown_with_its_series_and_what_it_has_changed(served, weps):
    """
    Found in the list by what it is asked for; its series has the value that was inserted last.
    """
    watched = served.watch()

    def mine():
        found = weps("sources", "--limit", "1000")["sources"]
        return next((one for one in found if one["selection"].get("procedure") == [watched.procedure]), None)

    source = wait_for(mine)
    shown = weps("sources", str(source["id"]))
    (series,) = weps("sources", str(source["id"]), "series")["series"]
    corrections = weps("sources", str(source["id"]), "corrections", "--limit", "5", "--offset", "0")
    behind = weps("sources", str(source["id"]), "series", "--offset", "1")

    assert shown["arrivals"]["corrected"] == 0
    assert (series["procedure"], series["value"], series["uom"]) == (watched.procedure, 35.0, "Cel")
    assert (corrections, behind) == ({"corrections": []}, {"series": []})


def test_what_is_no_source_or_no_page_is_refused(served, weps):
    """
    With the sentence that the service says.
    """
    missing = weps("sources", "999999", "series", refused=True)
    wrong = weps("sources", "1", "corrections", "--offset", "many", refused=True)

    assert "there is no source 999999" in missing
    assert "offset: is a whole number from 0 on" in wrong
