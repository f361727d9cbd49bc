"""nginx as docker/nginx.conf has it, with the addresses of this machine in the place of the containers'."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from scripts import cluster_processes as processes
from scripts.cluster_processes import HOST, NotReady, Process

CONFIGURATION = Path(__file__).parent.parent / "docker" / "nginx.conf"


def configuration(port: int, services: Sequence[int]) -> str:
    """The file of the containers, but that it listens on ``port`` of loopback and asks these ports of it."""
    text = CONFIGURATION.read_text()
    # A log that is a file of its own is opened by nginx; what stands for standard output is not its own here.
    places = {
        r"listen 8080 ": f"listen {HOST}:{port} ",
        r"access_log /dev/stdout ": "access_log access.log ",
        r"( +)server parley-1:8000 (.*);\n +server parley-2:8000 .*;\n": "".join(
            rf"\1server {HOST}:{service} \2;" + "\n" for service in services
        ),
    }
    for pattern, instead in places.items():
        text, found = re.subn(pattern, instead, text)
        if found != 1:
            raise NotReady(f"{CONFIGURATION.name} has {found} places for {pattern!r}, not one.")
    return text


def program() -> str:
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        raise NotReady("nginx is not installed. On Debian and Ubuntu: apt-get install nginx-light")
    return found


def prepare(folder: Path, port: int, services: Sequence[int]) -> list[str]:
    """Write its configuration into a folder of its own; the command that runs it from there."""
    home = processes.hand_over(folder / "proxy")
    processes.hand_over(home / "spool")
    file = home / "nginx.conf"
    file.write_text(configuration(port, services))
    return [program(), "-p", f"{home}/", "-c", str(file), "-e", "stderr"]


def start(folder: Path, port: int, services: Sequence[int]) -> Process:
    """Start it and wait until it listens."""
    command = prepare(folder, port, services)
    process = processes.start("nginx", [*command, "-g", "daemon off;"], folder, {})
    processes.wait_until(lambda: processes.listens(port), process, "nginx")
    return process
