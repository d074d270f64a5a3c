"""Whose turn it is: the published vectors, and what must hold for any pool, any absences and any order."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.route.assign import Burden, Candidate, NobodyEligible, choose

SHARED = Path(__file__).parents[4] / "shared" / "data" / "round_robin" / "weighted_round_robin.json"
NGINX = {
    "weights": {"a": 5, "b": 1, "c": 1},
    "n": 7,
    "expected_sequence": ["a", "a", "b", "a", "c", "a", "a"],
    "expected_counts": None,
}
"""The example of nginx's own commit message."""
VECTORS = [NGINX, *(json.loads(SHARED.read_text(encoding="utf-8"))["vectors"] if SHARED.exists() else ())]
WEIGHTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9), min_size=1)


def rep(rep_id: str, weight: int = 1, **known: Any) -> Candidate:
    given: dict[str, Any] = {"step_rank": 4, "step": "territory", "pool_id": "na", "reason": "territory ter-na"}
    return Candidate(**{**given, "is_eligible": True, **known}, rep_id=rep_id, weight=weight)


def turns(weights: dict[str, int], away: list[set[str]]) -> list[tuple[str, dict[str, int]]]:
    """Who gets each lead, while others are away, and what everybody is owed after it."""
    owed: dict[str | None, dict[str, int]] = {}
    found = []
    for absent in away:
        choice = choose(
            [rep(name, weight, is_eligible=name not in absent) for name, weight in weights.items()], owed, {}
        )
        assert choice.credits is not None
        owed = {"na": choice.credits}
        found.append((choice.candidate.rep_id, choice.credits))
    return found


class TestTurns:
    @pytest.mark.parametrize("vector", VECTORS, ids=lambda each: str(each["weights"]))
    def test_published_sequences_and_counts(self, vector: dict[str, Any]) -> None:
        taken = [name for name, _ in turns(vector["weights"], [set()] * vector["n"])]
        if vector["expected_sequence"]:
            assert taken == vector["expected_sequence"]
        if vector["expected_counts"]:
            assert Counter(taken) == vector["expected_counts"]

    @given(WEIGHTS, st.integers(1, 3))
    def test_after_as_many_leads_as_the_weights_add_up_to_everybody_has_their_share(
        self, weights: dict[str, int], rounds: int
    ) -> None:
        taken = Counter(name for name, _ in turns(weights, [set()] * (rounds * sum(weights.values()))))
        assert taken == {name: rounds * weight for name, weight in weights.items()}

    @given(WEIGHTS, st.lists(st.sets(st.sampled_from("abcdef"), max_size=5), max_size=60))
    def test_what_is_owed_stays_small_however_long_somebody_is_away(
        self, weights: dict[str, int], away: list[set[str]]
    ) -> None:
        """So nobody who comes back gets more than a lead or two at once."""
        away = [absent for absent in away if set(weights) - absent]
        for _, owed in turns(weights, away):
            assert sum(owed.values()) == 0
            assert all(abs(credit) <= sum(weights.values()) for credit in owed.values())

    def test_who_comes_back_from_leave_does_not_get_what_was_missed(self) -> None:
        weights = {"ana": 1, "ben": 1}
        taken = [name for name, _ in turns(weights, [{"ben"}] * 100 + [set()] * 6)]
        assert taken[100:] in (["ana", "ben"] * 3, ["ben", "ana"] * 3)

    def test_who_joins_begins_with_nothing_and_who_left_is_forgotten(self) -> None:
        owed = {"na": {"ana": 1, "ben": -1, "left": 7}}
        choice = choose([rep("ana"), rep("ben"), rep("new")], owed, {})
        assert (choice.candidate.rep_id, choice.credits) == ("ana", {"ana": -1, "ben": 0, "new": 1})

    def test_equals_are_settled_by_id(self) -> None:
        assert choose([rep("ben"), rep("ana")], {}, {}).candidate.rep_id == "ana"

    def test_each_pool_has_turns_of_its_own(self) -> None:
        owed = {"emea": {"ana": -9, "ben": 9}}
        assert choose([rep("ana"), rep("ben")], owed, {}).candidate.rep_id == "ana"


class TestWhoMayNot:
    def test_who_is_full_keeps_the_turn_and_the_reason_is_kept(self) -> None:
        reps = [rep("ana", max_open=2, max_per_day=5), rep("ben", max_open=2, max_per_day=5)]
        choice = choose(reps, {}, {"ana": Burden(open=2, today=2)})
        assert choice.candidate.rep_id == "ben"
        assert choice.credits == {"ana": 0, "ben": 0}
        assert [(each.rep_id, each.is_eligible, each.reason) for each in choice.candidates] == [
            ("ana", False, "territory ter-na, but full: 2 of 2 open"),
            ("ben", True, "territory ter-na"),
        ]
        assert choice.reason == "territory ter-na"

    def test_a_day_is_full_as_well(self) -> None:
        choice = choose([rep("ana", max_per_day=5), rep("ben")], {}, {"ana": Burden(open=0, today=5)})
        assert choice.candidates[0].reason == "territory ter-na, but full for today: 5 of 5"

    def test_one_below_the_cap_gets_one_more(self) -> None:
        choice = choose([rep("ana", max_open=2, max_per_day=5)], {}, {"ana": Burden(open=1, today=4)})
        assert choice.candidate.rep_id == "ana"

    def test_who_did_not_keep_it_the_time_before_comes_last(self) -> None:
        others = [rep("ana", 9), rep("ben")]
        choice = choose(others, {}, {}, before=["ana"])
        assert choice.candidate.rep_id == "ben"
        assert choice.candidates[0].reason == "territory ter-na, but had this lead before"
        choice = choose(others, {}, {}, had=["ben"], before=["ana"])
        assert choice.candidate.rep_id == "ana"
        assert choice.reason == "territory ter-na; had this lead before, and nobody else may take it"
        with pytest.raises(NobodyEligible):
            choose(others, {}, {}, had=["ana", "ben"], before=["ana"])

    def test_who_has_the_lead_for_another_product_comes_first_and_pays_the_turn(self) -> None:
        owner = rep("cal", step_rank=1, step="account_owner", pool_id=None)
        reps = [owner, rep("ana", 9), rep("ben", max_open=2, is_at_work=False)]
        choice = choose(reps, {}, {}, keeper="ben", prefers_present=True)
        assert (choice.candidate.rep_id, choice.credits) == ("ben", {"ana": 9, "ben": -9})
        assert choice.reason == "territory ter-na; has this lead for another product"
        # Not who is full, did not keep it, or is nobody for it.
        assert choose(reps, {}, {"ben": Burden(open=2)}, keeper="ben").candidate.rep_id == "cal"
        assert choose(reps, {}, {}, before=["ben"], keeper="ben").candidate.rep_id == "cal"
        assert choose(reps, {}, {}, keeper="dan").candidate.rep_id == "cal"
        kept = choose(reps, {}, {}, keeper="cal")
        assert (kept.candidate.rep_id, kept.credits) == ("cal", None)

    def test_never_back_to_who_had_it(self) -> None:
        choice = choose([rep("ana", 9), rep("ben")], {}, {}, had=["ana"])
        assert choice.candidate.rep_id == "ben"
        assert choice.candidates[0].reason == "territory ter-na, but had this lead before"

    def test_with_a_short_clock_somebody_who_is_in_comes_first(self) -> None:
        reps = [rep("ana", 9, is_at_work=False), rep("ben", is_at_work=True)]
        choice = choose(reps, {}, {}, prefers_present=True)
        assert (choice.candidate.rep_id, choice.candidates[0].reason) == ("ben", "territory ter-na, but not at work")
        assert choose(reps, {}, {}).candidate.rep_id == "ana"

    def test_when_nobody_is_in_the_clock_waits_for_the_morning(self) -> None:
        reps = [rep("ana", is_at_work=False), rep("ben", is_at_work=False)]
        assert choose(reps, {}, {}, prefers_present=True).candidate.rep_id == "ana"

    def test_the_next_step_is_taken_when_a_step_has_nobody(self) -> None:
        owner = rep("ana", step_rank=1, step="account_owner", pool_id=None, max_open=1, reason="CRM owner 1001")
        last = rep("boss", step_rank=5, step="fallback", pool_id="fallback", reason="fallback of the agreement")
        choice = choose([last, rep("ben"), owner], {}, {"ana": Burden(open=1)})
        assert choice.candidate.rep_id == "ben"
        assert [each.rep_id for each in choice.candidates] == ["ana", "ben", "boss"]

    def test_an_owner_is_no_turn_of_a_pool(self) -> None:
        owner = rep("ana", step_rank=1, step="account_owner", pool_id=None, reason="CRM owner 1001")
        choice = choose([owner, rep("ben")], {}, {})
        assert (choice.candidate.rep_id, choice.reason, choice.credits) == ("ana", "CRM owner 1001", None)

    def test_nobody_says_who_was_considered_and_until_when(self) -> None:
        back = datetime(2026, 12, 1, tzinfo=UTC)
        reps = [
            rep("ana", is_eligible=False, reason="territory ter-na, but away", unavailable_until=back),
            rep("ben", max_open=3),
        ]
        with pytest.raises(NobodyEligible, match=r"ana: territory ter-na, but away; ben: .* full: 3 of 3 open") as told:
            choose(reps, {}, {"ben": Burden(open=3)})
        assert told.value.until == back

    def test_who_is_full_for_today_is_waited_for_until_their_day_is_over(self) -> None:
        midnight = datetime(2026, 11, 26, 5, tzinfo=UTC)
        away = rep("cal", is_eligible=False, unavailable_until=midnight + timedelta(days=3))
        reps = [away, rep("ana", max_per_day=5), rep("ben", max_open=1, max_per_day=5)]
        has = {"ana": Burden(0, 5, midnight), "ben": Burden(1, 5, midnight - timedelta(hours=6))}
        with pytest.raises(NobodyEligible, match="full for today: 5 of 5") as told:
            choose(reps, {}, has)
        # Ben is full beyond today.
        assert told.value.until == midnight

    def test_nobody_at_all(self) -> None:
        with pytest.raises(NobodyEligible, match="no rep was considered"):
            choose([], {}, {})


def test_what_is_kept_of_a_candidate_is_plain_json() -> None:
    away = rep("ana", unavailable_until=datetime(2026, 12, 1, tzinfo=UTC), pool_id=None)
    assert json.loads(json.dumps(away.as_json())) == {
        "step_rank": 4,
        "step": "territory",
        "pool_id": None,
        "rep_id": "ana",
        "weight": 1,
        "is_eligible": True,
        "reason": "territory ter-na",
        "unavailable_until": "2026-12-01T00:00:00+00:00",
    }
