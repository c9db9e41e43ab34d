"""The server as a process: ready line, health, metrics, kill and restart, the command line."""

import os
import signal
import subprocess
import threading
import time
import urllib.request

import adbc_driver_flightsql.dbapi as flightsql
import pytest
from conftest import ROOT, complaint
from kelda_server import KeldaServer

KELDA = str(ROOT / "kelda")


def page(server, path):
    with urllib.request.urlopen(server.http + path, timeout=10) as response:
        return response.status, response.read().decode()


def test_health_and_metrics(server, cursor):
    assert page(server, "/healthz")[0] == 200
    assert page(server, "/readyz")[0] == 200
    cursor.execute("SELECT 1")
    cursor.fetchall()
    status, text = page(server, "/metrics")
    assert status == 200
    assert "kelda_" in text


def test_acknowledged_rows_survive_kill(tmp_path):
    home = tmp_path / "home"
    with KeldaServer(home) as server:
        with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kept (n INTEGER)")
            for n in range(5):
                cursor.execute(f"INSERT INTO kept VALUES ({n})")
        os.kill(server.pid, signal.SIGKILL)
    with KeldaServer(home) as server:
        with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*), SUM(n) FROM kept")
            assert tuple(map(int, cursor.fetchone())) == (5, 10)
        assert server.stop() == 0


def connect(server):
    return flightsql.connect(server.uri, autocommit=True)


ENDLESS = "SELECT COUNT(*) FROM UNNEST(GENERATE_SERIES(1, 1000000)) AS a (x), UNNEST(GENERATE_SERIES(1, 1000000)) AS b (y) WHERE x < y"


def long_query(server, outcome):
    """Runs for hours; puts the error into outcome."""
    try:
        with connect(server) as connection, connection.cursor() as cursor:
            cursor.execute(ENDLESS)
            outcome.append(cursor.fetchone())
    except Exception as error:
        outcome.append(error)


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def running(server):
    with connect(server) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM system.queries WHERE state = 'RUNNING'")
        return int(cursor.fetchone()[0]) - 1


def test_sigterm_gives_running_queries_a_while_then_an_error(tmp_path):
    config = tmp_path / "kelda.toml"
    config.write_text('[server]\ndrain_timeout = "1s"\n')
    outcome = []
    with KeldaServer(tmp_path / "home", config=config) as server:
        client = threading.Thread(target=long_query, args=(server, outcome))
        client.start()
        wait_until(lambda: running(server) > 0)
        begin = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begin < 20
        client.join(20)
    assert len(outcome) == 1 and isinstance(outcome[0], Exception), outcome
    assert any(word in str(outcome[0]) for word in ("CANCELLED", "SHUTTING_DOWN", "cancelled", "shutting down", "Unavailable")), outcome[0]
    left = [path for path in (tmp_path / "home" / "tmp").glob("**/*") if path.is_file()]
    assert not left


def test_a_second_sigterm_ends_at_once(tmp_path):
    outcome = []
    with KeldaServer(tmp_path / "home") as server:
        client = threading.Thread(target=long_query, args=(server, outcome))
        client.start()
        wait_until(lambda: running(server) > 0)
        os.kill(server.pid, signal.SIGTERM)
        time.sleep(1)
        server.stop(timeout=5)
        client.join(20)
    assert isinstance(outcome[0], Exception)


def refused(*arguments, told):
    """The server does not start, and says why in one line."""
    done = kelda("server", *map(str, arguments))
    assert done.returncode == 1 and done.stdout == "", done.stdout
    assert told in done.stderr and len(complaint(done.stderr)) == 1, done.stderr


def test_servers_that_cannot_start(tmp_path):
    with KeldaServer(tmp_path / "home") as server:
        refused("--home", tmp_path / "home", "--port", "0", "--http-port", "-1", told=f"process {server.pid}")
        port = server.uri.rsplit(":", 1)[1]
        refused("--home", tmp_path / "other", "--port", port, "--http-port", "-1", told="in use")
        http = server.http.rsplit(":", 1)[1]
        refused("--home", tmp_path / "other", "--port", "0", "--http-port", http, told="in use")
        refused("--home", tmp_path / "other", "--host", "no.such.host.invalid", told="no.such.host.invalid")
        os.kill(server.pid, signal.SIGKILL)
    with KeldaServer(tmp_path / "home") as server:  # the lock of a dead process does not stay
        assert server.stop() == 0
    (tmp_path / "file").write_text("")
    refused("--home", tmp_path / "file", "--port", "0", "--http-port", "-1", told=str(tmp_path / "file"))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_read_only_home(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    refused("--home", home, "--port", "0", "--http-port", "-1", told=str(home))


def kelda(*arguments, **options):
    return subprocess.run([KELDA, *arguments], capture_output=True, text=True, timeout=120, **options)


def test_console_without_a_server(tmp_path):
    home = str(tmp_path / "home")
    result = kelda("sql", "--home", home, "--format", "csv", "-e", "SELECT 1 AS a, 'x,y' AS b")
    assert (result.returncode, result.stdout) == (0, 'a,b\n1,"x,y"\n')
    result = kelda("sql", "--home", home, "-e", "SELECT nothing")
    assert result.returncode == 1
    assert "COLUMN_NOT_FOUND" in result.stderr and "Exception" not in result.stderr


def test_console_with_a_server_and_a_script(server, tmp_path):
    script = tmp_path / "script.sql"
    script.write_text("CREATE TABLE from_script (a INTEGER);\nINSERT INTO from_script VALUES (1), (2); -- two\nSELECT SUM(a) AS s FROM from_script;\n")
    result = kelda("sql", "--uri", server.uri, "--format", "json", "-f", str(script))
    assert result.returncode == 0, result.stderr
    assert '"s"' in result.stdout and "3" in result.stdout


def test_exit_codes(server, tmp_path):
    assert kelda("sql", "--uri", server.uri, "-e", "SELECT 1").returncode == 0
    failed = kelda("sql", "--uri", server.uri, "-e", "SELECT 1; SELECT oops; SELECT 3")
    assert failed.returncode == 1 and "3" not in failed.stdout.replace("COLUMN", "")
    assert "^" in failed.stderr, "the place of the error"
    assert kelda("sql", "--uri", server.uri, "--no-such-option").returncode == 2
    assert kelda("sql", "--uri", server.uri, "-f", str(tmp_path / "none.sql")).returncode == 1
    assert kelda("sql", "--uri", "grpc://127.0.0.1:1", "-e", "SELECT 1").returncode == 1
    assert kelda("sql", "--uri", "nonsense://x", "-e", "SELECT 1").returncode == 1
    assert kelda("sql", "--uri", server.uri, input="SELECT 4 AS four;\n").stdout.count("4") >= 1
