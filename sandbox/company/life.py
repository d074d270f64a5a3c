"""What visitors do by themselves, at a rate that can be changed while the sandbox runs."""

import asyncio

from sandbox import clock
from sandbox.company import acts, cast
from sandbox.company.names import FIRST, LAST
from sandbox.company.people import company_domain, fold
from sandbox.company.reference import BROWSED, CAMPAIGNS, DEMO_FORM, FORMS, FREEMAIL, MAILS, NEWS_FORM, SALES_FORM
from sandbox.hubspot import activity
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.types import CALL
from sandbox.store import Record
from sandbox.world import World

_TICK_SECONDS = 0.25
_WHAT = (("visit", 45), ("open", 20), ("click", 6), ("form", 10), ("raise", 8), ("newcomer", 8), ("call", 3))


async def run(world: World) -> None:
    """Let things happen, for ever; a Poisson process whose rate is `world.life.rate` per minute."""
    due, last = world.random.expovariate(1), clock.ticks()
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        now = clock.ticks()
        due -= max(0.0, world.life.rate) / 60 * (now - last)
        last = now
        while due <= 0:
            due += world.random.expovariate(1)
            try:
                happen(world)
            except Refused as refused:
                # A contact may vanish between being chosen and acting; the next one takes its turn.
                world.life.last_refusal = refused.message


def happen(world: World) -> None:
    """One thing, chosen with realistic weights."""
    random, at = world.random, clock.now()
    what = random.choices([name for name, _ in _WHAT], [weight for _, weight in _WHAT])[0]
    if what == "raise":
        _raise_hand(world, at)
    elif what == "newcomer":
        acts.submit(world, _newcomer(world), random.choice(list(FORMS)[3:]), at)
    elif what == "visit":
        _browse(world, cast.somebody(world), at)
    elif what in ("open", "click"):
        activity.mail(world, cast.somebody(world), random.choice(MAILS), random.choice(CAMPAIGNS), at, what == "click")
    elif what == "form":
        acts.submit(world, cast.somebody(world), random.choice(list(FORMS)[3:]), at)
    else:
        values = {"hs_call_title": "Incoming call", "hs_call_direction": "INBOUND", "hs_call_status": "COMPLETED"}
        activity.log(world, CALL, cast.somebody(world), values, "", at)


def _browse(world: World, contact: Record, at: int) -> None:
    pages = world.random.randint(1, 4)
    for step in range(pages):
        path = world.random.choices([p for p, _ in BROWSED], [w for _, w in BROWSED])[0]
        contact = activity.visit(world, contact, path, at - (pages - 1 - step) * 400)


def _raise_hand(world: World, at: int) -> None:
    """Mostly good leads; some that sales should not get."""
    if world.random.random() < 0.75:
        contact = cast.suitable(world, None, None)
        contact = activity.visit(world, contact, "/pricing", at - 1500)
    else:
        contact = cast.somebody(world)
    acts.submit(world, contact, world.random.choice((DEMO_FORM, SALES_FORM)), at)


def _newcomer(world: World) -> Record:
    random = world.random
    first, last = random.choice(FIRST), random.choice(LAST)
    domain = random.choice(FREEMAIL) if random.random() < 0.3 else company_domain(random.randrange(2400))
    email = f"{fold(first)}.{fold(last)}.{random.randrange(10_000)}@{domain}"
    at = clock.now()
    fields = [{"name": "email", "value": email}, {"name": "firstname", "value": first}]
    fields.append({"name": "lastname", "value": last})
    page = "https://www.brightwell.example/blog/what-speed-is-worth"
    return activity.submit_form(world, NEWS_FORM, fields, page, None, at)
