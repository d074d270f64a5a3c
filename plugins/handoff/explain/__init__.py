"""Why a lead is, or is not, an MQL, now or at any moment: score, clauses, what would change it, and who got it."""

from handoff.explain.explanation import Explanation
from handoff.explain.reading import UnknownLead, explain, lead_id_of
from handoff.explain.text import ANSWERS, WHO, as_text, notes

__all__ = ["ANSWERS", "WHO", "Explanation", "UnknownLead", "as_text", "explain", "lead_id_of", "notes"]
