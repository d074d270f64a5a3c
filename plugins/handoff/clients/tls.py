"""Whom we trust on the other end of a connection: the certificates, read once by each process."""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """httpx's default context, for all of a process's sessions: to read its certificates takes as long as a request.

    `SSL_CERT_FILE` and `SSL_CERT_DIR` name others, https://www.python-httpx.org/environment_variables/
    """
    return httpx.create_ssl_context()
