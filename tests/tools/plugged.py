"""Plugins as people write them: texts of tools, and putting them where localai finds them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HEAD = "from localai.tools.tool import tool\n"


def text(
    name: str = "words", effects: str = "()", body: str = "return text", more: str = ""
) -> str:
    """A file with one tool. `more` is code that runs when it is loaded."""
    return (
        f"{HEAD}{more}\n"
        f"@tool(effects={effects})\n"
        f"def {name}(text: str, times: int = 1) -> str:\n"
        f'    """Do something with a text.\n\n    Args:\n        text: the text.\n    """\n'
        f"    {body}\n"
    )


def leaves(mark: Path) -> str:
    """Code that shows that it ran, even where it may not write: the file is there then."""
    return f"open({str(mark)!r}, 'a').close()\n"


def write(path: Path, content: str) -> Path:
    """A file that others cannot write to, whatever the umask is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    path.chmod(0o600)
    return path


def install(
    site: Path,
    name: str,
    points: Mapping[str, str],
    files: Mapping[str, str],
    group: str = "localai.tools",
) -> Path:
    """What pip would leave of a package in a folder of the path."""
    for file, content in files.items():
        write(site / file, content)
    lines = "".join(f"{each} = {target}\n" for each, target in points.items())
    metadata = site / f"{name}-1.0.dist-info"
    write(metadata / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\nAbout.\n")
    write(metadata / "entry_points.txt", f"[other]\nx = y\n\n[{group}]\n{lines}")
    return site
