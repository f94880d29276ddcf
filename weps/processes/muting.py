"""What all processes share that let alerts be muted: how silences and inhibitions are told, listed and ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic

from weps.handling.muting import AnyMuter, Muting
from weps.processes.base import InputSpec, Literal, OutputSpec, ProcessSpec
from weps.processes.handling_episodes import IN_JSON, write_json
from weps.processes.paging import LIMIT_INPUT, OFFSET_INPUT, read_page
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from weps.processes.base import Context, Outputs
    from weps.processes.inputs import Inputs
    from weps.store import Store


@dataclass(frozen=True, slots=True)
class MutingProcesses(Generic[AnyMuter]):
    """
    The processes of one kind of what mutes alerts.

    `name`, `one` and `plural` name it (silence, a silence, silences), `maker` is the process that makes one; `work`
    gives how people handle it, and `write` gives one as JSON, as it is at an instant.
    """

    name: str
    one: str
    plural: str
    maker: str
    work: Callable[[Store], Muting[AnyMuter]]
    write: Callable[[AnyMuter, datetime], dict[str, Any]]

    @property
    def outputs(self) -> tuple[OutputSpec, ...]:
        """What is told of one that was made or ended."""
        return (
            OutputSpec(f"{self.name}Id", f"The identifier of the {self.name}", Literal()),
            OutputSpec(self.name, f"The {self.name}", IN_JSON),
            OutputSpec("info", "What was done, for people", Literal()),
        )

    def tell(self, muter: AnyMuter, done: str) -> Outputs:
        """Tell of one, and what was done."""
        written = write_json(self.write(muter, datetime.now(UTC)))
        return {f"{self.name}Id": muter.id, self.name: written, "info": f"{self.name.title()} {muter.id} {done}"}

    def list_process(self) -> ProcessSpec:
        """Give the process that lists them."""

        def handle(inputs: Inputs, context: Context) -> Outputs:
            found = self.work(context.engine.store).page(read_page(inputs), also_over=inputs.text("all") == "true")
            now = datetime.now(UTC)
            return {self.plural: write_json({self.plural: [self.write(each, now) for each in found]})}

        also_over = InputSpec("all", "Those that are over too", Literal(allowed=("true", "false")))
        return ProcessSpec(
            f"weps:List{self.plural.title()}",
            f"List the {self.plural}",
            f"Gives the {self.plural} that are not over, the newest first.",
            "1.0.0",
            (also_over, OFFSET_INPUT, LIMIT_INPUT),
            (OutputSpec(self.plural, f"The page of {self.plural}", IN_JSON),),
            handle,
        )

    def end_process(self) -> ProcessSpec:
        """Give the process that ends one."""
        identifier = f"{self.name}Id"

        def handle(inputs: Inputs, context: Context) -> Outputs:
            with told_of({"": identifier}):
                ended = self.work(context.engine.store).end(inputs.texts(identifier)[0])
            return self.tell(ended, "has ended")

        made = f"As {self.maker} gave it."
        return ProcessSpec(
            f"weps:End{self.name.title()}",
            f"End {self.one}",
            f"Ends {self.one} now; what is open then is told. One that is over stays as it is.",
            "1.0.0",
            (InputSpec(identifier, f"The identifier of the {self.name}", Literal(), made, min_occurs=1),),
            self.outputs,
            handle,
        )
