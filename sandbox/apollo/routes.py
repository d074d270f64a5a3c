"""All of Apollo's routes."""

from fastapi import APIRouter

from sandbox.apollo import api, control

router = APIRouter()
for part in (api, control):
    router.include_router(part.router)
