"""Starts a server on an empty home and runs the benchmarks against it: bench.py TPCH_FOLDER [option of the Java program …]"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench_flight import flight
from kelda_server import ROOT, KeldaServer


def tpch(uri, folder, options):
    """The Java program; its exit code."""
    module = ROOT / "tpc-benchmarks" / "target"
    java_home = subprocess.run([ROOT / "dev" / "find-jdk"], check=True, capture_output=True, text=True).stdout.strip()
    flags = re.search(r"<kelda.jvm>(.*?)</kelda.jvm>", (ROOT / "pom.xml").read_text())[1]
    flags = flags.replace("--add-modules jdk.incubator.vector", "").split()
    path = f"{module / 'classes'}{os.pathsep}{(module / 'classpath').read_text().strip()}"
    command = [f"{java_home}/bin/java", *flags, "-cp", path, "dev.kelda.tpc.Main", "--uri", uri, "--tpch", folder]
    return subprocess.run([*command, *options]).returncode


def main():
    folder, *options = sys.argv[1:]
    print(f"{os.cpu_count()} CPUs, TPC-H {Path(folder).name}", flush=True)
    with tempfile.TemporaryDirectory() as scratch, KeldaServer(f"{scratch}/home", allow=[folder, scratch]) as server:
        code = tpch(server.uri, folder, options)
        flight(server.uri, scratch)
    sys.exit(code)


if __name__ == "__main__":
    main()
