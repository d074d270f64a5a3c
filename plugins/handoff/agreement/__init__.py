"""The written agreement: `dbt_project/seeds/agreement`, read, checked, shown, compared, and loaded as it stands in git.

`source` reads it into rows that know their file and line, `check` holds it to its rules, `show` prints it as a page
that people sign, `diff` tells two of it apart, and `load` puts it into Postgres, which refuses what `check` finds.
"""

from handoff.agreement.in_force import company_time_zone, rejection_reasons
from handoff.agreement.loading import Broken, load
from handoff.agreement.source import Unreadable, source

__all__ = ["Broken", "Unreadable", "company_time_zone", "load", "rejection_reasons", "source"]
