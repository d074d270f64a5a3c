"""Pages that people look at, behind Airflow's own login.

One module turns data into what one template shows; `router.py` says which address shows which. Nothing here knows how
somebody signs in: whoever mounts the pages brings the guard, and without one there are none.
"""
