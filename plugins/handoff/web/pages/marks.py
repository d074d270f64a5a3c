"""How a state is told, by a word and a shape: colour alone tells nothing to many people."""

from typing import Literal

Mark = Literal["fine", "note", "act"]
"""All is well; worth knowing; somebody has to do something."""

SHAPES: dict[Mark, str] = {"fine": "✓", "note": "●", "act": "▲"}
WORDS: dict[Mark, str] = {"fine": "fine", "note": "worth knowing", "act": "needs you"}
"""For people who hear the page instead of seeing the shapes."""
