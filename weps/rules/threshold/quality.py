"""Which observations a rule trusts, by the quality flag that their source gives them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

FLAGS_KEPT = 4096
"""For so many flags it is remembered how they are compared: a source has few."""
_BEFORE_LAST = re.compile(r".*[/#:](?=.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Quality:
    """
    The flags that are accepted, folded in case; `unflagged` says whether an observation without a flag is.

    A flag is accepted by its whole text or by its last segment, since some sources give `good` and others the address
    of an entry in a vocabulary.
    """

    accepted: frozenset[str]
    unflagged: bool = True

    def accepts(self, flag: str | None) -> bool:
        """Tell whether an observation with a flag is trusted."""
        whole, last = ("", "") if flag is None else forms_of(flag)
        if not whole:
            return self.unflagged
        return whole in self.accepted or last in self.accepted


@lru_cache(FLAGS_KEPT)
def forms_of(flag: str) -> tuple[str, str]:
    """Give the whole text and the last segment of a flag, as they are compared; both empty where it says nothing."""
    whole = flag.strip().casefold()
    return whole, _BEFORE_LAST.sub("", whole.rstrip("/#:"))
