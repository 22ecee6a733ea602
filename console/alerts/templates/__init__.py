"""Go's text/template as Prometheus' rules use it: read once, expanded for every alert.

What Prometheus has and we have not is refused when the rule is read, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from console.alerts.templates.executing import ExpansionError, State
from console.alerts.templates.functions import FUNCTIONS, REFUSED
from console.alerts.templates.lexing import TemplateError, UnsupportedTemplate
from console.alerts.templates.parsing import Parser
from console.alerts.templates.tree import Node
from console.alerts.templates.values import Data, Result, Strings
from console.text import clean

__all__ = ["Context", "Template", "TemplateError", "UnsupportedTemplate"]

GIVEN = ("$labels", "$externalLabels", "$externalURL", "$value")
"""Variables every template of a rule begins with."""
PREFIX = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
    "{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)
"""What Prometheus puts in front to define them; the columns of its errors count it."""


@dataclass(frozen=True, slots=True)
class Context:
    """What expanding one template knows beside labels and value."""

    now: float = 0.0
    """Unix seconds of the evaluation."""
    query: Callable[[str], Result] | None = None
    """Evaluates an expression at that time; raises ValueError with what is wrong."""
    external_labels: Mapping[str, str] = field(default_factory=dict)
    external_url: str = ""
    path_prefix: str | None = None
    """The path of the address under which an engine is reached; None: there is none."""


class Template:
    """A template of a label or annotation. Raises TemplateError for text that is none."""

    __slots__ = ("_broken", "_nodes", "_plain", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._broken = ""
        self._plain = "{{" not in text
        self._nodes: list[Node] = [] if self._plain else Parser(text, FUNCTIONS, REFUSED, GIVEN).parse()

    @classmethod
    def broken(cls, text: str) -> Template:
        """One that is wrong and says so wherever it is expanded, as Prometheus does with those of groups."""
        template = cls("")
        try:
            cls(text)
        except TemplateError as error:
            template.text, template._broken = text, str(error)
        return template

    def expand(self, name: str, labels: Mapping[str, str], value: float, context: Context) -> str:
        """The text for one alert of the rule `name`; never raises: what fails is told in the text."""
        template = f"__alert_{name}"
        if self._broken:
            return f"<error expanding template: error parsing template {template}: {self._broken}>"
        if self._plain:
            return self.text
        data = Data(Strings(labels), Strings(context.external_labels), context.external_url, value)
        variables = [
            ("$", data), ("$labels", data.Labels), ("$externalLabels", data.ExternalLabels),
            ("$externalURL", data.ExternalURL), ("$value", data.Value),
        ]  # fmt: skip
        try:
            return State(variables, context).expand(self._nodes, data)
        except ExpansionError as error:
            said = error.told(template, self.text, len(PREFIX))
            return f"<error expanding template: error executing template {template}: {said}>"
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
            # as Prometheus does with a panic: an alert without its description is better than none
            return (
                f"<error expanding template: panic expanding template {template}: {clean(str(error), 200)}>"
            )
