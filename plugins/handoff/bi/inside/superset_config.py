"""Superset's settings (SUPERSET_CONFIG_PATH): https://superset.apache.org/docs/configuration/configuring-superset/

Neither Redis nor Celery: charts are read from the marts when somebody looks, and nothing is sent on a schedule.
"""

from handoff.local import state
from handoff.settings import settings

_where = state.layout(settings())

SECRET_KEY = state.read_secrets(_where).superset_key
SQLALCHEMY_DATABASE_URI = f"sqlite:///{_where.superset / 'superset.db'}"
# Cookies know no port, and Airflow's is called so too.
SESSION_COOKIE_NAME = "superset_session"
# Chart data is not kept: the marts are rebuilt every quarter of an hour and are quick to read.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
# Nothing is loaded from, or told to, another host.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
