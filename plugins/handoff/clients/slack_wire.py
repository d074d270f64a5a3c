"""One request to Slack's Web API, made once, and what its answer says about delivery."""

import http.client
import socket
import ssl
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from handoff.clients.slack_errors import NoClearAnswer, NotSent, typed

_BEFORE_SENDING = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)


def once(client: WebClient, method: str, arguments: dict[str, Any], *, form: bool = False) -> dict[str, Any]:
    """Call a method with JSON, or as a form where Slack takes no JSON; returns its answer.

    Raises:
        SlackError: of the class that says whether it took effect.
    """
    try:
        answer = client.api_call(method, json=None if form else arguments, params=arguments if form else None)
    except SlackApiError as problem:
        response = problem.response
        body = response.data if isinstance(response.data, dict) else {}
        raise typed(method, response.status_code, response.headers.get("Retry-After"), body) from problem
    except URLError as problem:
        if isinstance(problem.reason, _BEFORE_SENDING):
            raise NotSent(f"{method}: {problem.reason}", 30.0, is_vendor_wide=True) from problem
        raise NoClearAnswer(f"{method}: {problem.reason}") from problem
    except (OSError, http.client.HTTPException, SlackClientError, ValueError) as problem:
        raise NoClearAnswer(f"{method}: {type(problem).__name__}: {problem}") from problem
    return answer.data if isinstance(answer.data, dict) else {}
