"""Who is one person, and whose domain or name is which company's: answers that libraries give, kept as rows."""

from handoff.identity.dictionary import complete, learn
from handoff.identity.neighbours import leads_near

__all__ = ["complete", "leads_near", "learn"]
