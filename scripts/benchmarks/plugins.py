"""Tools of one's own: listing 200 of them, offering them to a chat, and one call.

200 in one package, 200 packages of one tool each, and 200 trusted files, all looked at before.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks.rows import Row
from scripts.benchmarks.start import seconds

MANY = 200
NAMES = [f"say_{number:03}" for number in range(MANY)]
HEAD = "from localai.tools.tool import tool\n"
TOOL = '''

@tool(effects=())
def {name}(text: str = "", times: int = 1) -> str:
    """Say a text again, as {name}.

    Args:
        text: what to say.
        times: how often.
    """
    return text * times
'''
LIST_BAR_MS, CALL_BAR_MS, OFFER_BAR_MS = 300.0, 150.0, 50.0
OFFER = """
import time
from localai import config
from localai.tools import registry
settings = config.load().tools
registry.offered(settings)
began = time.perf_counter()
found = registry.offered(settings)
print(1000 * (time.perf_counter() - began), len(found))
"""


def package(site: Path, name: str, points: list[str], text: str) -> None:
    """What an installed package of one module leaves in a folder of the path."""
    (site / f"{name}.py").write_text(text)
    metadata = site / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = "".join(f"{point} = {name}:{point}\n" for point in points)
    (metadata / "entry_points.txt").write_text(f"[localai.tools]\n{lines}")


def make(kind: str, folder: Path) -> dict[str, str]:
    """The tools, trusted and looked at; the environment in which they are found."""
    site = folder / "site"
    site.mkdir(mode=0o700)
    environment = {**os.environ, "LOCALAI_HOME": str(folder / "home")}
    if kind == "in one package":
        package(site, "many", NAMES, HEAD + "".join(TOOL.format(name=name) for name in NAMES))
    for name in NAMES if kind == "in 200 packages" else ():
        package(site, f"of_{name}", [name], HEAD + TOOL.format(name=name))
    if kind == "in 200 trusted files":
        for name in NAMES:
            (site / f"{name}.py").write_text(HEAD + TOOL.format(name=name))
            (site / f"{name}.py").chmod(0o600)
        trust = [program(), "tools", "trust", "--yes", str(site)]
        subprocess.run(trust, env=environment, check=True, capture_output=True)
        return environment
    path = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    return environment | {"PYTHONPATH": os.pathsep.join(path)}


def program() -> str:
    """The command of this environment."""
    return str(Path(sys.executable).with_name("localai"))


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Bar 5: a list of 200 within 300 ms and a call within 150 ms, as whole processes."""
    for kind in ("in one package", "in 200 packages", "in 200 trusted files"):
        with tempfile.TemporaryDirectory() as folder:
            environment = make(kind, Path(folder))
            began = time.perf_counter()
            offered = [offer(environment)]
            first = time.perf_counter() - began
            lists, calls = list[float](), list[float]()
            for _ in range(rounds):
                lists.append(1000 * seconds([program(), "tools", "list"], environment))
                offered.append(offer(environment))
                calls.append(call(environment))
        looked = [Row(f"the first look at {MANY} {kind}", first, "s", n=1)]
        yield [
            *(looked if "package" in kind else []),  # to trust a file is to look at it
            row(f"localai tools list, {MANY} {kind}", lists, LIST_BAR_MS),
            row(f"what a chat is offered, {MANY} {kind}", offered[1:], OFFER_BAR_MS),
            row(f"one call that does nothing, {kind}", calls, CALL_BAR_MS),
        ]


def row(name: str, values: list[float], bar: float) -> Row:
    """The median beside its bar."""
    return Row(name, statistics.median(values), "ms", bar=bar, better="low", n=len(values))


def offer(environment: dict[str, str]) -> float:
    """Milliseconds to put together what a chat is offered, in a process that did so before."""
    command = [sys.executable, "-P", "-c", OFFER]
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    took, count = told.stdout.split()
    assert int(count) >= MANY
    return float(took)


CALL = """
import time
from localai import config
from localai.tools import registry, sandbox
tool = registry.find("say_100", config.load().tools).tool
sandbox.run(tool, {})
began = time.perf_counter()
outcome = sandbox.run(tool, {"text": "a"})
print(1000 * (time.perf_counter() - began), outcome.text)
"""


def call(environment: dict[str, str]) -> float:
    """Milliseconds of one call, with its process."""
    command = [sys.executable, "-P", "-c", CALL]
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    took, said = told.stdout.split()
    assert said == "a"
    return float(took)
