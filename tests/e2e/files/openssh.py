"""OpenSSH's own sftp program, as a retailer's script would use it."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

needs_sftp = pytest.mark.skipif(shutil.which("sftp") is None, reason="OpenSSH's sftp is not installed")


@dataclass(frozen=True)
class Sftp:
    """One account at one server; each call is a session of its own."""

    url: str
    folder: Path
    user: str = "sample.app"
    password: str = "sample-secret"

    def run(self, *commands: str) -> "subprocess.CompletedProcess[str]":
        """Give commands to sftp, which stops at the first that fails; a leading minus lets one fail."""
        ask = self.folder / "askpass"
        ask.write_text('#!/bin/sh\necho "$SFTP_TEST_PASSWORD"\n')
        ask.chmod(0o700)
        parts = urlsplit(self.url)
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=no", "LogLevel=ERROR"]
        options += ["PreferredAuthentications=password", "NumberOfPasswordPrompts=1"]
        told = [argument for option in options for argument in ("-o", option)]
        return subprocess.run(
            ["sftp", "-q", *told, "-P", str(parts.port), "-b", "-", f"{self.user}@{parts.hostname}"],
            input="\n".join(commands) + "\n",
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            cwd=self.folder,
            env={
                **os.environ,
                "SSH_ASKPASS": str(ask),
                "SSH_ASKPASS_REQUIRE": "force",
                "SFTP_TEST_PASSWORD": self.password,
                "DISPLAY": ":0",
            },
        )
