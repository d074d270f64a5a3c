"""The application: all vendors' routes, the pages, the control endpoints, and what runs beside them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from sandbox import clock, control
from sandbox.apollo.routes import router as apollo
from sandbox.company import acts, life, reps, seed
from sandbox.edge import Edge
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.routes import router as hubspot
from sandbox.pages import routes as pages
from sandbox.settings import Settings
from sandbox.slack.routes import router as slack
from sandbox.world import World, create


def build(settings: Settings) -> FastAPI:
    """A sandbox that holds the demo company's past; a state file that has data already is taken as it is."""
    world = create(settings)
    if world.store.one("SELECT 1 FROM meta WHERE name = 'filled'") is None:
        # A start that was cut off leaves half a history behind.
        world.reset()
        seed.fill(world, settings.contacts, clock.now())
    return application(world)


def application(world: World) -> FastAPI:
    """The application around a world."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(run) for run in (world.webhooks.run(), life.run(world), reps.run(world))]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        world.store.close()

    app = FastAPI(title="Sandbox", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.world = world
    for router in (hubspot, apollo, slack, control.router, acts.router, pages.router):
        app.include_router(router)
    app.add_middleware(Edge, world=lambda: app.state.world)

    @app.exception_handler(Refused)
    async def refuse(request: Request, refused: Exception) -> Response:
        assert isinstance(refused, Refused)
        return JSONResponse(refused.body(), refused.status)

    return app
