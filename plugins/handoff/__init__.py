"""Handoff: from the moment a lead qualifies to the message a rep acts on, and the clock after it.

Stations, in order: extract, enrich, score, qualify, route, notify, sync, watch, review.
Set-based decisions (score, qualify, candidates) are dbt models over the agreement; this package
moves data and causes effects; `dags/` only says when.
"""
