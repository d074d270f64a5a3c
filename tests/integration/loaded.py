"""A load of the agreement that falls into a build of the marts, at a place that is the same each time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg


@contextmanager
def loaded_meanwhile(admin: psycopg.Connection[Any], change: LiteralString) -> Iterator[None]:
    """Make a change of the ledger, with a superuser's rights, whenever dbt makes a table."""
    admin.execute(
        f"""create function public.load() returns event_trigger language plpgsql security definer
        as $load$ begin {change}; end $load$"""
    )
    admin.execute(
        "create event trigger load on ddl_command_end when tag in ('CREATE TABLE AS') execute function public.load()"
    )
    try:
        yield
    finally:
        admin.execute("drop event trigger load")
        admin.execute("drop function public.load()")
