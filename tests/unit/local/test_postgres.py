from pathlib import Path

import psycopg
import pytest

from handoff.local import postgres, processes, scratch


def test_the_weakest_capability_that_will_do_is_chosen() -> None:
    status = "Name:\tx\nCapBnd:\t{}\n".format
    assert postgres._passage(status("000001ffffffffff")) == "dac_read_search"
    assert postgres._passage(status("00000000a80425fb")) == "dac_override"
    with pytest.raises(PermissionError, match="HANDOFF_HOME"):
        postgres._passage(status("0000000000000000"))


def test_a_cluster_runs_below_a_directory_that_others_cannot_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setattr("tempfile.tempdir", str(private))
    with scratch.cluster() as cluster, psycopg.connect(cluster.dsn()) as connection:
        row = connection.execute("select current_setting('data_directory')").fetchone()
        assert row is not None
        assert row[0].startswith(str(private))
        data = Path(row[0])
    assert processes.postgres_in(data) == []
    assert not data.exists()


def test_a_wrong_password_does_not_get_in(postgres: scratch.Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.dsn().replace(scratch.PASSWORD, "guess"))


def test_databases_are_made_once_and_airflow_s_is_closed_to_the_line(postgres: scratch.Cluster) -> None:
    from handoff.local import postgres as embedded

    with scratch.cluster() as cluster:
        for _ in range(2):
            embedded.create_databases(cluster.dsn(), "airflows-own")
        cluster.migrate("handoff")
        own = cluster.dsn("airflow", "airflow").replace(scratch.PASSWORD, "airflows-own")
        with psycopg.connect(own) as connection:
            relaxed = connection.execute("select rolname from pg_roles where rolconfig is not null").fetchall()
            assert relaxed == [("airflow",)], "only Airflow's disposable tables may lose their last half second"
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(cluster.dsn("airflow", "handoff_app"))


def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("18")
    assert postgres.create_cluster(data, "x")
    assert not postgres.create_cluster(data, "x")
