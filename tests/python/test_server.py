"""The server as a process: ready line, health, metrics, kill and restart, the command line."""

import os
import signal
import subprocess
import urllib.request

import adbc_driver_flightsql.dbapi as flightsql
from conftest import ROOT
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
