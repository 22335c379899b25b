"""Walks through a page of documentation: its console blocks, line by line, in one shell."""

import os
import re
import subprocess
from pathlib import Path

from .conftest import BIN

ROOT = Path(__file__).parents[2]
END = "--- end of output ---"


def console_blocks(text: str) -> list[tuple[str, str]]:
    """Every command of the console blocks with the output that is shown below it."""
    steps: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            elif line.startswith("> ") and not steps[-1][1]:
                # A command of several lines.
                steps[-1] = (f"{steps[-1][0]}\n{line[2:]}", [])
            else:
                steps[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in steps]


def as_pattern(shown: str) -> str:
    """The shown output as a regular expression: an ellipsis stands for anything."""
    return "[^\x00]*?".join(re.escape(part) for part in shown.split("…"))


def walk(page: str, url: str, folder: Path) -> int:
    """Run each command of a page, in order, and compare what it prints; returns how many there were.

    Args:
        page: The page, from the root of the repository.
        url: Where the simulator is served, in place of the address in the page.
        folder: Where the shell begins.
    """
    shell = subprocess.Popen(
        ["bash", "--noprofile", "--norc"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "COLUMNS": "80"},
    )
    steps = console_blocks((ROOT / page).read_text(encoding="utf-8"))
    with shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        for command, shown in steps:
            shell.stdin.write(command.replace("http://127.0.0.1:8765", url) + f"\nprintf '\\n{END}\\n'\n")
            shell.stdin.flush()
            printed: list[str] = []
            while (line := shell.stdout.readline().rstrip("\n")) != END:
                printed.append(line.rstrip())
            output = "\n".join(printed).strip("\n")

            assert re.fullmatch(as_pattern(shown), output), f"$ {command}\nshown:\n{shown}\nprinted:\n{output}"
        shell.stdin.close()
    return len(steps)
