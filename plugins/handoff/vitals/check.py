"""Exit 0 when the scheduler answers and tasks still run: the health check of the scheduler's container.

python -m handoff.vitals.check http://127.0.0.1:8974/health

A scheduler whose heartbeat is green while no task is started is not healthy. Before the first canary, and while the
ledger is down, only its own answer counts: to start it again would help nobody.
"""

import sys

from handoff.local import answers
from handoff.vitals import troubles
from handoff.vitals.facts import look


def main(url: str) -> int:
    """0 healthy, 1 not; what is wrong goes to stderr."""
    if answers.main(url):
        return 1
    silent = [each.text for each in troubles.of(look(), troubles.limits()) if each.id == "canary"]
    print(*silent, sep="\n", file=sys.stderr)
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
