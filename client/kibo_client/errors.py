"""What can go wrong for a caller of this package, split by who erred; answers of the server are values, not errors."""

from __future__ import annotations

from pathlib import Path


class KiboClientError(Exception):
    """Base of every error this package raises on purpose; not raised itself."""


class SettingsError(KiboClientError):
    """A setting is missing or unusable.

    Attributes:
        name: The flag, environment variable or key at fault.
        message: What is wrong with it and what is accepted.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class ExportFileError(KiboClientError):
    """A Location Export cannot be read as one.

    Attributes:
        file: The file, with the member's name for an archive.
        line: The line at fault, 1 for the header; 0 where the file as a whole is meant.
        message: What is wrong and what is accepted.
    """

    def __init__(self, file: Path | str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = str(file)
        self.line = line
        self.message = message


class JournalError(KiboClientError):
    """A run journal cannot be read, or belongs to another run.

    Attributes:
        file: The journal.
        line: The line at fault; 0 where the file as a whole is meant.
        message: What is wrong and what is accepted.
    """

    def __init__(self, file: Path | str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = str(file)
        self.line = line
        self.message = message


class TargetError(KiboClientError):
    """A target cannot be worked on.

    Attributes:
        index: Its position in the sequence that was given, from 0.
        message: What is wrong and what is accepted.
    """

    def __init__(self, index: int, message: str) -> None:
        super().__init__(f"targets[{index}]: {message}")
        self.index = index
        self.message = message


class CredentialsRefusedError(KiboClientError):
    """The authentication host refused the client id and shared secret, before anything had been sent.

    Attributes:
        status: The HTTP status of the refusal.
        message: What the host said.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"the authentication host refused the credentials ({status}): {message}")
        self.status = status
        self.message = message


class UnreachableError(KiboClientError):
    """A host could not be reached, and never had been; nothing was submitted.

    Attributes:
        url: The host.
        message: Why not.
        permanent: Whether trying again is of no use before something is changed.
    """

    def __init__(self, url: str, message: str, *, permanent: bool) -> None:
        super().__init__(f"cannot reach {url}: {message}")
        self.url = url
        self.message = message
        self.permanent = permanent


class UnexpectedEventError(KiboClientError):
    """An event was recorded that the state does not allow: a programming error or a damaged journal."""
