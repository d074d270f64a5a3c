"""dbt's compiler with a memory for the SQL of ephemeral models that it has written into others."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from dbt import compilation
from dbt.artifacts.resources.v1.components import InjectedCTE

_inject = compilation.inject_ctes_into_sql


@contextmanager
def kept_ctes() -> Iterator[None]:
    """What has been compiled before need not be taken apart again to find where its first `with` is.

    That takes a fifth of a run of the line over a few leads. A process that is forked from one which has compiled the
    line inherits the memory.
    """
    compilation.inject_ctes_into_sql = _kept
    try:
        yield
    finally:
        compilation.inject_ctes_into_sql = _inject


def _kept(sql: str, ctes: list[InjectedCTE]) -> str:
    return _injected(sql, tuple((each.id, each.sql) for each in ctes))


@lru_cache(maxsize=256)
def _injected(sql: str, ctes: tuple[tuple[str, str], ...]) -> str:
    return _inject(sql, [InjectedCTE(id=name, sql=text) for name, text in ctes])
