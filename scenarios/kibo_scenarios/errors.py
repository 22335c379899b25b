"""Everything that can go wrong in a run, split by who erred: the person at the keyboard, or the harness itself."""

from pathlib import Path


class ScenarioError(Exception):
    """The base of all errors of this package; never raised itself."""

    def __init__(self, message: str) -> None:
        if type(self) is ScenarioError:
            raise TypeError("ScenarioError is abstract: raise one of its subclasses")
        super().__init__(message)


class UsageError(ScenarioError):
    """The person asked for something that does not exist or is not supported (exit code 2)."""


class ScenarioFileError(UsageError):
    """A scenario file cannot be used: says the file, the place in it and what is accepted (exit code 2).

    Attributes:
        file: The path as the person gave it.
        line: Counted from 1; 0 when the whole file is meant.
        column: Counted from 1; 0 when the whole line is meant.
        path: The JSON path of the faulty value, such as ``$.client.spacing_s``.
    """

    def __init__(self, file: Path | str, line: int, column: int, path: str, message: str) -> None:
        self.file = str(file)
        self.line = line
        self.column = column
        self.path = path
        place = f"{self.file}:{line}:{column}" if line else self.file
        super().__init__(f"{place}: {path}: {message}" if path else f"{place}: {message}")


class JournalError(ScenarioError):
    """A journal cannot be read: says the line and what was expected (exit code 2 when it came from a file)."""


class HarnessError(ScenarioError):
    """The harness, the simulator or the virtual clock failed; says nothing about the client (exit code 4)."""
