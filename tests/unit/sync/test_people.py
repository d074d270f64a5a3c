"""A person's owner always stays, whenever it was chosen, and each conflict is told once."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from handoff import clock as present
from handoff.clients.hubspot import HubSpotHook
from handoff.extract.records import crm_object
from handoff.ledger import landing, streams
from handoff.ledger.db import Connection, connect
from handoff.ledger.outbox import Effect, put
from handoff.sync.properties import ensure_properties
from handoff.sync.targets import contact_target, owner_target, rejected_target, reopened_target, status_target
from handoff.sync.writeback import write_back
from sandbox.testing import RunningSandbox, running_sandbox
from tests.integration.lives import Lives, lives
from tests.unit.route import handed

REASONS = (("bad_fit", "Bad fit"), ("no_budget", "No budget"))
REP, PERSON, NEXT = "1001", "1003", "1004"
OWNER, STATUS = "hubspot_owner_id", "hs_lead_status"
REASON, FIRST_CONTACT = "handoff_rejection_reason", "handoff_first_contact_at"
KILLED = -9


class Crm:
    """One contact that a person and a handoff both write to."""

    def __init__(self, sandbox: RunningSandbox, connection: Connection) -> None:
        self.sandbox, self.connection, self.now = sandbox, connection, present.now()
        self.hubspot = HubSpotHook(search_pace=None, sleep=lambda seconds: None)
        ensure_properties(self.hubspot, REASONS)
        self.contact = str(sandbox.act("contact", email="jo@acme.example")["contactId"])

    def hand_over(
        self,
        owner: str = REP,
        expected: str = "",
        key: str = "ho_1:1",
        of: str | None = None,
        read_at: datetime | None = None,
        **properties: str,
    ) -> None:
        """Queue what a handoff that read the contact just now, or at that moment, wants of it."""
        expects = {OWNER: expected, "read_at": (read_at or present.now()).isoformat()}
        target = {"contact_id": self.contact, "properties": {OWNER: owner, **properties}, "expected": expects}
        put(self.connection, Effect(f"hubspot_contact:{key}", "hubspot_contact", target, self.now, of))

    def want(self, target: dict[str, Any]) -> None:
        """Queue a later target."""
        put(self.connection, Effect("hubspot_contact:later", "hubspot_contact", target, self.now))

    def choose(self, owner: str, **properties: str) -> None:
        """A person makes somebody the owner."""
        self.sandbox.act("edit", contact_id=self.contact, properties={OWNER: owner, **properties})

    def write_back(self, **later: float) -> dict[str, int]:
        self.now += timedelta(**later)
        counts = write_back(self.connection, self.hubspot, REASONS, lambda: self.now)
        return {name: count for name, count in counts.items() if count}

    def fault(self, kind: str, **rule: Any) -> None:
        self.sandbox.control("POST", "faults", {"kind": kind, "method": "PATCH", "at": [1], **rule})

    def says(self, name: str = OWNER) -> str:
        return str(self.hubspot.read("contacts", self.contact, [name])["properties"][name] or "")

    def writes(self) -> int:
        requests = self.sandbox.control("GET", "log?path=/contacts/")["requests"]
        return sum(each["method"] == "PATCH" for each in requests)

    def conflicts(self) -> list[dict[str, str]]:
        """What the ledger keeps of conflicts about the owner; each is told exactly once."""
        kept = self.connection.execute(
            """select result #> '{drift,hubspot_owner_id}' as conflict from handoff.outbox
            where kind = 'hubspot_contact' and result #> '{drift,hubspot_owner_id}' is not null"""
        ).fetchall()
        told = self.connection.execute("select payload from handoff.outbox where kind = 'slack_review'").fetchall()
        assert len(told) == len(kept)
        return [row["conflict"] for row in kept]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(limits=False) as running:
        yield running


@pytest.fixture(scope="module")
def host() -> Iterator[Lives]:
    with lives() as host:
        yield host


@pytest.fixture
def crm(agreement_database: Any, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crm]:
    sandbox.control("POST", "reset", {})
    sandbox.control("DELETE", "faults")
    value = {"conn_type": "http", "host": sandbox.url, "password": "pat-na1-sandbox"}
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps(value))
    slack = {"conn_type": "slack", "password": "x", "extra": {"base_url": f"{sandbox.url}/api/"}}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", json.dumps(slack))
    with connect() as connection:
        made = Crm(sandbox, connection)
        sandbox.control("DELETE", "log")
        yield made


THE_PERSONS = [{"wanted": REP, "found": PERSON}]


def test_an_owner_whom_we_wrote_for_another_product_is_no_persons_choice(crm: Crm) -> None:
    first = handed.write(crm.connection, crm.contact, crm.now)
    crm.connection.execute(
        """insert into handoff.handoffs select (jsonb_populate_record(first, %s)).* from handoff.handoffs as first""",
        (json.dumps({"handoff_id": "ho_2", "product_id": "another"}),),
    )
    both_read_at = present.now()
    crm.hand_over(of=first, read_at=both_read_at)
    assert crm.write_back() == {"written": 1}
    crm.hand_over(NEXT, key="ho_2:1", of="ho_2", read_at=both_read_at)
    assert crm.write_back() == {"drift": 1}
    assert (crm.says(), crm.conflicts()) == (REP, [{"wanted": NEXT, "found": REP, "source_type": "INTEGRATION"}])
    told = crm.connection.execute("select payload from handoff.outbox where kind = 'slack_review'").fetchone()
    assert told
    assert f"stays with owner {REP}, who has it for another product" in json.dumps(told["payload"])


def test_an_owner_whom_a_workflow_set_stays_and_is_told_as_its(crm: Crm) -> None:
    crm.hand_over()
    workflow = "AUTOMATION_PLATFORM"
    crm.sandbox.act("edit", contact_id=crm.contact, properties={OWNER: PERSON}, source=workflow)
    assert crm.write_back() == {"drift": 1}
    assert (crm.says(), crm.conflicts()) == (PERSON, [*({**each, "source_type": workflow} for each in THE_PERSONS)])
    told = crm.connection.execute("select payload ->> 'text' as text from handoff.outbox where kind = 'slack_review'")
    assert [row["text"].partition(", ")[2] for row in told] == [
        f"but in HubSpot another application ({workflow}) set owner {PERSON}. That stays."
    ]


class TestFiveMoments:
    def test_before_we_read(self, crm: Crm) -> None:
        crm.hand_over()
        crm.choose(PERSON)
        assert crm.write_back() == {"drift": 1}
        assert (crm.says(), crm.conflicts(), crm.writes()) == (PERSON, THE_PERSONS, 0)

    def test_between_our_reading_and_our_writing(self, crm: Crm) -> None:
        """Our write is held up on its way, so that it lands upon the person's; it is found and taken back."""
        crm.fault("latency", seconds=0.8)
        crm.hand_over(handoff_tier="high")
        person = threading.Thread(target=_once_our_write_is_on_its_way, args=(crm, lambda: crm.choose(PERSON)))
        person.start()
        assert crm.write_back() == {"drift": 1}
        person.join()
        assert (crm.says(), crm.says("handoff_tier"), crm.conflicts()) == (PERSON, "high", THE_PERSONS)
        assert [version["value"] for version in _history(crm)][:3] == [PERSON, REP, PERSON]
        assert crm.write_back(minutes=20) == {}
        assert crm.writes() == 2

    def test_between_our_write_and_its_lost_answer(self, crm: Crm) -> None:
        crm.fault("drop_after")
        crm.hand_over()
        assert crm.write_back() == {"pending": 1}
        crm.choose(PERSON)
        assert crm.write_back(seconds=15) == {"drift": 1}
        assert (crm.says(), crm.conflicts(), crm.writes()) == (PERSON, THE_PERSONS, 1)

    def test_while_we_step_back_from_a_limit(self, crm: Crm) -> None:
        crm.fault("rate_limit")
        crm.hand_over()
        assert crm.write_back() == {"pending": 1}
        crm.choose(PERSON)
        assert crm.write_back(seconds=30) == {"drift": 1}
        assert (crm.says(), crm.conflicts(), crm.writes()) == (PERSON, THE_PERSONS, 1)

    @pytest.mark.parametrize("point", ["drain.item.attempted", "sync.contact.read", "sync.contact.written"])
    def test_after_a_killed_process_left_its_write_behind(self, crm: Crm, host: Lives, point: str) -> None:
        crm.hand_over()
        assert host.run("sync", point) == KILLED
        crm.choose(PERSON)
        assert crm.write_back(minutes=1) == {"drift": 1}
        assert (crm.says(), crm.conflicts()) == (PERSON, THE_PERSONS)


class TestCovered:
    """Our write landed upon a person's, and nobody has noticed yet: the history tells."""

    @pytest.fixture
    def covered(self, crm: Crm) -> Crm:
        crm.hand_over(**{STATUS: "NEW"})
        crm.choose(PERSON, hs_lead_status="OPEN")
        crm.hubspot.patch("contacts", crm.contact, {OWNER: REP, STATUS: "NEW"})
        return crm

    def test_a_process_that_died_before_it_read_back_is_made_good_by_the_next(self, covered: Crm) -> None:
        assert covered.write_back() == {"drift": 1}
        assert (covered.says(), covered.says(STATUS), covered.conflicts()) == (PERSON, "OPEN", THE_PERSONS)

    def test_the_person_may_have_chosen_nobody(self, crm: Crm) -> None:
        crm.choose(NEXT)
        crm.hand_over(expected=NEXT)
        crm.choose("")
        crm.hubspot.patch("contacts", crm.contact, {OWNER: REP})
        assert crm.write_back() == {"drift": 1}
        assert (crm.says(), crm.conflicts()) == ("", [{"wanted": REP, "found": ""}])

    def test_a_person_who_then_chose_our_rep_meant_it(self, covered: Crm) -> None:
        covered.choose(NEXT)
        covered.choose(REP)
        assert covered.write_back() == {"drift": 1}, "the lead status alone"
        assert (covered.says(), covered.conflicts()) == (REP, [])

    def test_a_later_effect_finds_it_too(self, covered: Crm) -> None:
        covered.hand_over(NEXT, REP, "ho_1:2")
        covered.connection.execute(
            """update handoff.outbox set payload = jsonb_set(payload, '{expected,read_at}', to_jsonb(%s::text))
            where dedupe_key like '%%:2'""",
            ((present.now() - timedelta(minutes=1)).isoformat(),),
        )
        covered.write_back()
        assert (covered.says(), covered.conflicts()) == (PERSON, [{"wanted": NEXT, "found": PERSON}])


class TestUsedUp:
    """What a rep answered, or an earlier handoff left, is not taken for the next one's answer."""

    @pytest.fixture
    def declined(self, crm: Crm) -> dict[str, Any]:
        """A rep has handed it on, and we have read that."""
        crm.choose(REP, hs_lead_status="UNQUALIFIED", handoff_rejection_reason="bad_fit")
        return reopened_target(crm.contact, "UNQUALIFIED", "bad_fit", present.now().isoformat())

    def test_the_next_rep_begins_with_a_new_lead(self, crm: Crm, declined: dict[str, Any]) -> None:
        crm.want(declined)
        assert crm.write_back() == {"written": 1}
        assert (crm.says(STATUS), crm.says(REASON)) == ("NEW", "")

    def test_what_a_person_chose_since_stays(self, crm: Crm, declined: dict[str, Any]) -> None:
        crm.choose(REP, hs_lead_status="OPEN", handoff_rejection_reason="no_budget")
        crm.want(declined)
        assert crm.write_back() == {"drift": 1}
        assert (crm.says(STATUS), crm.says(REASON)) == ("OPEN", "no_budget")

    def test_a_new_handoff_forgets_the_reason_and_the_contact_of_the_one_before(self, crm: Crm) -> None:
        crm.choose(REP, handoff_rejection_reason="bad_fit")
        crm.hubspot.patch("contacts", crm.contact, {FIRST_CONTACT: "2026-01-05T12:00:00.000Z"})
        target = self._anew(crm)
        crm.want(target)
        assert crm.write_back() == {"written": 1}
        assert (crm.says(REASON), crm.says(FIRST_CONTACT)) == ("", "")
        put(crm.connection, Effect("hubspot_contact:again", "hubspot_contact", target, crm.now))
        assert crm.write_back() == {"unchanged": 1}
        assert crm.writes() == 2

    def test_a_reason_given_to_the_new_handoff_stays(self, crm: Crm) -> None:
        target = self._anew(crm)
        crm.choose(REP, handoff_rejection_reason="bad_fit")
        crm.want(target)
        crm.write_back()
        assert crm.says(REASON) == "bad_fit"

    @staticmethod
    def _anew(crm: Crm) -> dict[str, Any]:
        at = present.now()
        said = handed.context(crm.contact, at)
        target = contact_target(said, at, at + timedelta(hours=4), REP, expected_owner_id=REP, read_at=at)
        target["expected"]["lifecyclestage"] = crm.says("lifecyclestage")
        return target


class TestBeforeTheFirstIsOut:
    """A handoff's second write-back is there before its first has gone out, and takes that one for written."""

    BEFORE = "1002"

    @pytest.fixture
    def handed(self, crm: Crm) -> Crm:
        """Somebody has the contact, who is on leave; it says what an earlier handoff left, and goes to our rep."""
        crm.choose(self.BEFORE, hs_lead_status="UNQUALIFIED")
        self.of = handed.write(crm.connection, crm.contact, crm.now)
        crm.hand_over(expected=self.BEFORE, of=self.of, **{STATUS: "NEW"})
        return crm

    def _then(self, crm: Crm, target: dict[str, Any], key: str = "ho_1:2") -> None:
        put(crm.connection, Effect(f"hubspot_contact:{key}", "hubspot_contact", target, crm.now, self.of))

    def _went_on(self, crm: Crm, owner: str = NEXT, *, from_: str = REP, key: str = "ho_1:2") -> None:
        at = present.now()
        self._then(crm, owner_target(crm.contact, owner, at + timedelta(hours=1), from_, at), key)

    def _hold_back_the_first(self, crm: Crm) -> None:
        crm.connection.execute(
            "update handoff.outbox set not_before = %s where dedupe_key like '%%:1'", (crm.now + timedelta(minutes=1),)
        )

    @pytest.mark.parametrize("is_held_back", [False, True])
    def test_the_next_rep_becomes_the_owner(self, handed: Crm, is_held_back: bool) -> None:
        self._went_on(handed)
        if is_held_back:
            self._hold_back_the_first(handed)
        handed.write_back()
        handed.write_back(minutes=2)
        assert (handed.says(), handed.says(STATUS), handed.conflicts()) == (NEXT, "NEW", [])

    def test_and_the_one_after(self, handed: Crm) -> None:
        self._went_on(handed)
        handed.connection.execute("update handoff.outbox set state = 'dead' where dedupe_key like '%:2'")
        self._went_on(handed, "1005", from_=NEXT, key="ho_1:3")
        handed.write_back()
        assert (handed.says(), handed.conflicts()) == ("1005", [])

    def test_whom_a_person_chose_meanwhile_stays(self, handed: Crm) -> None:
        handed.choose(PERSON, hs_lead_status="OPEN")
        self._went_on(handed)
        handed.write_back()
        assert (handed.says(), handed.says(STATUS)) == (PERSON, "OPEN")
        assert handed.conflicts() == [{"wanted": NEXT, "found": PERSON}]

    def test_whom_a_person_chose_again_stays(self, handed: Crm) -> None:
        handed.choose(PERSON)
        handed.choose(self.BEFORE)
        self._went_on(handed)
        handed.write_back()
        assert handed.conflicts() == [{"wanted": NEXT, "found": self.BEFORE}]

    def test_what_the_first_found_is_compared_with_no_more(self, handed: Crm) -> None:
        assert handed.write_back() == {"written": 1}
        handed.hubspot.patch("contacts", handed.contact, {OWNER: self.BEFORE})
        self._went_on(handed)
        handed.write_back()
        assert handed.conflicts() == [{"wanted": NEXT, "found": self.BEFORE, "source_type": "INTEGRATION"}]

    def test_a_lead_that_was_called_says_so(self, handed: Crm) -> None:
        self._then(handed, status_target(handed.contact, "met", present.now()))
        handed.write_back()
        assert (handed.says(STATUS), handed.says(), handed.conflicts()) == ("IN_PROGRESS", REP, [])

    def test_what_a_rep_answered_before_it_was_called_stays(self, handed: Crm) -> None:
        handed.choose(self.BEFORE, hs_lead_status="CONNECTED")
        self._then(handed, status_target(handed.contact, "met", present.now()))
        handed.write_back()
        assert handed.says(STATUS) == "CONNECTED"


class TestNextPoll:
    """A write without an answer may land after everything was compared."""

    @pytest.fixture
    def late(self, crm: Crm) -> Crm:
        crm.hand_over(key=_assigned(crm))
        crm.choose(PERSON)
        assert crm.write_back() == {"drift": 1}
        crm.hubspot.patch("contacts", crm.contact, {OWNER: REP})
        return crm

    def test_what_landed_late_is_seen_in_the_next_poll_and_taken_back_once(self, late: Crm) -> None:
        assert late.write_back() == {}, "nothing has been polled"
        _poll(late)
        assert late.write_back() == {"drift": 1}
        assert late.says() == PERSON
        again = late.connection.execute(
            "select result from handoff.outbox where kind = 'hubspot_contact' and dedupe_key like '%:again'"
        ).fetchall()
        assert [row["result"]["restored"] for row in again] == [{OWNER: PERSON}]
        for _ in range(2):
            _poll(late)
            assert late.write_back(minutes=1) == {}
        assert late.writes() == 2

    def test_one_killed_before_it_wrote_back_again_is_made_up_for(self, late: Crm, host: Lives) -> None:
        _poll(late)
        assert host.run("sync", "sync.conflict.queued") == KILLED
        assert late.write_back(minutes=1) == {"drift": 1}
        assert (late.says(), late.conflicts()) == (PERSON, [*THE_PERSONS, *THE_PERSONS])
        assert late.write_back(minutes=1) == {}

    def test_a_person_who_was_faster_is_left_alone(self, late: Crm) -> None:
        _poll(late)
        late.choose(NEXT)
        assert late.write_back() == {"drift": 1}
        assert late.says() == NEXT

    def test_an_owner_that_nobody_contests_is_not_looked_at_again(self, crm: Crm) -> None:
        crm.hand_over(key=_assigned(crm))
        assert crm.write_back() == {"written": 1}
        _poll(crm)
        assert crm.write_back(minutes=1) == {}


class TestChosenLater:
    """A person takes the lead from our rep in HubSpot when our own write is long done."""

    SAYS = f"Lead 1 was handed to Ana Costa, and since then in HubSpot a person chose owner {PERSON}. That stays."

    @pytest.fixture
    def written(self, crm: Crm) -> Crm:
        self._carded(crm, "Lead 1")
        assert crm.write_back() == {"written": 1}
        return crm

    @staticmethod
    def _carded(crm: Crm, lead: str) -> str:
        key = _assigned(crm)
        handoff_id = key.partition(":")[0]
        card = {"rep_name": "Ana Costa", "slack_user_id": "U0ANACOSTA", "context": {"lead": {"name": lead}}}
        put(crm.connection, Effect(f"slack_dm:{key}", "slack_dm", card, crm.now, handoff_id))
        crm.hand_over(key=key, of=handoff_id)
        return key

    @staticmethod
    def told(crm: Crm, kind: str = "slack_review") -> list[str]:
        rows = crm.connection.execute(
            "select payload ->> 'text' as text from handoff.outbox where kind = %s order by outbox_id", (kind,)
        )
        return [row["text"] for row in rows]

    def test_it_stays_and_is_told_once(self, written: Crm) -> None:
        written.choose(PERSON)
        assert written.write_back() == {}
        assert self.told(written) == [], "nothing has been polled"
        for _ in range(2):
            _poll(written)
            assert written.write_back(minutes=1) == {}
        assert (self.told(written), written.says(), written.writes()) == ([self.SAYS], PERSON, 1)
        assert self.told(written, "slack_thread") == [
            f"In HubSpot a person chose owner {PERSON}. That stays; the clock is still that of Ana Costa"
        ]

    def test_one_killed_when_it_had_told_tells_it_no_more(self, written: Crm, host: Lives) -> None:
        written.choose(PERSON)
        _poll(written)
        assert host.run("sync", "sync.choice.told") == KILLED
        assert written.write_back(minutes=1) == {}
        assert self.told(written) == [self.SAYS]
        assert len(self.told(written, "slack_thread")) == 1

    def test_another_choice_is_told_again_and_one_of_nobody_too(self, written: Crm) -> None:
        for owner in (PERSON, NEXT, ""):
            written.choose(owner)
            _poll(written)
            written.write_back(minutes=1)
        assert [each.partition(" chose ")[2] for each in self.told(written)] == [
            f"owner {PERSON}. That stays.",
            f"owner {NEXT}. That stays.",
            "nobody. That stays.",
        ]

    def test_many_at_once_are_one_message_and_each_lead_keeps_its_row(self, crm: Crm) -> None:
        contacts = [str(crm.sandbox.act("contact", email=f"jo{n}@acme.example")["contactId"]) for n in range(5)]
        keys = []
        for number, crm.contact in enumerate(contacts, 1):
            keys.append(self._carded(crm, f"Lead {number}"))
        assert crm.write_back() == {"written": 5}
        for crm.contact in contacts:
            crm.choose(PERSON)
            _poll(crm)
        with connect("handoff_admin") as admin:
            admin.execute("update agreement.handoff_policy set max_alerts = 2")
        for _ in range(2):
            assert crm.write_back(minutes=1) == {}
        rows = crm.connection.execute(
            "select dedupe_key, state, payload ->> 'text' as text from handoff.outbox where kind = 'slack_review'"
        ).fetchall()
        (sent,) = [row for row in rows if row["state"] == "pending"]
        assert sent["text"].startswith(
            "5 leads were handed to reps, and since then in HubSpot a person chose other owners: "
        )
        assert sent["text"].count(f"from Ana Costa to owner {PERSON}") == 3
        assert ", and 2 more. That stays; the clocks are still those of the reps. <http" in sent["text"]
        assert {row["dedupe_key"] for row in rows if row["state"] == "withdrawn"} == {
            f"slack_review:owner:hubspot_contact:{key}:chosen:{PERSON}" for key in keys
        }
        # An erasure finds a message by the ids of whom it names.
        named = [key for key in keys if key.partition(":")[0] in sent["dedupe_key"]]
        assert len(named) == 3
        assert len(self.told(crm, "slack_thread")) == 2

    def test_what_another_application_sets_is_no_persons_choice(self, written: Crm) -> None:
        written.hubspot.patch("contacts", written.contact, {OWNER: NEXT})
        _poll(written)
        written.write_back(minutes=1)
        assert self.told(written) == []

    def test_a_choice_that_our_write_found_is_not_told_again(self, crm: Crm) -> None:
        key = _assigned(crm)
        crm.hand_over(key=key, of=key.partition(":")[0])
        crm.choose(PERSON)
        assert crm.write_back() == {"drift": 1}
        _poll(crm)
        assert crm.write_back(minutes=1) == {}
        assert len(self.told(crm)) == 1

    @pytest.mark.parametrize("kind", ["contacted", "rejected", "withdrawn"])
    def test_once_it_is_over_the_lead_may_go_to_anybody(self, written: Crm, kind: str) -> None:
        written.connection.execute(
            """insert into handoff.dispositions
                (handoff_id, assignment_id, kind, reason_id, occurred_at, recorded_at, evidence)
            select handoff_id, assignment_id, %s, 'no_interest', %s, %s, '{}' from handoff.assignments""",
            (kind, written.now, written.now),
        )
        written.choose(PERSON)
        _poll(written)
        written.write_back(minutes=1)
        assert self.told(written) == []


class TestLeadStatus:
    def test_what_a_person_said_before_gives_way_to_a_new_handoff(self, crm: Crm) -> None:
        crm.choose("", hs_lead_status="UNQUALIFIED")
        crm.hand_over(**{STATUS: "NEW"})
        assert crm.write_back() == {"written": 1}
        assert crm.says(STATUS) == "NEW"

    def test_what_a_person_says_after_it_stays(self, crm: Crm) -> None:
        crm.hand_over(**{STATUS: "NEW"})
        crm.choose("", hs_lead_status="UNQUALIFIED")
        assert crm.write_back() == {"drift": 1}
        assert (crm.says(STATUS), crm.says()) == ("UNQUALIFIED", REP)

    @pytest.mark.parametrize(("chosen", "afterwards"), [("", "IN_PROGRESS"), ("CONNECTED", "CONNECTED")])
    def test_first_contact_moves_ours_on_and_leaves_a_persons(self, crm: Crm, chosen: str, afterwards: str) -> None:
        crm.hand_over(**{STATUS: "NEW"})
        crm.write_back()
        if chosen:
            crm.sandbox.act("edit", contact_id=crm.contact, properties={STATUS: chosen})
        crm.want(status_target(crm.contact, "met", present.now()))
        crm.write_back()
        assert (crm.says(STATUS), crm.says("handoff_sla_status")) == (afterwards, "met")

    def test_a_rejection_is_said_over_what_was_there_before_it(self, crm: Crm) -> None:
        crm.choose(REP, hs_lead_status="OPEN")
        crm.want(rejected_target(crm.contact, "bad_fit", present.now(), present.now() + timedelta(hours=1)))
        assert crm.write_back() == {"written": 1}
        assert (crm.says(STATUS), crm.says("handoff_rejection_reason")) == ("UNQUALIFIED", "bad_fit")
        assert crm.says("handoff_sla_status") == "met"

    def test_a_status_that_the_portal_has_taken_off_its_list_does_not_hold_the_rest_up(self, crm: Crm) -> None:
        kept = [{"label": "Open", "value": "OPEN", "displayOrder": 0, "hidden": False}]
        crm.hubspot.update_property("contacts", STATUS, {"options": kept})
        crm.hand_over(**{STATUS: "NEW"})
        assert crm.write_back() == {"rejected_silently": 1}
        assert (crm.says(STATUS), crm.says()) == ("", REP)


def _once_our_write_is_on_its_way(crm: Crm, act: Any) -> None:
    """A refused or delayed request is in the log only when it has been answered: our reading of the contact is."""
    while not crm.sandbox.control("GET", f"log?path=/contacts/{crm.contact}")["total"]:
        time.sleep(0.01)
    time.sleep(0.2)
    act()


def _history(crm: Crm) -> list[dict[str, Any]]:
    found = crm.hubspot.read("contacts", crm.contact, [OWNER], with_history=[OWNER])
    versions: list[dict[str, Any]] = found["propertiesWithHistory"][OWNER]
    return versions


def _poll(crm: Crm) -> None:
    """Land the contact as it is now."""
    answer = crm.hubspot.read("contacts", crm.contact, [OWNER, "lastmodifieddate"], with_history=[OWNER])
    batch_id = landing.open_batch(crm.connection, "poll", crm.now)
    landing.land(crm.connection, batch_id, streams.CONTACTS, [crm_object(answer)], loaded_at=crm.now)


def _assigned(crm: Crm) -> str:
    """A handoff with an assignment, as a write-back's key names them."""
    handoff_id = handed.write(crm.connection, crm.contact, crm.now)
    row = crm.connection.execute(
        """insert into handoff.assignments (handoff_id, rep_id, reason, candidates, assigned_at, due_at)
        values (%s, 'ana-costa', '', '[]', %s, %s) returning assignment_id""",
        (handoff_id, crm.now, crm.now),
    ).fetchone()
    assert row is not None
    return f"{handoff_id}:{row['assignment_id']}"
