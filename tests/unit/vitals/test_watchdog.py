"""What the watchdog says and does, second by second, without waiting for any of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from handoff.local.metadata import Dags
from handoff.vitals.facts import Effects, Facts
from handoff.vitals.troubles import Limits
from handoff.vitals.watchdog import Seen, Watchdog

LIMITS = Limits(canary_s=120, patience_s=5, ingest_s=600, watch_s=300, failing_s=1200)
ALARM, OVER, RESTART = ":rotating_light:", ":white_check_mark:", ":wrench:"


def facts(
    canary_age_s: float | None = 1, outbox_s: float = 0, ingest_s: float | None = 61, watch_s: float | None = 30
) -> Facts:
    effects = {"slack_dm": Effects(1, outbox_s, 0)}
    return Facts(
        datetime(2026, 11, 25, tzinfo=UTC), canary_age_s, 0, 0, 0, 0, 0, 0, 0, effects, {}, {}, ingest_s, watch_s
    )


@dataclass
class World:
    """What the watchdog sees and reaches: plain values, and a list of what it did."""

    seen: Seen = field(default_factory=lambda: Seen("RUNNING", 10_000))
    now: Facts | None = field(default_factory=facts)
    dags: Dags | None = field(default_factory=lambda: Dags([], []))
    said: list[str] = field(default_factory=list)
    restarts: int = 0
    reaches_people: bool = True

    def look(self) -> Seen:
        return self.seen

    def restart(self) -> None:
        self.restarts += 1
        self.seen = Seen("RUNNING", 0)

    def tell(self, text: str) -> bool:
        if self.reaches_people:
            self.said.append(text)
        return self.reaches_people

    def marks(self) -> list[str]:
        return [text.split(" ", 1)[0] + text.rsplit(" ", 1)[1] for text in self.said]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def dog(world: World) -> Watchdog:
    made = Watchdog(LIMITS, world, lambda: world.now, lambda: world.dags, world.tell)
    made.round(0)
    made.round(1000)
    assert world.said == []
    return made


def test_a_silent_canary_is_told_once_cured_and_called_over(world: World, dog: Watchdog) -> None:
    world.now = facts(canary_age_s=121)
    dog.round(1001)
    told = [f"{ALARM}[canary]", f"{RESTART}[restart]"]
    assert (world.marks(), world.restarts) == (told, 1)
    for second in (1006, 1011, 1060):
        dog.round(second)
    # The fresh scheduler is given time: no second restart, and nothing is said twice.
    assert (world.marks(), world.restarts) == (told, 1)
    world.now = facts(canary_age_s=2)
    dog.round(1070)
    dog.round(1075)
    assert (world.marks(), world.restarts) == ([*told, f"{OVER}[canary]"], 1)


def test_one_that_stays_silent_is_restarted_again_each_time_after_twice_as_long(world: World, dog: Watchdog) -> None:
    """On a busy machine a start takes longer than the canary's time, and who is killed in it never gets up."""
    world.now = facts(canary_age_s=None)
    dog.round(1001)
    second = 1001.0
    for number, grace in enumerate((240, 480, 960, 960), 2):
        world.seen = Seen("RUNNING", grace - 1)
        dog.round(second + grace - 1)
        assert world.restarts == number - 1
        world.seen = Seen("RUNNING", grace + 1)
        second += grace + 1
        dog.round(second)
        assert world.restarts == number
    world.now = facts(canary_age_s=2)
    dog.round(second + 5)
    world.now = facts(canary_age_s=121)
    world.seen = Seen("RUNNING", 121)
    dog.round(second + 130)
    assert world.restarts == 6


def test_the_ledger_gone_is_an_alarm_of_its_own_and_no_reason_to_restart(world: World, dog: Watchdog) -> None:
    world.now = None
    dog.round(1001)
    assert world.said == []
    dog.round(1006)
    dog.round(1900)
    assert world.marks() == [f"{ALARM}[ledger]"]
    # Back: the canary could not be heard meanwhile, and gets its time.
    world.now = facts(canary_age_s=900)
    dog.round(1905)
    assert (world.marks(), world.restarts) == ([f"{ALARM}[ledger]", f"{OVER}[ledger]"], 0)
    dog.round(2026)
    assert world.restarts == 1


def test_an_outage_calls_nothing_over(world: World, dog: Watchdog) -> None:
    world.now = facts(outbox_s=601)
    dog.round(1001)
    dog.round(1006)
    assert world.marks() == [f"{ALARM}[outbox-slack_dm]"]
    world.now = None
    dog.round(1011)
    assert world.marks() == [f"{ALARM}[outbox-slack_dm]"]
    world.now = facts()
    dog.round(1016)
    assert world.marks() == [f"{ALARM}[outbox-slack_dm]", f"{OVER}[outbox-slack_dm]"]


def test_what_reached_nobody_is_said_again(world: World, dog: Watchdog) -> None:
    world.now, world.reaches_people = None, False
    dog.round(1001)
    dog.round(1006)
    world.reaches_people = True
    dog.round(1011)
    dog.round(1016)
    assert world.marks() == [f"{ALARM}[ledger]"]


def test_a_blip_is_not_told(world: World, dog: Watchdog) -> None:
    world.now = None
    dog.round(1001)
    world.now = facts()
    dog.round(1005)
    dog.round(1100)
    assert world.said == []


def test_a_scheduler_that_cannot_start_is_told_and_left_to_its_supervisor(world: World, dog: Watchdog) -> None:
    world.seen = Seen("BACKOFF", 0)
    dog.round(1001)
    dog.round(1006)
    assert (world.marks(), world.restarts) == ([f"{ALARM}[scheduler]"], 0)


def test_one_that_a_person_stopped_is_not_started(world: World, dog: Watchdog) -> None:
    world.seen, world.now = Seen("STOPPED", 0), facts(canary_age_s=500)
    dog.round(1001)
    dog.round(1006)
    assert (world.marks(), world.restarts) == ([f"{ALARM}[canary]"], 0)


def test_a_fresh_start_after_a_night_off_is_no_alarm(world: World) -> None:
    world.seen, world.now = Seen("RUNNING", 3), facts(canary_age_s=40_000)
    dog = Watchdog(LIMITS, world, lambda: world.now, lambda: world.dags, world.tell)
    for second in range(0, 100, 5):
        dog.round(second)
    assert (world.said, world.restarts) == ([], 0)


@pytest.mark.parametrize(
    ("name", "limit_s", "said"),
    [
        ("ingest", 600, "No contacts have been read from HubSpot for 601 s."),
        ("watch", 300, "No clock has been judged for 301 s: the watch."),
    ],
)
def test_a_station_that_stands_still_is_an_alarm_although_the_canary_sings(
    world: World, dog: Watchdog, name: str, limit_s: int, said: str
) -> None:
    world.now = facts(**{f"{name}_s": limit_s})
    dog.round(1001)
    assert world.said == []
    world.now = facts(**{f"{name}_s": limit_s + 1})
    dog.round(1006)
    dog.round(1011)
    assert (world.marks(), world.restarts) == ([f"{ALARM}[{name}]"], 0)
    assert said in world.said[0]
    world.now = facts()
    dog.round(1016)
    assert world.marks() == [f"{ALARM}[{name}]", f"{OVER}[{name}]"]


def test_each_station_is_given_time_to_make_up_for_what_it_missed(world: World) -> None:
    world.now = facts(ingest_s=40_000, watch_s=40_000)
    world.dags = Dags([], [], {"handoff_marts": 40_000})
    dog = Watchdog(LIMITS, world, lambda: world.now, lambda: world.dags, world.tell)
    told = [f"{ALARM}[watch]", f"{ALARM}[ingest]", f"{ALARM}[failed-handoff_marts]"]
    for second, number in ((0, 0), (300, 0), (301, 1), (600, 1), (601, 2), (1200, 2), (1201, 3)):
        dog.round(second)
        assert world.marks() == told[:number]


def test_a_dag_that_fails_is_told_when_it_has_failed_for_long_and_not_for_one_bad_run(
    world: World, dog: Watchdog
) -> None:
    # One bad run of a DAG that runs each minute, and the next one is good.
    for second, failing in ((1201, {"handoff_watch": 1}), (1256, {"handoff_watch": 56}), (1261, {})):
        world.dags = Dags([], [], dict(failing))
        dog.round(second)
    # One bad run each quarter of an hour, and a good one after it.
    world.dags = Dags([], [], {"handoff_marts": 1200})
    dog.round(2461)
    assert world.said == []
    world.dags = Dags([], [], {"handoff_marts": 1201, "handoff_sweep": 5})
    dog.round(2466)
    dog.round(2471)
    assert world.marks() == [f"{ALARM}[failed-handoff_marts]"]
    assert "No run of handoff_marts has succeeded for 1201 s, since one failed." in world.said[0]
    world.dags = Dags([], [])
    dog.round(2476)
    assert world.marks() == [f"{ALARM}[failed-handoff_marts]", f"{OVER}[failed-handoff_marts]"]


def test_a_ledger_that_is_gone_does_not_have_every_dag_told(world: World, dog: Watchdog) -> None:
    """What fails meanwhile fails by it, and is given time when it is back."""
    world.now, world.dags = None, Dags([], [], {"handoff_line": 1201, "handoff_watch": 1201})
    for second in (2000, 2005, 5000):
        dog.round(second)
    world.now = facts()
    dog.round(5005)
    assert world.marks() == [f"{ALARM}[ledger]", f"{OVER}[ledger]"]


def test_a_canary_that_airflow_is_not_to_run_is_told_and_no_scheduler_is_killed_for_it(
    world: World, dog: Watchdog
) -> None:
    world.now = facts(canary_age_s=121)
    world.dags = Dags(["handoff_canary"], [], canary_is_on=False)
    for second in (1001, 1006):
        dog.round(second)
    told = [f"{ALARM}[canary]", f"{ALARM}[paused-handoff_canary]"]
    # Nor is it while Airflow's metadata is away, and nobody knows better.
    world.dags = None
    dog.round(5000)
    assert (world.marks(), world.restarts) == (told, 0)
    # It runs again, and each run of it fails: the scheduler starts tasks all the same.
    world.dags = Dags([], [], {"handoff_canary": 60}, started_s=120)
    dog.round(5005)
    assert world.restarts == 0
    world.dags = Dags([], [], {"handoff_canary": 60}, started_s=121)
    dog.round(5010)
    assert world.restarts == 1


def test_when_tasks_started_is_forgotten_while_airflow_s_metadata_is_away(world: World, dog: Watchdog) -> None:
    world.now, world.dags = facts(canary_age_s=121), Dags([], [], started_s=1)
    dog.round(1001)
    assert world.restarts == 0
    world.dags = None
    dog.round(1006)
    assert world.restarts == 1


def test_each_dag_that_is_paused_or_broken_is_told_and_called_over_by_itself(world: World, dog: Watchdog) -> None:
    world.dags = Dags(["handoff_line"], ["/opt/handoff/dags/handoff_watch.py"])
    dog.round(1001)
    assert world.said == []
    dog.round(1006)
    begun = [f"{ALARM}[paused-handoff_line]", f"{ALARM}[import-handoff_watch.py]"]
    assert world.marks() == begun
    assert "The DAG handoff_line is paused in Airflow and does nothing." in world.said[0]
    # Airflow's metadata is away: nothing is over by that.
    world.dags = None
    dog.round(1011)
    assert world.marks() == begun
    world.dags = Dags(["handoff_line"], [])
    dog.round(1016)
    assert world.marks() == [*begun, f"{OVER}[import-handoff_watch.py]"]
