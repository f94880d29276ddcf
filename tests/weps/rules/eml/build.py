"""EML documents for tests, short to write: a function for each part, with the defaults of the water level at noon."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

NAMESPACES = (
    'xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" '
    'xmlns:swe="http://www.opengis.net/swe/1.0.1"'
)
GROUPS = ("SimplePattern", "ComplexPattern", "TimerPattern", "RepetitivePattern")
EVENT = '<SelectEvent eventName="input"/>'
COUNT = "<SelectCount/>"
LENGTH_1 = "<LengthView><EventCount>1</EventCount></LengthView>"


def eml(*patterns: str, version: str = "0.0.1") -> str:
    """A document of patterns; each begins with its element."""
    groups = [
        f"<{group}s>\n{''.join(one for one in patterns if one.startswith(f'<{group} '))}</{group}s>\n"
        for group in GROUPS
    ]
    return f'<EML xmlns="http://www.opengis.net/eml/{version}" {NAMESPACES}>\n{"".join(groups)}</EML>\n'


def select(function: str, event: str, output: str | None = None, **attributes: str) -> str:
    """A select function with causality; `output` makes its events detections."""
    given = {"newEventName": event, "createCausality": "true", **attributes}
    if output is not None:
        given["outputName"] = output
    written = " ".join(f"{name}={quoteattr(value)}" for name, value in given.items())
    return f"<SelectFunction {written}>{function}</SelectFunction>"


def of(function: str, name: str = "input/doubleValue") -> str:
    """A select function of a property."""
    return f'<{function} propertyName="{name}"/>'


def message(text: str) -> str:
    """A message as select function."""
    return f"<NotifyOnSelect><Message>{text}</Message></NotifyOnSelect>"


def user(name: str, **parameters: str) -> str:
    """A user-defined select function."""
    inner = "".join(
        f"<FunctionParameter><UserParameterName>{key}</UserParameterName>"
        f"<UserParameterValue>{value}</UserParameterValue></FunctionParameter>"
        for key, value in parameters.items()
    )
    return (
        f'<UserDefinedSelectFunction name="{name}"><FunctionParameters>{inner}</FunctionParameters>'
        "</UserDefinedSelectFunction>"
    )


def user_view(name: str, **parameters: str) -> str:
    """A user-defined view."""
    inner = "".join(
        f"<ViewParameter><UserParameterName>{key}</UserParameterName>"
        f"<UserParameterValue>{value}</UserParameterValue></ViewParameter>"
        for key, value in parameters.items()
    )
    return f'<UserDefinedView name="{name}"><ViewParameters>{inner}</ViewParameters></UserDefinedView>'


def length(count: int, batch: bool = False) -> str:
    """A view by length."""
    return f'<LengthView isBatch="{str(batch).lower()}"><EventCount>{count}</EventCount></LengthView>'


def time(duration: str, batch: bool = False) -> str:
    """A view by time."""
    return f'<TimeView isBatch="{str(batch).lower()}"><Duration>{duration}</Duration></TimeView>'


def time_length(duration: str, count: int, batch: bool = False) -> str:
    """A view by time and length."""
    return (
        f'<TimeLengthView isBatch="{str(batch).lower()}"><EventCount>{count}</EventCount>'
        f"<Duration>{duration}</Duration></TimeLengthView>"
    )


def compare(operator: str, name: str, literal: object) -> str:
    """A comparison of a property with a literal."""
    return (
        f"<fes:PropertyIs{operator}><fes:ValueReference>{name}</fes:ValueReference>"
        f"<fes:Literal>{literal}</fes:Literal></fes:PropertyIs{operator}>"
    )


def above(bound: float, name: str = "input/doubleValue") -> str:
    """A guard: greater than."""
    return compare("GreaterThan", name, bound)


def view_count(count: int) -> str:
    """The guard on the number of events in the view."""
    return compare("EqualTo", "VIEW_COUNT", f"<swe:Count><swe:value>{count}</swe:value></swe:Count>")


def _parts(selects: tuple[str, ...] | str, view: str, guard: str) -> str:
    functions = selects if isinstance(selects, str) else "".join(selects)
    viewed = f"<View>{view}</View>" if view else ""
    guarded = f"<Guard><fes:Filter>{guard}</fes:Filter></Guard>" if guard else ""
    return f"<SelectFunctions>{functions}</SelectFunctions>{viewed}{guarded}"


def simple(
    identifier: str,
    selects: tuple[str, ...] | str,
    view: str = "",
    guard: str = "",
    where: dict[str, str] | None = None,
    name: str = "input",
) -> str:
    """A simple pattern; `where` are its property restrictions, `name` its input."""
    restrictions = "".join(
        f"<PropertyRestriction><name>{key}</name><value>{value}</value></PropertyRestriction>"
        for key, value in (where or {}).items()
    )
    return (
        f'<SimplePattern patternID="{identifier}" inputName="{name}">{_parts(selects, view, guard)}'
        f"<PropertyRestrictions>{restrictions}</PropertyRestrictions></SimplePattern>\n"
    )


def reference(pattern: str, number: int = 0) -> str:
    """A reference to a select function of a pattern."""
    return f"<PatternReference>{pattern}</PatternReference><SelectFunctionNumber>{number}</SelectFunctionNumber>"


def joined(
    identifier: str,
    operator: str,
    first: str,
    second: str,
    selects: tuple[str, ...] | str,
    within: str = "",
    guard: str = "",
    view: str = "",
) -> str:
    """A complex pattern; `first` and `second` are patterns, of which the first select function counts."""
    group = "StructuralOperator" if operator in ("BEFORE", "CAUSE", "PARALLEL") else "Logicaloperator"
    listening = f"<MaximumListeningDuration>{within}</MaximumListeningDuration>" if within else ""
    return (
        f'<ComplexPattern patternID="{identifier}">{_parts(selects, view, guard)}<{group}><{operator}/></{group}>'
        f"<FirstPattern>{reference(first)}</FirstPattern><SecondPattern>{reference(second)}</SecondPattern>"
        f"{listening}</ComplexPattern>\n"
    )


def timer(identifier: str, schedule: str, selects: tuple[str, ...] | str, view: str = "") -> str:
    """A timer pattern."""
    return f'<TimerPattern patternID="{identifier}">{_parts(selects, view, "")}{schedule}</TimerPattern>\n'


def every(duration: str) -> str:
    """The schedule of an interval."""
    return f"<TimerInterval>{duration}</TimerInterval>"


def at(**fields: int) -> str:
    """The schedule of a calendar."""
    order = ("Second", "Minute", "Hour", "DayOfWeek", "DayOfMonth", "Month")
    inner = "".join(f"<{name}>{fields[name]}</{name}>" for name in order if name in fields)
    return f"<TimerAt>{inner}</TimerAt>"


def repetitive(identifier: str, count: int, repeated: str, selects: tuple[str, ...] | str) -> str:
    """A repetitive pattern."""
    return (
        f'<RepetitivePattern patternID="{identifier}">{_parts(selects, "", "")}<EventCount>{count}</EventCount>'
        f"<PatternToRepeat>{reference(repeated)}</PatternToRepeat></RepetitivePattern>\n"
    )
