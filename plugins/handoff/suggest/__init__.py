"""Points that outcomes speak for: learned, held against the points of today on later leads, and proposed as a diff.

`ledger` takes its examples from handoffs, `file` from a table of leads; `leaks` finds the columns of a table that were
filled in after the outcome; `fit` learns, `points` turns what was learned into points, `measure` says how well they
rank, and `patch` writes the change of the seeds down. Nothing here changes the agreement or the database.
"""

from handoff.suggest.file import from_file
from handoff.suggest.ledger import from_ledger
from handoff.suggest.model import CannotSuggest
from handoff.suggest.report import Report
from handoff.suggest.text import as_text

__all__ = ["CannotSuggest", "Report", "as_text", "from_file", "from_ledger"]
