"""What can go wrong, by name. A vendor's own kinds are added here, and asked for with `Faults.rule_for`."""

from dataclasses import dataclass

EDGE, HUBSPOT, SLACK, APOLLO = "edge", "hubspot", "slack", "apollo"


@dataclass(frozen=True)
class Kind:
    """One thing that can go wrong."""

    by: str
    """Who applies it: `edge` to any request; `hubspot`, `slack`, `apollo` code to the requests it asks about."""
    meaning: str


KINDS: dict[str, Kind] = {
    "latency": Kind(EDGE, "wait `seconds` first"),
    "status": Kind(EDGE, "answer `status`, without doing the work"),
    "rate_limit": Kind(EDGE, "a 429 in the vendor's words; HubSpot's names `policy`"),
    "unauthorized": Kind(EDGE, "a 401 in the vendor's words"),
    "drop_before": Kind(EDGE, "close the connection, nothing done"),
    "drop_after": Kind(EDGE, "do the work, then close the connection"),
    "html": Kind(EDGE, "do the work, answer a page with 502"),
    "truncate": Kind(EDGE, "do the work, cut the body in half"),
    "empty": Kind(EDGE, "do the work, answer its status with no body at all"),
    "bom": Kind(EDGE, "do the work, put a byte order mark before the JSON"),
    "gzip_broken": Kind(EDGE, "do the work, answer gzip that cannot be unpacked"),
    "scope": Kind(HUBSPOT, "a 403 for missing `scopes`; those of the path unless given"),
    "partial": Kind(
        HUBSPOT, "a batch leaves `count` results out: 207 with their ids, or with `named` false silently and no error"
    ),
    "shuffle": Kind(HUBSPOT, "a batch answers in another order"),
    "repeat_cursor": Kind(HUBSPOT, "a page's `paging.next.after` leads to the same page again"),
    "duplicate": Kind(HUBSPOT, "a page holds its first record twice"),
    "short_page": Kind(HUBSPOT, "a page holds `count` records fewer than it could; the next one goes on from there"),
    "short_total": Kind(HUBSPOT, "a search's total says `count` more than there are"),
    "index_lag": Kind(HUBSPOT, "search sees this write `seconds` later"),
    "stale": Kind(HUBSPOT, "a search is answered as of `seconds` ago"),
    "slack_error": Kind(SLACK, "answer `error` with HTTP 200 and `ok: false`, nothing done"),
    "slack_error_late": Kind(SLACK, "do the work, then answer `error` all the same"),
    "slack_no_ts": Kind(SLACK, "a chat method does its work and answers `ok: true` without a time stamp"),
    "slow_accept": Kind(SLACK, "do the work, then answer after `seconds`"),
    "history_empty": Kind(SLACK, "a history shows nothing"),
    "history_lag": Kind(SLACK, "a history does not show messages younger than `seconds`"),
    "nobody": Kind(APOLLO, "every answer is null"),
    "tied": Kind(APOLLO, "somebody else: a colleague at that domain, or a company of that name with another domain"),
    "short_matches": Kind(APOLLO, "a bulk answer's list is `count` shorter than what was asked"),
    "locked_email": Kind(APOLLO, "people come with the address of a locked e-mail"),
    "huge": Kind(APOLLO, "do the work, answer 50 MB"),
    "deep": Kind(APOLLO, "do the work, answer JSON 100,000 lists deep"),
    "html_ok": Kind(APOLLO, "do the work, answer a page with 200"),
    "trickle": Kind(APOLLO, "do the work, answer in pieces that take `seconds` in all"),
}
