"""The rules of the flows."""

HEAT = """{
  "type": "threshold",
  "observedProperty": "AirTemperature",
  "condition": "greaterThan",
  "threshold": 30,
  "uom": "Cel"
}"""


def _simple(name: str, comparison: str, threshold: float) -> str:
    return f"""
    <SimplePattern inputName="input" patternID="{name}">
      <SelectFunctions>
        <SelectFunction newEventName="{name}"><SelectEvent eventName="input"/></SelectFunction>
      </SelectFunctions>
      <Guard><fes:Filter><fes:{comparison}>
        <fes:ValueReference>input/doubleValue</fes:ValueReference><fes:Literal>{threshold}</fes:Literal>
      </fes:{comparison}></fes:Filter></Guard>
      <PropertyRestrictions>
        <PropertyRestriction><name>observedProperty</name><value>AirTemperature</value></PropertyRestriction>
      </PropertyRestrictions>
    </SimplePattern>"""


def _before(first: str, second: str, output: str) -> str:
    return f"""
    <ComplexPattern patternID="{first}-{second}">
      <SelectFunctions>
        <SelectFunction newEventName="{first}-{second}" outputName="{output}" createCausality="true">
          <SelectEvent eventName="{second}"/>
        </SelectFunction>
      </SelectFunctions>
      <StructuralOperator><BEFORE/></StructuralOperator>
      <FirstPattern><PatternReference>{first}</PatternReference><SelectFunctionNumber>0</SelectFunctionNumber></FirstPattern>
      <SecondPattern><PatternReference>{second}</PatternReference><SelectFunctionNumber>0</SelectFunctionNumber></SecondPattern>
    </ComplexPattern>"""


def overshoot(threshold: float) -> str:
    """The rule that tells each crossing of a threshold, in both directions."""
    return f"""<EML xmlns="http://www.opengis.net/eml/0.0.1" xmlns:fes="http://www.opengis.net/fes/2.0">
  <SimplePatterns>
    {_simple("high", "PropertyIsGreaterThan", threshold)}{_simple("low", "PropertyIsLessThanOrEqualTo", threshold)}
  </SimplePatterns>
  <ComplexPatterns>{_before("low", "high", "over")}{_before("high", "low", "under")}
  </ComplexPatterns>
  <TimerPatterns/>
  <RepetitivePatterns/>
</EML>"""


OVERSHOOT = overshoot(30)
