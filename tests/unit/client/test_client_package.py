"""The package's front door: every public name is there, and opening it is quick."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import kibo_client


def test_every_public_name_is_there() -> None:
    """Imported on first use, listed by dir, and the same thing as in its module."""
    ours = {
        name: getattr(import_module(f"kibo_client.{kibo_client._MODULE_OF[name]}"), name)
        for name in kibo_client.__all__
    }

    assert {name: getattr(kibo_client, name) for name in kibo_client.__all__} == ours
    assert set(kibo_client.__all__) <= set(dir(kibo_client))


def test_type_checkers_see_the_same_names() -> None:
    """The imports written for type checkers are those that happen."""
    tree = ast.parse(Path(kibo_client.__file__).read_text(encoding="utf-8"))
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    seen = {
        alias.name: node.module for node in guarded.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }

    assert {name: f"kibo_client.{module}" for name, module in kibo_client._MODULE_OF.items()} == seen
    assert sorted(seen) == sorted(kibo_client.__all__)


def test_there_are_no_other_names() -> None:
    """A misspelt name is an error as in any module."""
    with pytest.raises(AttributeError, match="module 'kibo_client' has no attribute 'KiboKlient'"):
        _ = kibo_client.KiboKlient  # type: ignore[attr-defined] # the point of this test


def test_help_waits_for_no_library() -> None:
    """The command answers --help without importing HTTP, terminal or JSON libraries."""
    libraries = {"aiohttp", "anyio", "msgspec", "re2", "rich"}
    script = f"import sys; import kibo_client.cli; print(*sorted({libraries} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "\n"
