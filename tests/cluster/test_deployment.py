"""The files in docker/, by the tools that read them; no Docker engine is needed for that."""

import importlib.util
import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import cluster_patroni as patroni
from scripts import cluster_processes as processes
from scripts import cluster_proxy as proxy
from scripts import cluster_topology as topology
from scripts.cluster_processes import NotReady
from tests.conftest import ROOT

DOCKER = ROOT / "docker"
IMAGES = ("Dockerfile", "Dockerfile.patroni")
WAYS = {
    "sqlite": ["compose.sqlite.yaml"],
    "by-hand": ["compose.yaml"],
    "by-patroni": ["compose.yaml", "compose.patroni.yaml"],
}
SECRETS = ("DATABASE_PASSWORD", "REPLICATION_PASSWORD", "SUPERUSER_PASSWORD", "SECRET_KEY")


@pytest.mark.parametrize("name", IMAGES)
def test_hadolint_finds_no_fault_with_an_image(name: str) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DOCKER / name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def composed(way: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """What Docker Compose makes of the files: it needs its engine only to run them."""
    found = importlib.util.find_spec("compose")
    if found is None or not found.submodule_search_locations:
        pytest.skip("there is no wheel of Docker Compose for this machine")
    program = Path(found.submodule_search_locations[0]) / "docker-compose"
    files = [part for name in WAYS[way] for part in ("--file", str(DOCKER / name))]
    command = [
        program,
        *files,
        "--env-file",
        os.devnull,
        "--profile",
        "webhooks",
        "config",
        "--format",
        "json",
    ]
    kept = {name: value for name, value in os.environ.items() if name not in SECRETS}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=kept | environ)


def services(way: str) -> dict[str, Any]:
    done = composed(way, **dict.fromkeys(SECRETS, "told-by-the-environment"))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


@pytest.mark.parametrize("way", WAYS)
def test_compose_confines_every_container(way: str) -> None:
    for name, service in services(way).items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        assert service["restart"] != "no", name
        published = service.get("ports", [])
        assert all(port["host_ip"] == "127.0.0.1" for port in published), name
        assert bool(published) == (name == ("parley" if way == "sqlite" else "proxy")), name


@pytest.mark.parametrize("way", WAYS)
def test_a_service_has_its_data_where_its_image_does_and_time_to_end(way: str) -> None:
    home = next(line for line in (DOCKER / "Dockerfile").read_text().splitlines() if "PARLEY_HOME=" in line)
    gunicorn = runpy.run_path(str(DOCKER / "gunicorn.conf.py"))
    ours = {name: service for name, service in services(way).items() if service["image"] == "parley"}
    assert {"parley", "deliver"} <= ours.keys() or {
        "parley-1",
        "parley-2",
        "migrate",
        "deliver",
    } == ours.keys()
    for service in ours.values():
        (volume,) = service["volumes"]
        assert f"PARLEY_HOME={volume['target']} " in home
        assert int(service["stop_grace_period"].removesuffix("s")) > gunicorn["graceful_timeout"]
        assert (Path(service["build"]["context"]) / service["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("way", ["by-hand", "by-patroni"])
def test_images_of_others_are_of_one_version(way: str) -> None:
    names = [service["image"] for service in services(way).values() if "build" not in service]
    tags = {name: name.partition(":")[2] for name in names}
    assert {"proxy", "db-1", "db-2"} <= services(way).keys()
    assert all(
        sum(part.isdigit() for part in tag.lstrip("v").replace("-", ".").split(".")) >= 2
        for tag in tags.values()
    )


@pytest.mark.parametrize("way", ["by-hand", "by-patroni"])
def test_no_service_starts_before_the_migrations_have_ended(way: str) -> None:
    found = services(way)
    for name in ("parley-1", "parley-2", "deliver"):
        assert found[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        assert found[name]["command"][:1] == ["parley"], "and none migrates itself"
    for name in ("db-1", "db-2"):
        assert found["migrate"]["depends_on"][name]["condition"] == "service_healthy"
        assert "front" not in found[name]["networks"], "the proxy reaches no database"


@pytest.mark.parametrize("way", ["by-hand", "by-patroni"])
def test_no_secret_stands_in_a_file(way: str) -> None:
    done = composed(way)
    assert done.returncode != 0, "it would start with none"
    assert "is to stand in docker/.env" in done.stderr
    told = json.dumps(services(way))
    for name in WAYS[way]:
        assert "${" in (DOCKER / name).read_text()
    assert told.count("told-by-the-environment") >= 6
    ignored = subprocess.run(
        ["git", "check-ignore", "docker/.env"], cwd=ROOT, capture_output=True, check=False
    )
    assert ignored.returncode in (0, 128), "it would be committed"


def test_what_a_container_mounts_is_there() -> None:
    for way in ("by-hand", "by-patroni"):
        for service in services(way).values():
            for volume in service.get("volumes", []):
                if volume["type"] == "bind":
                    assert Path(volume["source"]).is_file()
                    assert volume["read_only"] is True


def test_nginx_finds_no_fault_with_its_configuration(tmp_path: Path) -> None:
    try:
        proxy.program()
    except NotReady as error:
        pytest.skip(str(error))
    home = topology.folder()
    try:
        command = proxy.prepare(home, *processes.free_ports(1), services=[8001, 8002])
        done = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines() if '"user" directive' not in line]
        assert done.returncode == 0
        assert all(line.endswith(("syntax is ok", "test is successful")) for line in said), said
    finally:
        shutil.rmtree(home)


def test_patroni_finds_no_fault_with_its_configuration() -> None:
    if not shutil.which("patroni") or not shutil.which("etcd"):
        pytest.skip("Patroni, or etcd, is not installed")
    home = topology.folder()
    etcd, port = patroni.start_etcd(home)
    try:
        node, _ = patroni.nodes(home, dict.fromkeys(("DATABASE_PASSWORD", "REPLICATION_PASSWORD"), "x"), port)
        # It takes no loopback address that it knows for one that others could reach.
        others = {
            name: value.replace("127.0.0.1", "127.0.0.2")
            for name, value in node.environ.items()
            if name.endswith("_CONNECT_ADDRESS")
        }
        reached = node._replace(environ={**node.environ, **others})
        assert patroni.check(reached, home / "docker" / "patroni.yml") == ""
        dcs = yaml.safe_load((DOCKER / "patroni.yml").read_text())["bootstrap"]["dcs"]
        assert dcs["loop_wait"] + 2 * dcs["retry_timeout"] <= dcs["ttl"], "it would put in its own"
    finally:
        processes.stop(etcd)
        shutil.rmtree(home)
