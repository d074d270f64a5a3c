"""The local stack's scheduler in the hands of the watchdog."""

from dataclasses import dataclass

from handoff.local import processes, supervisor
from handoff.local.state import Layout
from handoff.vitals.watchdog import Seen

SCHEDULER = "scheduler"


@dataclass(frozen=True)
class LocalScheduler:
    """The scheduler of one home, under its supervisor."""

    where: Layout

    def look(self) -> Seen:
        """As the supervisor sees it; STOPPED when there is none."""
        found = next(each for each in supervisor.components(self.where) if each.name == SCHEDULER)
        return Seen(found.state, found.uptime_s)

    def restart(self) -> None:
        """`kill -9` for everything that it has forked, the tasks too: a wedged one does not heed anything less.

        The supervisor starts it again the moment it is gone; what it will not, is started here.
        """
        processes.end(processes.of(self.where, SCHEDULER), patience_s=0)
        if self.look().state in ("FATAL", "STOPPED"):
            supervisor.start_component(self.where, SCHEDULER)
