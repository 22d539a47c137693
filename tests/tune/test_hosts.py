"""The hosts file, and what MLX's own launcher makes of it."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import pytest
from mlx._distributed_utils import launch
from mlx._distributed_utils.common import Hostfile

from localai.errors import UsageError
from localai.tune import hosts
from localai.tune.hosts import HERE, PORT

RDMA = {
    "hosts": [
        {"ssh": "one", "ips": [HERE], "rdma": [None, "rdma_en2"]},
        {"ssh": "two", "ips": ["10.0.0.2"], "rdma": ["rdma_en3", None]},
    ]
}
PAIR = [{"ssh": "one", "ips": [HERE]}, {"ssh": "two", "ips": ["10.0.0.2"]}]


def written(folder: Path, content: object) -> Path:
    file = folder / "hosts.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


@pytest.mark.filterwarnings("ignore:.*hosts.json:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "content",
    [
        PAIR,
        {"hosts": PAIR, "envs": ["MLX_RING_VERBOSE=1", "A=b=c"]},
        {"hosts": [{"ssh": HERE, "ips": [HERE, HERE]}] * 3},
        {"backend": "jaccl", **RDMA},
        {"backend": "jaccl-ring", **RDMA},
        {"backend": "nccl", "hosts": PAIR},
    ],
)
def test_processes_find_what_mlx_would_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any
) -> None:
    file = written(tmp_path, content)
    expected = launched(file, monkeypatch)
    found = hosts.read(file)
    assert found is not None
    assert len(found.hosts) == len(expected)
    for rank, (variables, files) in enumerate(expected):
        setting = found.setting(rank)
        assert setting.variables == variables | {"MLX_RANK": str(rank)}
        assert {name: json.loads(text) for name, text in setting.files.items()} == files


def launched(file: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """The variables and files that `mlx.launch` gives each process."""
    seen = list[tuple[Any, Any]]()

    def start(_: object, arguments: Any, __: object) -> None:
        for (*_, files, env, _), _ in arguments:
            variables = dict(each.split("=", 1) for each in env)
            seen.append((variables, {name: json.loads(text) for name, text in files.items()}))

    monkeypatch.setattr(launch, "_launch_with_io", start)
    known = Hostfile.from_file(file)
    arguments = Namespace(
        starting_port=PORT,
        nccl_port=PORT,
        connections_per_ip=1,
        repeat_hosts=1,
        env=list(known.envs),
        cwd=None,
        python=None,
        verbose=False,
        backend=known.backend,
    )
    start_all = {"nccl": launch.launch_nccl, "": launch.launch_ring}.get(
        known.backend, launch.launch_jaccl
    )
    start_all(ArgumentParser(), known.hosts, arguments, ["true"])
    return seen


def test_processes_on_one_host_have_a_gpu_each(tmp_path: Path) -> None:
    file = written(tmp_path, {"backend": "nccl", "hosts": [{"ssh": HERE, "ips": [HERE]}] * 2})
    found = hosts.read(file)
    assert found is not None
    devices = [found.setting(rank).variables["CUDA_VISIBLE_DEVICES"] for rank in range(2)]
    assert devices == ["0", "1"]


@pytest.mark.parametrize("content", [[{"ssh": "me"}], {"hosts": [{"ssh": HERE, "ips": [HERE]}]}])
def test_one_host_is_this_machine_alone(tmp_path: Path, content: object) -> None:
    assert hosts.read(written(tmp_path, content)) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is no hosts file"),
        ("{", "is no hosts file"),
        ("\x1b[2J", "is no hosts file"),
        ('"host"', "is no hosts file"),
        ({"hosts": [{"ips": [HERE]}]}, "is no hosts file .*ssh"),
        ({"backend": "mpi", "hosts": PAIR}, "is no hosts file .*mpi"),
        ([], "names no host"),
        ([{"ssh": ""}], "is no name for ssh"),
        ([PAIR[0], {"ssh": "-oProxyCommand=true", "ips": ["10.0.0.2"]}], "is no name for ssh"),
        ([PAIR[0], {"ssh": "a\nb", "ips": ["10.0.0.2"]}], "is no name for ssh"),
        ([PAIR[0], {"ssh": "two"}], "two needs the addresses"),
        ([PAIR[0], {"ssh": "two", "ips": ["two.local"]}], "'two.local' is no IPv4 address"),
        ([{"ssh": "one", "ips": ["192.0.2.1"]}, PAIR[1]], "has to be this machine"),
        ([PAIR[0], {"ssh": "two", "ips": ["10.0.0.2", "10.0.0.3"]}], "as many ips"),
        ({"hosts": PAIR, "envs": ["A B=c"]}, "NAME=VALUE"),
        ({"hosts": PAIR, "envs": ["A"]}, "NAME=VALUE"),
        ({"hosts": PAIR, "port": 65535}, "no port"),
        ({"backend": "jaccl", "hosts": PAIR}, "one needs an RDMA device"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path: Path, content: object, words: str) -> None:
    with pytest.raises(UsageError, match=words) as error:
        hosts.read(written(tmp_path, content))
    assert "\n" not in str(error.value)
    assert "\x1b" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"hosts\.json cannot be read"):
        hosts.read(tmp_path / "hosts.json")
