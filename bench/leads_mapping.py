"""What the columns of a file of leads mean in HubSpot: a TOML file, read strictly."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sandbox.company.reference import FORMS


class BadInput(ValueError):
    """The file or the mapping cannot be used at all; the message says what to do."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Outcome(_Strict):
    """The column that says what became of a lead, and its values; any other value is unknown."""

    column: str
    positive: list[str]
    negative: list[str]


class Choice(_Strict):
    """A property that takes one of a few values. Without `otherwise`, a column's other values leave it unset."""

    column: str
    values: dict[str, str]
    otherwise: str | None = None


class Behaviour(_Strict):
    """Something that happened: when `column` holds one of `values` or a number of `at_least`, or as often as the
    product of the columns `times` says."""

    act: Literal["page_view", "email_open", "email_click", "form", "calls", "emails", "communications", "meetings"]
    column: str | None = None
    values: list[str] = []
    at_least: float | None = None
    times: list[str] = []
    most: int = Field(default=1, ge=1)
    path: str = "/"
    """Of the page, for `page_view` and `form`."""
    form: str = ""
    """The form's id, for `form`."""
    properties: dict[str, str] = {}
    """Of the record, for `calls`, `emails`, `communications` and `meetings`."""

    @model_validator(mode="after")
    def _happens(self) -> "Behaviour":
        if not self.times and (self.column is None or (not self.values and self.at_least is None)):
            raise ValueError(f"a {self.act} needs `times`, or `column` with `values` or `at_least`")
        if self.act == "form" and self.form not in FORMS:
            raise ValueError(f"form {self.form!r} is not one of the sandbox's: {', '.join(FORMS)}")
        return self


class Mapping(_Strict):
    """Columns of a file → HubSpot; `mappings/x_education.toml` explains each part."""

    name: str
    id: list[str] = Field(min_length=1)
    email: list[str] = []
    blank: list[str] = []
    outcome: Outcome | None = None
    properties: dict[str, str] = {}
    choices: dict[str, Choice] = {}
    behaviours: list[Behaviour] = []

    @property
    def columns(self) -> list[str]:
        """Every column whose content may reach the CRM."""
        named = [*self.id, *self.email, *self.properties.values(), *(each.column for each in self.choices.values())]
        for each in self.behaviours:
            named += [*each.times, *([each.column] if each.column else [])]
        return list(dict.fromkeys(named))


def load(path: Path) -> Mapping:
    """Read a mapping.

    Raises:
        BadInput: it is wrong, or it would let the outcome reach the CRM.
    """
    try:
        mapping = Mapping(**tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as wrong:
        raise BadInput(f"the mapping {path} cannot be used: {wrong}") from wrong
    if mapping.outcome and key(mapping.outcome.column) in map(key, mapping.columns):
        raise BadInput(f"the mapping {path} sends the outcome {mapping.outcome.column!r} to the CRM: remove it there")
    return mapping


def key(text: str) -> str:
    """What names of columns, and their values, are compared by."""
    return " ".join(text.split()).casefold()
