"""Starts `./kelda server` for the demo, the tests and the benchmarks, and stops it again."""

import os
import re
import signal
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class KeldaServer:
    """A server process on free ports of the loopback address.

    Use as a context manager. `uri` is the gRPC address for clients, `http` the base URL of health and metrics.
    """

    def __init__(self, home, *, allow=(), config=None, env=None):
        self.home = Path(home)
        self._command = [str(ROOT / "kelda"), "server", "--home", str(home), "--port", "0", "--http-port", "0"]
        for path in allow:
            self._command += ["--allow-path", str(path)]
        if config:
            self._command += ["--config", str(config)]
        self._env = {**os.environ, **(env or {})}
        self._process = None

    def __enter__(self):
        self.home.mkdir(parents=True, exist_ok=True)
        self._log = open(self.home / "server.log", "ab")
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=self._log, text=True, env=self._env, start_new_session=True
        )
        ready = self._process.stdout.readline()
        found = re.search(r"(grpc\S*://\S+).*?(https?://\S+)", ready)
        if not found:
            self.stop()
            raise RuntimeError(f"the server did not start: {ready!r}\n" + (self.home / "server.log").read_text()[-2000:])
        self.uri, self.http = found.groups()
        return self

    @property
    def pid(self):
        return self._process.pid

    def stop(self, how=signal.SIGTERM, timeout=30):
        """Sends the signal and returns the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process.stdout.close()
        self._log.close()
        return self._process.returncode

    def __exit__(self, *_):
        if not self._log.closed:
            self.stop()
