"""Every handoff finds a rep: pools have members, steps end in a fallback, reps can be reached."""

from collections.abc import Iterator

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.spans import first_gap, moments


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Of pools, routing steps and the reps' managers."""
    if "pool_members" in agreement.tables:
        for pool in agreement.rows("pools"):
            yield from _members(agreement, pool)
    if "routing_steps" in agreement.tables:
        for row in agreement.rows("routing_steps"):
            yield from _step(agreement, row)
        for definition in agreement.rows("definitions", status="live"):
            yield from _fallback(agreement, definition)
    for rep in agreement.rows("reps"):
        yield from _managed(agreement, rep)


def _members(agreement: Agreement, pool: Row) -> Iterator[Problem]:
    members = agreement.rows("pool_members", pool_id=pool.key)
    users = agreement.rows("territories", pool_id=pool.key)
    users += [row for row in agreement.rows("routing_steps", pool_id=pool.key) if row["step"] == "fallback"]
    remedy = f"add a row to pool_members.csv for pool {pool.key}"
    for user in users:
        if day := first_gap(user, members):
            wrong = f"nobody covers {user.label}: its pool {pool.key} has no member from {day}"
            yield user.problem("pool_id", wrong, f"{remedy}, or name another pool")
    if not users and (day := first_gap(pool, members)):
        wrong = f"{pool.label} has no member from {day}"
        yield pool.problem("pool_id", wrong, f"{remedy}, or end the pool with valid_to {day}")


def _step(agreement: Agreement, row: Row) -> Iterator[Problem]:
    pool_id = row["pool_id"]
    if row["step"] == "fallback" and pool_id == "none":
        wrong = f"pool_id is none for {row.label}, so that a lead whom nobody else takes goes to nobody"
        yield row.problem("pool_id", wrong, "name the pool whose members take what is left, e.g. fallback")
    elif row["step"] and row["step"] != "fallback" and pool_id and pool_id != "none":
        wrong = f"pool_id {pool_id!r} of {row.label} is not looked at: the step finds its reps itself"
        yield row.problem("pool_id", wrong, "write none")
    for other in agreement.rows("routing_steps", step="fallback"):
        ranks = (row["step_rank"], other["step_rank"])
        if row["step"] != "fallback" and None not in ranks and ranks[0] > ranks[1] and other.holds(row.span[0]):
            wrong = f"step_rank {ranks[0]} puts {row.label} after the fallback, which takes every lead before it"
            yield row.problem("step_rank", wrong, f"write a rank below {ranks[1]}, or give the fallback a higher one")


def _fallback(agreement: Agreement, definition: Row) -> Iterator[Problem]:
    rows = agreement.rows("routing_steps")
    fallbacks = [row for row in rows if row["step"] == "fallback"]
    if day := first_gap(definition, fallbacks):
        last = rows[-1] if rows else definition
        wrong = f"the routing has no fallback from {day}, so that a lead whom nobody else takes goes to nobody"
        yield last.problem(
            "step" if rows else None, wrong, "add a row to routing_steps.csv with step fallback and its pool"
        )


def _managed(agreement: Agreement, rep: Row) -> Iterator[Problem]:
    for day in moments(rep.span, agreement.rows("reps")):
        managers = {row.key: row["manager_id"] for row in agreement.in_force("reps", day)}
        chain = [rep.key]
        while (manager := managers.get(chain[-1])) and manager not in chain:
            chain.append(manager)
        # The head manages themselves; whoever is unknown is told as a dangling name.
        if manager and manager == rep.key and len(chain) > 1 and rep.key == min(chain):
            wrong = f"{rep.label} is managed in a circle: {' → '.join([*chain, rep.key])}"
            yield rep.problem("manager_id", wrong, "let one of them be the head, who names themselves")
            return
