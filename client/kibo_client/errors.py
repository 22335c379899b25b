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


class ReportError(KiboClientError):
    """A report cannot be written.

    Attributes:
        file: The file.
        message: Why not.
    """

    def __init__(self, file: Path | str, message: str) -> None:
        super().__init__(f"{file}: {message}")
        self.file = str(file)
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


class RefusedError(KiboClientError):
    """The server refused a call; repeating it unchanged is of no use.

    Attributes:
        call: The call's name.
        status: The HTTP status; 0 where there was none.
        message: What the server said, with its correlation id.
    """

    def __init__(self, call: str, status: int, message: str) -> None:
        super().__init__(f"{call} was refused ({status}): {message}" if status else f"{call}: {message}")
        self.call = call
        self.status = status
        self.message = message


class NoAnswerError(KiboClientError):
    """A call was tried often and never answered as it should be; it has no effect, or one that does no harm twice.

    Attributes:
        call: The call's name.
        attempts: How often it was tried.
        message: What happened the last time.
    """

    def __init__(self, call: str, attempts: int, message: str) -> None:
        super().__init__(f"{call} was given up after {attempts} attempts: {message}")
        self.call = call
        self.attempts = attempts
        self.message = message


class UnknownOutcomeError(KiboClientError):
    """Nobody knows whether a call was carried out, and repeating it might do harm: look before trying again (RT-5).

    Attributes:
        call: The call's name.
        message: What happened.
    """

    def __init__(self, call: str, message: str) -> None:
        super().__init__(f"whether {call} was carried out is not known: {message}")
        self.call = call
        self.message = message


class UnexpectedEventError(KiboClientError):
    """An event was recorded that the state does not allow: a programming error or a damaged journal."""


class InventoryFileError(KiboClientError):
    """An inventory file cannot be made, read or delivered.

    Attributes:
        file: The file or place.
        line: The line at fault; 0 where the file as a whole is meant.
        message: What is wrong and what is accepted.
    """

    def __init__(self, file: Path | str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = str(file)
        self.line = line
        self.message = message
