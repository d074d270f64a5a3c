"""`python -m sandbox --port N [--contacts 3000] [--seed 7] [--life RATE]`."""

import argparse

import uvicorn

from sandbox import app
from sandbox.settings import Settings, from_environment


def main() -> None:
    """Read the command line, build the world, serve it."""
    default = Settings()
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="HubSpot, Slack and Apollo on one port.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    parser.add_argument("--contacts", type=int, default=default.contacts, help="contacts in the history at start")
    parser.add_argument("--seed", type=int, default=None, help="chooses the history (default: SANDBOX_SEED, or 7)")
    parser.add_argument("--life", type=float, default=default.life, help="things that happen per minute; 0 = none")
    given = parser.parse_args()
    settings = from_environment(given.contacts, given.seed, given.life)
    application = app.build(settings)
    uvicorn.run(
        application,
        host=given.host,
        port=given.port,
        log_level="warning",
        access_log=False,
        # As long as the vendors' own front ends keep an idle connection.
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
