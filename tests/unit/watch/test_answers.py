"""What an answer changes: once, for the person and the lead that it belongs to, in the order in which they came."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.local import progress
from handoff.notify.card_form import NOTE, REASON
from handoff.qualify import loads
from handoff.route import assignments
from handoff.route.assignments import Assignment
from handoff.route.reassign import reassign
from handoff.watch import answers
from tests.dying import dies_at
from tests.unit.route.handed import NOON, answer, to
from tests.unit.watch.pressing import (
    ANA,
    BEN,
    CHANNEL,
    EMI,
    FARAH,
    act,
    delivered,
    effects,
    kinds,
    pressed,
    rows,
    stored,
    submitted,
    whispers,
)

SOON = NOON + timedelta(minutes=10)
"""12:10 in New York; the lead of the tier "high" is due at 16:30 there, after the lunch break."""
DUE = datetime(2026, 11, 25, 21, 30, tzinfo=UTC)
ACCEPTED = "Nothing was changed. Accepted by Ana Costa, 12:10 EST."


@pytest.fixture
def given(connection: Connection) -> Assignment:
    """A lead that Ana Costa has, and both of its cards in Slack."""
    made = to(connection, "1", "ana-costa", NOON)
    delivered(connection, made)
    return made


def given_another(connection: Connection, lead_id: str, rep_id: str = "ana-costa", **changed: Any) -> Assignment:
    made = to(connection, lead_id, rep_id, NOON, **changed)
    delivered(connection, made)
    return made


def together(works: list[Callable[[], Any]]) -> list[Any]:
    """Do all at once, each in a thread; what each returned, None for one that failed."""
    results: list[Any] = [None] * len(works)
    barrier = threading.Barrier(len(works))

    def run(place: int) -> None:
        barrier.wait()
        results[place] = works[place]()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# One winner


def test_an_acceptance_is_kept_with_what_shows_it(connection: Connection, given: Assignment) -> None:
    outcome = act(connection, pressed(given, "accept", ANA), SOON)
    assert (outcome.label, outcome.errors, outcome.form, outcome.has_effects) == ("accepted", {}, None, True)
    (row,) = rows(connection, "select * from handoff.dispositions")
    assert (row["kind"], row["assignment_id"], row["owner_id"], row["occurred_at"]) == (
        "accepted",
        given.assignment_id,
        "1001",
        SOON,
    )
    (event,) = rows(connection, "select inbox_id, processed_at from handoff.inbox")
    assert row["evidence"] == {"inbox_id": event["inbox_id"], "rep_id": "ana-costa", "slack_user_id": ANA}
    assert event["processed_at"] == SOON
    assert [each["message"].split(":")[0] for each in effects(connection, "slack_update")] == [
        "slack_dm",
        "slack_channel",
    ]
    # Nobody is told in their own conversation what they did themselves.
    assert [(each["message"].split(":")[0], each["text"]) for each in effects(connection, "slack_thread")] == [
        ("slack_channel", "Ana Costa accepted it")
    ]
    assert whispers(connection) == []


def test_a_second_press_is_told_who_was_first(connection: Connection, given: Assignment) -> None:
    act(connection, pressed(given, "accept", ANA), SOON)
    assert act(connection, pressed(given, "accept", FARAH), SOON + timedelta(seconds=3)).label == "refused"
    assert whispers(connection) == [(FARAH, ACCEPTED)]
    assert kinds(connection) == ["accepted"]


def test_two_hundred_at_once_have_one_winner_and_all_others_are_told(connection: Connection, given: Assignment) -> None:
    """Both people, both answers: whatever is applied first excludes all the rest."""
    keys = [stored(connection, pressed(given, "accept", (ANA, FARAH)[n % 2]), SOON) for n in range(100)]
    keys += [stored(connection, submitted(given, "no_interest", (ANA, FARAH)[n % 2]), SOON) for n in range(100)]
    places = threading.Semaphore(60)

    def apply(key: str) -> Any:
        with places, db.connect() as own:
            own.execute("set lock_timeout = '60s'")
            return answers.apply(own, key, SOON, is_live=True)

    outcomes = together([lambda key=key: apply(key) for key in keys])
    labels = Counter(outcome.label for outcome in outcomes)
    assert labels["refused"] == 199
    (won,) = kinds(connection)
    assert labels == {"refused": 199, won: 1}
    (winner,) = rows(connection, "select evidence ->> 'slack_user_id' as user_id from handoff.dispositions")
    name = {ANA: "Ana Costa", FARAH: "Farah Ali"}[winner["user_id"]]
    told = [text for _, text in whispers(connection)]
    told += [text for outcome in outcomes for text in outcome.errors.values()]
    assert len(told) == 199
    assert all(f"{won.capitalize()} by {name}, 12:10 EST" in text for text in told)


def test_one_answer_applied_by_fifty_at_once_counts_once(connection: Connection, given: Assignment) -> None:
    key = stored(connection, pressed(given, "accept", ANA), SOON)

    def apply() -> Any:
        with db.connect() as own:
            return answers.apply(own, key, SOON)

    outcomes = together([apply] * 50)
    assert Counter(outcome and outcome.label for outcome in outcomes) == {"accepted": 1, None: 49}
    assert kinds(connection) == ["accepted"]
    assert len(effects(connection, "slack_update")) == 2
    assert whispers(connection) == []


def test_a_form_that_was_opened_before_somebody_answered_says_so(connection: Connection, given: Assignment) -> None:
    act(connection, pressed(given, "accept", ANA), SOON)
    stale = act(connection, submitted(given, "no_interest", FARAH, seen=0), SOON)
    assert stale.errors == {
        REASON: "Accepted by Ana Costa, 12:10 EST. Close this, and press Reject again if you still mean it."
    }
    assert kinds(connection) == ["accepted"]
    assert act(connection, submitted(given, "no_interest", FARAH, seen=1), SOON).label == "rejected"


# Whose


@pytest.mark.parametrize("user", [BEN, EMI, "U0STRANGER"])
@pytest.mark.parametrize("action", ["accept", "reject", "snooze", "contacted"])
def test_a_colleague_may_not_answer(connection: Connection, given: Assignment, action: str, user: str) -> None:
    outcome = act(connection, pressed(given, action, user), SOON)
    assert (outcome.label, outcome.form) == ("refused", None)
    assert whispers(connection) == [(user, "Only Ana Costa and their managers can answer this.")]
    assert act(connection, submitted(given, "no_interest", user), SOON).errors == {
        REASON: "Only Ana Costa and their managers can answer this."
    }
    assert kinds(connection) == []
    assert effects(connection, "slack_update") == []


def test_a_manager_answers_for_their_rep_who_is_told_below_their_own_card(
    connection: Connection, given: Assignment
) -> None:
    assert act(connection, pressed(given, "accept", FARAH), SOON).label == "accepted"
    assert [(each["message"].split(":")[0], each["text"]) for each in effects(connection, "slack_thread")] == [
        ("slack_dm", "Farah Ali accepted it"),
        ("slack_channel", "Farah Ali accepted it"),
    ]
    assert rows(connection, "select owner_id from handoff.dispositions") == [{"owner_id": "1006"}]


def test_a_rep_may_not_answer_for_their_manager(connection: Connection) -> None:
    made = given_another(connection, "2", "farah-ali")
    assert act(connection, pressed(made, "accept", ANA), SOON).label == "refused"
    assert act(connection, pressed(made, "accept", FARAH), SOON).label == "accepted"


def test_who_left_answers_nothing_and_the_manager_still_can(connection: Connection, given: Assignment) -> None:
    with psycopg.connect(db.connections.get("handoff_admin").dsn) as admin:
        admin.execute("update agreement.reps set valid_to = '2026-11-25' where rep_id = 'ana-costa'")
    assert act(connection, pressed(given, "accept", ANA), SOON).label == "refused"
    assert act(connection, pressed(given, "accept", FARAH), SOON).label == "accepted"


# What is none of ours


def test_what_is_forged_broken_or_unknown_is_ignored(connection: Connection, given: Assignment) -> None:
    other = given_another(connection, "2", "ben-okafor")
    actions = pressed(given, "accept", ANA)["actions"]
    for payload in (
        pressed(given, "dance", ANA),
        pressed(given, "accept", ANA, actions=[{**actions[0], "value": "' or 1=1"}]),
        pressed(given, "accept", ANA, actions=[{**actions[0], "value": "999999"}]),
        # A card of another assignment, no card at all, and the right time stamp in the wrong place.
        pressed(given, "accept", ANA, container=pressed(other, "accept", ANA)["container"]),
        pressed(given, "accept", ANA, container={"channel_id": CHANNEL, "message_ts": "1764090009.000001"}),
        pressed(given, "accept", ANA, container={"channel_id": "C0REVIEW00", "message_ts": "1764090000.000001"}),
        pressed(given, "accept", ANA, container=None),
        {"type": "shortcut", "callback_id": "handoff_accept", "user": {"id": ANA}},
        submitted(given, "no_interest", ANA) | {"type": "view_closed"},
    ):
        assert act(connection, payload, SOON) == answers.Outcome("ignored")
    assert kinds(connection) == []
    assert rows(connection, "select from handoff.inbox where processed_at is null") == []
    assert rows(connection, "select from handoff.outbox where kind in ('slack_ephemeral', 'slack_update')") == []


def test_a_card_whose_delivery_is_in_doubt_can_be_answered(connection: Connection) -> None:
    made = to(connection, "2", "ana-costa", NOON)
    assert act(connection, pressed(made, "accept", ANA), SOON).label == "ignored"
    connection.execute("update handoff.outbox set attempts = 1 where kind = 'slack_channel'")
    assert act(connection, pressed(made, "accept", ANA), SOON).label == "accepted"


# When


def test_after_the_deadline_whoever_still_has_it_may_answer(connection: Connection, given: Assignment) -> None:
    assert act(connection, pressed(given, "accept", ANA), DUE + timedelta(hours=1)).label == "accepted"


def passed_on(connection: Connection, given: Assignment, at: datetime) -> Assignment:
    """Taken away by the ladder, and told to Ben Okafor."""
    with connection.transaction():
        again = reassign(connection, given.handoff_id, at, "breach")
    delivered(connection, again)
    assert again.rep["rep_id"] == "ben-okafor"
    return again


@pytest.mark.parametrize("action", ["accept", "contacted", "snooze", "reject"])
def test_an_old_card_says_where_the_lead_went(connection: Connection, given: Assignment, action: str) -> None:
    passed_on(connection, given, DUE)
    assert act(connection, pressed(given, action, ANA), DUE + timedelta(minutes=1)).label == "refused"
    assert whispers(connection) == [
        (ANA, "Nothing was changed. Went to Ben Okafor, 16:30 EST: nobody was in touch in time.")
    ]
    assert kinds(connection) == []


@pytest.mark.parametrize(("action", "kept"), [("accept", ["accepted"]), ("contacted", ["accepted", "claimed"])])
def test_an_answer_that_came_first_brings_the_lead_back(
    connection: Connection, given: Assignment, action: str, kept: list[str]
) -> None:
    key = stored(connection, pressed(given, action, ANA), DUE - timedelta(seconds=1))
    passed_on(connection, given, DUE + timedelta(seconds=5))
    outcome = answers.apply(connection, key, DUE + timedelta(seconds=20))
    assert outcome is not None
    assert (outcome.label, kinds(connection)) == ("+".join(kept), kept)
    newest = rows(connection, "select * from handoff.assignments order by assignment_id desc limit 1")[0]
    assert (newest["rep_id"], newest["cause"], newest["assigned_at"]) == (
        "ana-costa",
        "by_hand",
        DUE + timedelta(seconds=20),
    )
    answered = rows(connection, "select assignment_id, occurred_at from handoff.dispositions")
    assert answered == [{"assignment_id": newest["assignment_id"], "occurred_at": DUE - timedelta(seconds=1)}] * len(
        kept
    )
    assert effects(connection, "slack_dm")[-1]["slack_user_id"] == ANA
    assert effects(connection, "hubspot_contact")[-1]["properties"]["hubspot_owner_id"] == "1001"
    # Ben's cards say so, too.
    assert len(effects(connection, "slack_update")) == 4


@pytest.mark.parametrize(
    ("limits", "is_back"),
    [
        ("max_open = 1", False),
        ("max_open = 2", True),
        ("max_per_day = 2", True),
        ("max_per_day = 1", False),
    ],
)
def test_it_comes_back_only_to_who_has_room_for_it(
    connection: Connection, given: Assignment, limits: str, is_back: bool
) -> None:
    key = stored(connection, pressed(given, "accept", ANA), DUE - timedelta(seconds=1))
    passed_on(connection, given, DUE + timedelta(seconds=5))
    to(connection, "2", "ana-costa", DUE + timedelta(seconds=6))
    with db.connect("handoff_admin") as admin:
        admin.execute(f"update agreement.reps set {limits} where rep_id = 'ana-costa'")
    outcome = answers.apply(connection, key, DUE + timedelta(seconds=20))
    assert outcome is not None
    assert outcome.label == ("accepted" if is_back else "refused")
    had = rows(
        connection, "select from handoff.assignments where rep_id = 'ana-costa' and reason like '%%before it went%%'"
    )
    assert len(had) == is_back


def test_it_comes_back_when_no_router_is_choosing(connection: Connection, given: Assignment) -> None:
    key = stored(connection, pressed(given, "accept", ANA), DUE - timedelta(seconds=1))
    passed_on(connection, given, DUE + timedelta(seconds=5))
    with ThreadPoolExecutor(1) as pool:
        with db.connect() as router, router.transaction():
            assignments.lock(router)
            waiting = pool.submit(answers.apply, connection, key, DUE + timedelta(seconds=20))
            assert progress.wait(_waits_for_the_choice, timeout_s=20, interval_s=0.02)
            assert not waiting.done()
        outcome = waiting.result()
    assert outcome is not None
    assert outcome.label == "accepted"


def _waits_for_the_choice() -> bool:
    with db.connect("handoff_admin") as admin:
        return bool(admin.execute("select from pg_locks where locktype = 'advisory' and not granted").rowcount)


@pytest.mark.parametrize("kind", ["accepted", "snoozed", "rejected", "contacted", "withdrawn"])
def test_it_stays_with_the_next_rep_once_they_have_answered(
    connection: Connection, given: Assignment, kind: str
) -> None:
    key = stored(connection, pressed(given, "accept", ANA), DUE - timedelta(seconds=1))
    again = passed_on(connection, given, DUE)
    if kind == "snoozed":
        act(connection, pressed(again, "snooze", BEN), DUE)
    else:
        answer(connection, again, kind, DUE)
    outcome = answers.apply(connection, key, DUE + timedelta(seconds=20))
    assert outcome is not None
    assert outcome.label == "refused"
    assert kinds(connection) == [kind]


def test_it_does_not_come_back_from_a_rep_whom_it_was_handed_to(connection: Connection, given: Assignment) -> None:
    key = stored(connection, pressed(given, "accept", FARAH), SOON + timedelta(seconds=1))
    act(connection, submitted(given, "not_mine", ANA), SOON + timedelta(seconds=2))
    outcome = answers.apply(connection, key, SOON + timedelta(seconds=20))
    assert outcome is not None
    assert outcome.label == "refused"


@pytest.mark.parametrize("kind", ["contacted", "rejected", "withdrawn"])
@pytest.mark.parametrize("action", ["accept", "reject", "snooze", "contacted"])
def test_when_it_is_over_nothing_can_be_answered_but_what_was_said_on_the_phone(
    connection: Connection, given: Assignment, kind: str, action: str
) -> None:
    answer(connection, given, kind, SOON)
    if (kind, action) == ("contacted", "reject"):
        assert act(connection, pressed(given, action, ANA), SOON).label == "asked"
    else:
        assert act(connection, pressed(given, action, ANA), SOON).label == "refused"
        assert kind in whispers(connection)[0][1].lower()
    assert kinds(connection) == [kind]


# In touch, and not now


def test_a_claim_is_an_acceptance_and_no_first_contact(connection: Connection, given: Assignment) -> None:
    assert act(connection, pressed(given, "contacted", ANA), SOON).label == "accepted+claimed"
    assert kinds(connection) == ["accepted", "claimed"]
    assert act(connection, pressed(given, "contacted", ANA), SOON).label == "refused"
    assert whispers(connection)[0][1].startswith("Nothing was changed. Ana Costa says they have been in touch")


def test_a_claim_may_follow_an_acceptance(connection: Connection, given: Assignment) -> None:
    act(connection, pressed(given, "accept", ANA), SOON)
    assert act(connection, pressed(given, "contacted", ANA), SOON).label == "claimed"
    assert kinds(connection) == ["accepted", "claimed"]


def test_a_snooze_lasts_business_time_and_ends_with_the_deadline(connection: Connection, given: Assignment) -> None:
    act(connection, pressed(given, "snooze", ANA), SOON)
    # 20 minutes until lunch at 12:30, and 40 after it.
    (row,) = rows(connection, "select snoozed_until from handoff.dispositions")
    assert row["snoozed_until"] == datetime(2026, 11, 25, 18, 40, tzinfo=UTC)
    late = given_another(connection, "2")
    act(connection, pressed(late, "snooze", ANA), DUE - timedelta(minutes=10))
    (row,) = rows(connection, "select snoozed_until from handoff.dispositions where handoff_id = %s", late.handoff_id)
    assert row["snoozed_until"] == DUE


def test_no_more_snoozes_than_the_tier_allows(connection: Connection, given: Assignment) -> None:
    assert act(connection, pressed(given, "snooze", ANA), SOON).label == "snoozed"
    assert act(connection, pressed(given, "snooze", ANA), SOON).label == "refused"
    assert act(connection, pressed(given, "snooze", ANA), SOON + timedelta(hours=3)).label == "refused"
    hot = given_another(connection, "2", tier="hand_raiser", minutes=5)
    assert act(connection, pressed(hot, "snooze", ANA), NOON).label == "refused"
    late = given_another(connection, "3")
    assert act(connection, pressed(late, "snooze", ANA), DUE).label == "refused"
    assert [text for _, text in whispers(connection)] == [
        "Nothing was changed. Reminders are quiet until 13:40 EST today.",
        "Nothing was changed. This lead cannot be snoozed any more.",
        "Nothing was changed. This lead cannot be snoozed any more.",
        "Nothing was changed. The deadline has passed.",
    ]
    assert kinds(connection) == ["snoozed"]


# Rejecting


def test_reject_asks_why_with_the_agreement_s_reasons_in_their_order(connection: Connection, given: Assignment) -> None:
    act(connection, pressed(given, "accept", ANA), SOON)
    outcome = act(connection, pressed(given, "reject", ANA, trigger_id="9.9"), SOON)
    assert outcome.label == "asked"
    assert outcome.form is not None
    assert (outcome.form.trigger_id, outcome.form.view["private_metadata"]) == ("9.9", f"{given.assignment_id}:1")
    options = outcome.form.view["blocks"][1]["element"]["options"]
    assert [each["value"] for each in options][:3] == ["not_a_fit", "wrong_region", "wrong_industry"]
    assert [each["value"] for each in options][-2:] == ["not_mine", "other"]
    assert kinds(connection) == ["accepted"]


def test_a_rejection_ends_it_and_the_crm_says_why(connection: Connection, given: Assignment) -> None:
    note = "They <b>hang</b> up"
    assert act(connection, submitted(given, "no_interest", ANA, note=note), SOON).label == "rejected"
    (row,) = rows(connection, "select * from handoff.dispositions")
    assert (row["kind"], row["reason_id"], row["note"], row["owner_id"]) == ("rejected", "no_interest", note, "1001")
    written = effects(connection, "hubspot_contact")[-1]
    assert (written["contact_id"], written["properties"]["handoff_rejection_reason"]) == ("1", "no_interest")
    assert written["properties"]["hs_lead_status"] == "UNQUALIFIED"
    assert written["properties"]["handoff_sla_status"] == "met"
    assert [each["text"] for each in effects(connection, "slack_thread")] == [
        "Ana Costa rejected it: No interest when called. “They &lt;b&gt;hang&lt;/b&gt; up”"
    ]
    assert len(rows(connection, "select from handoff.assignments")) == 1


def test_a_reason_that_is_not_on_the_list_is_refused(connection: Connection, given: Assignment) -> None:
    for reason_id in ("", "bored", "no_interest' --"):
        assert "no longer on the list" in act(connection, submitted(given, reason_id, ANA), SOON).errors[REASON]
    assert list(act(connection, submitted(given, "other", ANA, note="x" * 501), SOON).errors) == [NOTE]
    assert act(connection, submitted(given, "other", ANA, note="x" * 500), SOON).label == "rejected"


def rejected_today(connection: Connection, many: int, at: datetime, owner_id: str = "1001") -> None:
    for n in range(many):
        made = to(connection, str(10 + n), "ana-costa", NOON)
        answer(connection, made, "rejected", at)
    with psycopg.connect(db.connections.get("handoff_admin").dsn) as admin:
        admin.execute("update handoff.dispositions set owner_id = %s", (owner_id,))


def test_the_agreement_s_limit_holds_for_the_rep_s_own_day(connection: Connection, given: Assignment) -> None:
    midnight = datetime(2026, 11, 26, 5, tzinfo=UTC)
    rejected_today(connection, 5, SOON)
    refused = act(connection, submitted(given, "no_interest", ANA), midnight - timedelta(seconds=1))
    assert refused.errors == {REASON: "You have rejected 5 leads today, which is the most. Talk to your manager."}
    assert act(connection, submitted(given, "not_mine", ANA), SOON).errors == refused.errors
    assert len(kinds(connection)) == 5
    assert act(connection, submitted(given, "no_interest", ANA), midnight).label == "rejected"


def test_a_manager_rejects_for_their_rep_beyond_the_limit(connection: Connection, given: Assignment) -> None:
    rejected_today(connection, 5, SOON, owner_id="1006")
    assert act(connection, submitted(given, "no_interest", FARAH), SOON).label == "rejected"


def test_two_rejections_at_once_do_not_both_count_as_the_last(connection: Connection, given: Assignment) -> None:
    rejected_today(connection, 4, SOON)
    keys = [
        stored(connection, submitted(each, "no_interest", ANA), SOON)
        for each in (given, given_another(connection, "2"))
    ]

    def apply(key: str) -> Any:
        with db.connect() as own:
            return answers.apply(own, key, SOON, is_live=True)

    outcomes = together([lambda key=key: apply(key) for key in keys])
    assert sorted(outcome.label for outcome in outcomes) == ["refused", "rejected"]
    assert len(kinds(connection)) == 5


def test_after_first_contact_a_lead_is_rejected_for_what_was_said(connection: Connection, given: Assignment) -> None:
    answer(connection, given, "contacted", SOON)
    outcome = act(connection, pressed(given, "reject", ANA), DUE + timedelta(hours=1))
    assert outcome.form is not None
    # Whom somebody has talked to goes to nobody else.
    options = [each["value"] for each in outcome.form.view["blocks"][1]["element"]["options"]]
    assert "not_mine" not in options
    assert "no_interest" in options
    refused = act(connection, submitted(given, "not_mine", ANA, seen=1), DUE + timedelta(hours=1))
    assert refused.errors == {REASON: "Somebody has been in touch, so nobody else gets it. Choose another reason."}
    late = act(connection, submitted(given, "no_interest", ANA), DUE + timedelta(hours=1))
    assert late.errors[REASON].startswith("Contacted by ")
    assert act(connection, submitted(given, "no_interest", ANA, seen=1), DUE + timedelta(hours=1)).label == "rejected"
    assert kinds(connection) == ["contacted", "rejected"]
    # The clock was stopped by the call, whenever the lead was rejected.
    assert effects(connection, "hubspot_contact")[-1]["properties"] == {
        "handoff_rejection_reason": "no_interest",
        "hs_lead_status": "UNQUALIFIED",
    }
    assert act(connection, pressed(given, "reject", ANA), DUE + timedelta(hours=2)).label == "refused"


def test_a_double_that_was_rejected_before_the_merge_is_no_newer_handoff(
    connection: Connection, given: Assignment
) -> None:
    """Whoever got the other contact rejected it as a duplicate; whoever has talked to the person has the lead."""
    double = to(connection, "2", "ben-okafor", SOON)
    answer(connection, double, "rejected", SOON + timedelta(minutes=1))
    answer(connection, given, "contacted", SOON - timedelta(minutes=1))
    with db.connect("handoff_admin") as admin:
        admin.execute(
            """update handoff.handoffs set definition_version = (
                select version from agreement.definitions
                where definition_id = 'platform-mql' and requalify_after_contact_days > 0 limit 1
            )"""
        )
    later = SOON + timedelta(hours=1)
    connection.execute(
        "insert into handoff.aliases (object_type, old_id, id, noticed_at) values ('contacts', '2', '1', %s)", (later,)
    )
    assert act(connection, pressed(given, "reject", ANA), later).label == "asked"
    assert act(connection, submitted(given, "no_interest", ANA, seen=1), later).label == "rejected"


def test_a_card_whose_lead_was_handed_over_anew_answers_nothing(connection: Connection, given: Assignment) -> None:
    """The one contact would say that it was rejected, while another rep has the lead."""
    answer(connection, given, "contacted", SOON)
    later = SOON + timedelta(days=31)
    # Another product, and one that was taken back as a double, are nobody's next handoff.
    to(connection, "1", "ben-okafor", later, product="insights")
    double = to(connection, "1", "ben-okafor", later, 2)
    answer(connection, double, "withdrawn", later)
    with db.connect("handoff_admin") as admin:
        admin.execute("update handoff.dispositions set reason_id = 'merged' where kind = 'withdrawn'")
    assert act(connection, pressed(given, "reject", ANA), later).label == "asked"
    # The lead goes by another id by then.
    connection.execute(
        "insert into handoff.aliases (object_type, old_id, id, noticed_at) values ('contacts', '1', '3', %s)", (later,)
    )
    to(connection, "3", "ben-okafor", later, 3)
    written = len(effects(connection, "hubspot_contact"))
    anew = (
        "Nothing was changed. Contacted by somebody after 10 min, in time. "
        "Handed over anew to Ben Okafor, 12:10 EST: answers count there."
    )
    for user in (ANA, FARAH):
        assert act(connection, pressed(given, "reject", user), later).label == "refused"
        assert act(connection, submitted(given, "no_interest", user, seen=1), later).errors == {REASON: anew}
    assert whispers(connection) == [(ANA, anew), (FARAH, anew)]
    assert kinds(connection) == ["contacted", "withdrawn"]
    assert len(effects(connection, "hubspot_contact")) == written


def test_who_had_it_before_does_not_reject_it_for_who_has_it(connection: Connection, given: Assignment) -> None:
    now = passed_on(connection, given, SOON)
    answer(connection, now, "contacted", SOON)
    assert act(connection, pressed(given, "reject", ANA), SOON).label == "refused"
    assert act(connection, submitted(given, "no_interest", ANA, seen=1), SOON).label == "refused"
    assert act(connection, pressed(now, "reject", BEN), SOON).label == "asked"


def test_a_lead_that_is_not_theirs_goes_to_another_rep(connection: Connection, given: Assignment) -> None:
    assert act(connection, submitted(given, "not_mine", ANA, note="Ben knows them"), SOON).label == "declined"
    first, second = rows(connection, "select * from handoff.assignments order by assignment_id")
    assert (second["rep_id"], second["cause"], second["assigned_at"]) == ("ben-okafor", "declined", SOON)
    (row,) = rows(connection, "select * from handoff.dispositions")
    assert (row["kind"], row["assignment_id"]) == ("declined", first["assignment_id"])
    assert effects(connection, "slack_dm")[-1]["slack_user_id"] == BEN
    assert effects(connection, "hubspot_contact")[-1]["properties"]["hubspot_owner_id"] == "1002"
    said = "Ana Costa handed it on: Good lead, but not mine. “Ben knows them”. It goes to Ben Okafor"
    assert [each["text"] for each in effects(connection, "slack_thread")] == [said]


def test_who_hands_it_on_while_the_agreement_is_being_loaded_waits_for_its_end(
    connection: Connection, given: Assignment
) -> None:
    key = stored(connection, submitted(given, "not_mine", ANA), SOON)
    with psycopg.connect(db.connections.get("handoff_admin").dsn, autocommit=True) as admin:
        loads.begin(admin, NOON)
        assert answers.apply(connection, key, SOON, is_live=True) is None
        assert answers.run(connection, SOON + timedelta(minutes=1), {}) == {"elsewhere": 1}
        assert (kinds(connection), effects(connection, "slack_review")) == ([], [])
        loads.end(admin)
    assert answers.run(connection, SOON + timedelta(minutes=2), {}) == {"declined": 1}
    (row,) = rows(connection, "select occurred_at from handoff.dispositions")
    assert row["occurred_at"] == SOON
    assert effects(connection, "slack_dm")[-1]["slack_user_id"] == BEN


def test_when_nobody_else_may_take_it_it_stays_and_a_person_is_told(connection: Connection, given: Assignment) -> None:
    with psycopg.connect(db.connections.get("handoff_admin").dsn) as admin:
        admin.execute("update agreement.pool_members set valid_to = '2026-11-01' where rep_id <> 'ana-costa'")
    assert act(connection, submitted(given, "not_mine", ANA), SOON).label == "declined"
    assert len(rows(connection, "select from handoff.assignments")) == 1
    (alert,) = effects(connection, "slack_review")
    assert alert["text"].startswith("Ana Costa hands on Lead 1, and nobody else may take it: ")
    assert effects(connection, "slack_thread")[0]["text"].endswith("the review channel knows")
    again = act(connection, submitted(given, "not_mine", ANA, seen=1), SOON)
    assert again.errors == {REASON: "Nobody else may take it now; the review channel knows."}
    assert len(effects(connection, "slack_review")) == 1
    assert act(connection, submitted(given, "other", ANA, seen=1), SOON).label == "rejected"


def test_who_hands_it_on_once_more_is_looked_at_anew(connection: Connection, given: Assignment) -> None:
    rejected_today(connection, 4, SOON)
    with psycopg.connect(db.connections.get("handoff_admin").dsn, autocommit=True) as admin:
        admin.execute("update agreement.reps set max_open = 0 where rep_id <> 'ana-costa'")
        assert act(connection, submitted(given, "not_mine", ANA), SOON).label == "declined"
        assert act(connection, submitted(given, "not_mine", ANA, seen=1), SOON).label == "refused"
        admin.execute("update agreement.reps set max_open = 25")
    # It is the fifth of the day still, and no sixth.
    assert act(connection, submitted(given, "not_mine", ANA, seen=1, note="Ben is back"), SOON).label == "declined"
    turns = rows(connection, "select * from handoff.assignments where handoff_id = %s", given.handoff_id)
    assert [(each["rep_id"], each["cause"]) for each in turns][1:] == [("ben-okafor", "declined")]
    said = [each["text"] for each in effects(connection, "slack_thread")]
    assert said[-1] == "Ana Costa handed it on: Good lead, but not mine. “Ben is back”. It goes to Ben Okafor"
    assert kinds(connection).count("declined") == 1


# What no request applied


def test_what_no_request_applied_is_applied_a_minute_later_and_counts_from_when_it_came(
    connection: Connection, given: Assignment
) -> None:
    stored(connection, pressed(given, "accept", ANA), SOON)
    stored(connection, pressed(given, "dance", ANA), SOON)
    stored(connection, pressed(given, "accept", BEN), SOON)
    assert answers.run(connection, SOON + timedelta(seconds=9), {}) == {}
    assert answers.run(connection, SOON + timedelta(minutes=1), {}) == {"accepted": 1, "ignored": 1, "refused": 1}
    assert answers.run(connection, SOON + timedelta(minutes=2), {}) == {}
    (row,) = rows(connection, "select occurred_at, recorded_at from handoff.dispositions")
    assert (row["occurred_at"], row["recorded_at"]) == (SOON, SOON + timedelta(minutes=1))


def test_who_does_not_wait_any_more_is_told_otherwise(connection: Connection, given: Assignment) -> None:
    stored(connection, pressed(given, "reject", ANA), SOON)
    stored(connection, submitted(given, "bored", ANA), SOON)
    assert answers.run(connection, SOON + timedelta(minutes=1), {}) == {"refused": 2}
    assert whispers(connection) == [(ANA, "Slack did not get the form in time. Press Reject again.")]
    (note,) = effects(connection, "slack_note")
    assert (note["slack_user_id"], "no longer on the list" in note["text"]) == (ANA, True)


def test_an_answer_that_cannot_be_applied_stops_no_other_and_is_told_of_in_the_end(
    connection: Connection, given: Assignment
) -> None:
    broken = given_another(connection, "2")
    with psycopg.connect(db.connections.get("handoff_admin").dsn) as admin:
        admin.execute("update handoff.handoffs set context = '{}' where handoff_id = %s", (broken.handoff_id,))
    stored(connection, pressed(broken, "accept", ANA), SOON)
    stored(connection, pressed(given, "accept", ANA), SOON)
    assert answers.run(connection, SOON + timedelta(minutes=1), {}) == {"failed": 1, "accepted": 1}
    assert answers.run(connection, SOON + timedelta(minutes=60), {}) == {"failed": 1}
    assert effects(connection, "slack_review") == []
    late = SOON + timedelta(minutes=61)
    assert dies_at("watch.answer.given_up", lambda own: answers.run(own, late, {}))
    assert answers.run(connection, late + timedelta(minutes=1), {}) == {}
    (alert,) = effects(connection, "slack_review")
    assert alert["text"] == "An answer in Slack could not be applied, and is lost: BadContext"
