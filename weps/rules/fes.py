"""An OGC Filter Encoding 2.0 document (a `fes:Filter` alone) as a rule: a condition on each observation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weps.errors import Fault, RuleError
from weps.rules.eml.document import ViewCount
from weps.rules.eml.fes import VIEW_COUNT, read_guard
from weps.rules.eml.parse import parse_xml
from weps.rules.eml.spec import FES
from weps.rules.eml.structure import Faults
from weps.rules.stateless import ConditionRule, Reference, build_rule, check_references
from weps.rules.stateless.names import canonical

if TYPE_CHECKING:
    from weps.rules import expression as ex
    from weps.rules.eml.document import Guard


def compile_fes(text: str) -> ConditionRule:
    """Compile a filter; raises `RuleError` with every fault, each with its line."""
    root = parse_xml(text)
    line = root.sourceline or 0
    if root.tag != f"{{{FES}}}Filter":
        raise RuleError((Fault(line, f"the root is {root.tag}; it must be Filter of the namespace {FES}"),))
    for reference in root.iter(f"{{{FES}}}ValueReference"):
        reference.text = canonical((reference.text or "").strip())
    faults = Faults()
    guard = read_guard(root, faults)
    references = [Reference(one.reference, one.line, spatial=one.spatial) for one in guard.mentions]
    named, wrong = check_references(references)
    found = (*faults.all(), *wrong)
    if not found:
        condition = _condition(guard)
        if condition is not None:
            return build_rule(condition, named)
        text = f"the filter has no condition on an observation ({VIEW_COUNT} is for EML); add an operator"
        found = (Fault(line, text),)
    raise RuleError(found)


def _condition(guard: Guard) -> ex.Condition | None:
    return None if isinstance(guard.condition, ViewCount) else guard.condition
