"""How gunicorn serves Superset: https://gunicorn.org/reference/settings/

One process, because SQLite keeps its metadata; a query waits in its own thread.
"""

from handoff.settings import settings

bind = f"127.0.0.1:{settings().bi_port}"
worker_class = "gthread"
workers = 1
threads = 8
timeout = 300
"""Seconds; longer than the database lets a statement of `bi_reader` run, and than a start takes on a busy machine."""
# It would stand in the home directory of whoever starts it.
control_socket_disable = True
