"""HubSpot's error bodies."""

import uuid
from typing import Any


class Refused(Exception):
    """A request that HubSpot answers with an error body."""

    def __init__(self, status: int, message: str, category: str = "VALIDATION_ERROR", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.category = category
        self.more = more

    def body(self) -> dict[str, Any]:
        """The answer, with a fresh correlation id."""
        return {
            "status": "error",
            "message": self.message,
            "correlationId": str(uuid.uuid4()),
            "category": self.category,
            **self.more,
        }


def not_found() -> Refused:
    """A record that does not exist, or no longer does."""
    return Refused(404, "resource not found", "OBJECT_NOT_FOUND")


UNAUTHORIZED = {
    "status": "error",
    "message": "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
    "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    "category": "INVALID_AUTHENTICATION",
}
EXPIRED = {
    "status": "error",
    "message": "The access token is invalid or has been revoked.",
    "category": "INVALID_AUTHENTICATION",
}
