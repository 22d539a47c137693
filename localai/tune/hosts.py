"""The machines that a tune is spread over, from a hosts file of MLX's own format.

`mlx.distributed_config` writes such files and `mlx.launch` reads them; `python` of a host and
`port` are ours. Says, too, what MLX wants to find in the environment of each process. Starts
nothing (`launching`) and needs no MLX.
"""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path
from typing import Literal

import msgspec

from localai.errors import UsageError
from localai.sanitize import clean

PORT = 32323
"""What `mlx.launch` begins with."""

HERE = "127.0.0.1"
"""The name of a host whose process is started without ssh, as `mlx.launch` does."""

Rdma = str | list[str] | None
Backend = Literal["ring", "jaccl", "jaccl-ring", "nccl"]


class Host(msgspec.Struct, frozen=True):
    """A machine: the name that ssh knows it by, the addresses that the others reach it at,
    its RDMA device to each of them (for JACCL), and the `python` that has localai there ("":
    the path of the one here)."""

    ssh: str
    ips: tuple[str, ...] = ()
    rdma: tuple[Rdma, ...] = ()
    python: str = ""


class Setting(msgspec.Struct, frozen=True):
    """What MLX reads in the environment of one process: variables, and variables that name a
    file with this content."""

    variables: dict[str, str]
    files: dict[str, str]

    def placed(self, folder: Path) -> dict[str, str]:
        """All as variables, the files written into the folder."""
        for name, content in self.files.items():
            (folder / f"{name}.json").write_text(content, "utf-8")
        return self.variables | {name: str(folder / f"{name}.json") for name in self.files}


class Hosts(msgspec.Struct, frozen=True):
    """The machines by rank, this one first. `envs`: variables for every process, NAME=VALUE;
    `port`: the first of those that they listen at."""

    hosts: tuple[Host, ...]
    backend: Backend = "ring"
    envs: tuple[str, ...] = ()
    port: int = PORT

    def setting(self, rank: int) -> Setting:
        """For the process of this rank, as `mlx.launch` would set it."""
        host, first = self.hosts[rank], self.hosts[0].ips[0]
        variables = dict(each.split("=", 1) for each in self.envs) | {"MLX_RANK": str(rank)}
        if self.backend == "ring":
            return Setting(variables, {"MLX_HOSTFILE": _json(self._addresses())})
        if self.backend == "nccl":
            device = [each.ssh for each in self.hosts[:rank]].count(host.ssh)
            variables |= {"NCCL_HOST_IP": first, "NCCL_PORT": str(self.port)}
            variables |= {"MLX_WORLD_SIZE": str(len(self.hosts))}
            return Setting(variables | {"CUDA_VISIBLE_DEVICES": str(device)}, {})
        variables["MLX_JACCL_COORDINATOR"] = f"{first}:{self.port}"
        if self.backend == "jaccl-ring":
            variables["MLX_JACCL_RING"] = "1"
        return Setting(variables, {"MLX_IBV_DEVICES": _json([each.rdma for each in self.hosts])})

    def _addresses(self) -> list[list[str]]:
        """Where each process listens: a port of its own for each address."""
        ports = iter(range(self.port, self.port + sum(len(each.ips) for each in self.hosts)))
        return [[f"{ip}:{next(ports)}" for ip in each.ips] for each in self.hosts]


def read(path: Path) -> Hosts | None:
    """The machines that the file names; None when it names this one alone. Raises UsageError
    when it cannot be read, or when they cannot train together."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Hosts | tuple[Host, ...])
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} is no hosts file ({clean(str(error))}); docs/cli.md shows one."
        ) from error
    hosts = found if isinstance(found, Hosts) else Hosts(found)
    if complaint := _complaint(hosts):
        raise UsageError(f"{path} cannot be used: {clean(complaint)}.")
    return hosts if len(hosts.hosts) > 1 else None


def _complaint(hosts: Hosts) -> str:
    """Why they cannot train together; "" if they can."""
    if not hosts.hosts:
        return "it names no host"
    for each in hosts.hosts:
        if not each.ssh or each.ssh.startswith("-") or not each.ssh.isprintable():
            return f"{each.ssh!r} is no name for ssh"
    for setting in hosts.envs:
        if "=" not in setting or not setting.partition("=")[0].isidentifier():
            return f"{setting!r} in its envs is not of the form NAME=VALUE"
    if not 0 < hosts.port < 65536 - sum(len(each.ips) for each in hosts.hosts):
        return f"{hosts.port} is no port to begin with"
    if len(hosts.hosts) == 1:
        return ""
    return _unreachable(hosts) or _unlike(hosts)


def _unreachable(hosts: Hosts) -> str:
    """Whose address is missing or is none."""
    for each in hosts.hosts if hosts.backend == "ring" else hosts.hosts[:1]:
        if not each.ips:
            return f"{each.ssh} needs the addresses that the others reach it at, as its ips"
    for ip in (ip for each in hosts.hosts for ip in each.ips):
        try:
            ipaddress.IPv4Address(ip)
        except ValueError:
            return f"{ip!r} is no IPv4 address"
    first = hosts.hosts[0].ips[0]
    try:
        with socket.socket() as probe:
            probe.bind((first, 0))
    except OSError:
        return f"the first host has to be this machine, and {first} is no address of it"
    return ""


def _unlike(hosts: Hosts) -> str:
    """What some of them have, and others not."""
    if hosts.backend == "ring" and len({len(each.ips) for each in hosts.hosts}) > 1:
        return "every host needs as many ips as the others"
    if hosts.backend.startswith("jaccl"):
        for each in hosts.hosts:
            if len(each.rdma) != len(hosts.hosts):
                return f"{each.ssh} needs an RDMA device, or null, for every host"
    return ""


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
