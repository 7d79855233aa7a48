"""packaging/kubernetes: what it names is there, in itself, in the image and in the program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml
from house import get_text
from program import Program

from sinkhole.app.app import PATIENCE_S
from sinkhole.control.identity.from_environment import PASSWORD_FILE
from sinkhole.control.settings import Settings, load

ROOT: Final = Path(__file__).parents[2]
IMAGE: Final = (ROOT / "Dockerfile").read_text()
PARTS: Final[list[dict[str, Any]]] = list(
    yaml.safe_load_all((ROOT / "packaging/kubernetes/sinkhole.yaml").read_text())
)
LOG_S: Final = 3.0
"""What the log may take of the end."""


def parts(kind: str) -> list[dict[str, Any]]:
    return [each for each in PARTS if each["kind"] == kind]


(SETTINGS,) = parts("ConfigMap")
(SET,) = parts("StatefulSet")
POD: Final = SET["spec"]["template"]["spec"]
(BOX,) = POD["containers"]
PROBES: Final = [BOX[f"{which}Probe"] for which in ("readiness", "liveness")]


def settings(folder: Path) -> Settings:
    """Those that a pod starts with."""
    (text,) = SETTINGS["data"].values()
    file = folder / "sinkhole.yaml"
    file.write_text(text)
    return load(file, {})


def test_the_parts_find_each_other() -> None:
    labels = SET["spec"]["template"]["metadata"]["labels"]
    selectors = [each["spec"]["selector"] for each in (*parts("Service"), SET)]
    selectors += [each["spec"]["selector"] for each in parts("PodDisruptionBudget")]
    assert {str(each.get("matchLabels", each)) for each in selectors} == {str(labels)}
    ports = {each["name"]: each for each in BOX["ports"]}
    for service in parts("Service"):
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]]["protocol"] == port["protocol"]
    assert SET["spec"]["serviceName"] in [each["metadata"]["name"] for each in parts("Service")]
    volumes = {each["name"] for each in POD["volumes"]}
    volumes |= {each["metadata"]["name"] for each in SET["spec"]["volumeClaimTemplates"]}
    assert {each["name"] for each in BOX["volumeMounts"]} == volumes


def test_ports_and_probes_are_those_of_the_settings(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    ports = {each["name"]: each["containerPort"] for each in BOX["ports"]}
    assert {each.port for each in wanted.dns.listen} == {ports["dns"]} == {ports["dns-tcp"]}
    assert wanted.web.listen.port == ports["page"]
    assert wanted.web.listen.host == "0.0.0.0"
    assert {each["httpGet"]["port"] for each in PROBES if "httpGet" in each} == {"page"}


def test_it_runs_as_the_image_is_made() -> None:
    user = POD["securityContext"]["runAsUser"], POD["securityContext"]["runAsGroup"]
    assert f"USER {user[0]}:{user[1]}" in IMAGE
    (asked_for,) = re.findall(r"setcap (cap_\w+)=", IMAGE)
    assert BOX["securityContext"]["capabilities"]["add"] == [asked_for[4:].upper()]
    paths = {each["name"]: each["mountPath"] for each in BOX["volumeMounts"]}
    (file,) = SETTINGS["data"]
    assert f"SINKHOLE_CONFIG={paths['settings']}/{file} " in IMAGE
    assert f"SINKHOLE__DATA_DIR={paths['data']}\n" in IMAGE
    (variable,) = BOX["env"]
    assert variable["name"] == PASSWORD_FILE
    assert variable["value"].startswith(f"{paths['password']}/")


def test_there_is_time_to_drain_and_to_end(tmp_path: Path) -> None:
    drain_s = settings(tmp_path).dns.drain
    assert drain_s and drain_s + PATIENCE_S + LOG_S < POD["terminationGracePeriodSeconds"]


async def test_the_program_answers_the_probes(tmp_path: Path) -> None:
    tree = yaml.safe_load(SETTINGS["data"]["sinkhole.yaml"])
    tree["dns"]["listen"] = ["127.0.0.1:0"]
    tree["web"]["listen"] = "127.0.0.1:0"
    tree["dns"]["drain"] = 0
    program = Program(tmp_path)
    async with program.running(**tree, filtering={"lists": []}):
        await program.loaded()
        program.pin()
        for probe in PROBES:
            if "httpGet" in probe:
                assert (await get_text(program.url, probe["httpGet"]["path"]))[0] == 200
            else:
                sinkhole, *words = probe["exec"]["command"]
                assert sinkhole == "sinkhole"
                assert (await program.command(*words)).code == 0
