"""All of Slack's routes."""

from fastapi import APIRouter

from sandbox.slack import addresses, control, incoming, methods, people

router = APIRouter()
for part in (addresses, incoming, methods, people, control):
    router.include_router(part.router)
