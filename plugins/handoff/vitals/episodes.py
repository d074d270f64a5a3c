"""Which troubles a person hears of, once when each begins and once when it is over. Pure: time is an argument."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from handoff.vitals.troubles import Trouble


@dataclass
class Episodes:
    """What is wrong at present and since when, in seconds of a clock that only ever goes on."""

    patience_s: float
    since: dict[str, float] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    """Troubles that somebody has heard of, with the text."""

    def next(self, found: Sequence[Trouble], now: float, cannot_see: bool = False) -> list[tuple[str, str]]:
        """The messages that are due, as pairs of a trouble's id and a text; each stays due until `sent` is called.

        Args:
            cannot_see: the ledger does not answer, so that nothing which only it would know may be called over.
        """
        present = {each.id: each for each in found if each.is_alerted}
        for each in present:
            self.since.setdefault(each, now)
        messages = [
            (name, f":rotating_light: Handoff: {each.text} [{name}]")
            for name, each in present.items()
            if name not in self.told and (each.is_sure or now - self.since[name] >= self.patience_s)
        ]
        over = set() if cannot_see else self.since.keys() - present.keys()
        for name in sorted(over):
            if name in self.told:
                messages.append(
                    (name, f":white_check_mark: Handoff: over after {now - self.since[name]:.0f} s [{name}]")
                )
            else:
                del self.since[name]
        return messages

    def sent(self, name: str, text: str) -> None:
        """A message has arrived: it is not said again, and what is over is forgotten."""
        if text.startswith(":white_check_mark:"):
            del self.told[name], self.since[name]
        else:
            self.told[name] = text
