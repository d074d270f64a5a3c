"""The secrets that vendors sign their requests with: from the connections, and checked before anything is verified."""

from typing import Any

from handoff import connections

SHORTEST_SECRET = 16
"""Characters. HubSpot's client secrets have 36, Slack's signing secrets 32."""
SIGNED = {connections.HUBSPOT: "client_secret", connections.SLACK: "signing_secret"}
"""Connection → field of its `extra`; `previous_…` beside it holds the other secret during rotation."""


class BadSecret(ValueError):
    """A connection names a secret that verifies nothing; the message says which field of which, and what to do."""


def secrets(conn_id: str) -> list[str]:
    """The vendor's present secret and, during rotation, the previous one; none when its requests are not configured.

    Raises:
        BadSecret: one is empty, blank, too short, no text or given twice. Nothing may be verified with it.
    """
    extra, field = _extra(conn_id), SIGNED[conn_id]
    named = [name for name in (field, f"previous_{field}") if name in extra]
    if named and field not in named:
        raise BadSecret(
            f"the Airflow connection {conn_id!r} names {named[0]!r} in its extra and no {field!r}: "
            f"name the present secret as {field!r}, or take {named[0]!r} out"
        )
    found = [_secret(conn_id, name, extra[name]) for name in named]
    if len(set(found)) < len(found):
        raise BadSecret(
            f"the Airflow connection {conn_id!r} has one secret in both {named[0]!r} and {named[1]!r}: "
            f"take {named[1]!r} out, it is for the other secret during rotation"
        )
    return found


def check() -> None:
    """Look at every configured secret before the doors open.

    Raises:
        BadSecret: as `secrets`.
    """
    for conn_id in SIGNED:
        secrets(conn_id)


def _extra(conn_id: str) -> dict[str, Any]:
    try:
        extra: object = connections.get(conn_id).extra
    except connections.MissingConnection:
        return {}
    except ValueError as error:
        raise BadSecret(
            f"the Airflow connection {conn_id!r} cannot be read ({type(error).__name__}): correct its JSON"
        ) from error
    return extra if isinstance(extra, dict) else {}


def _secret(conn_id: str, name: str, value: object) -> str:
    if not isinstance(value, str):
        wrong = "is no text"
    elif not value.strip():
        wrong = "is empty"
    elif value != value.strip():
        wrong = "begins or ends with a blank"
    elif len(value) < SHORTEST_SECRET:
        wrong = f"is shorter than {SHORTEST_SECRET} characters"
    else:
        return value
    raise BadSecret(
        f"{name!r} in the extra of the Airflow connection {conn_id!r} {wrong}: copy the secret from the vendor's page "
        f"of the app, or take {name!r} out to do without"
    )
