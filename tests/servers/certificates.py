"""A server of a test's own that speaks TLS."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from http.server import HTTPServer
from pathlib import Path

import pytest

_NEW_KEY = ("-newkey", "rsa:2048", "-noenc", "-keyout", "-", "-out", "-")
_NAMED = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")


def speak_tls(server: HTTPServer, folder: Path) -> Path:
    """Lets a server speak TLS from now on; gives its certificate, of `localhost` and signed by
    itself, as a file in the folder."""
    if not shutil.which("openssl"):
        reason = "there is no openssl to make a certificate with"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    made = subprocess.run(
        ["openssl", "req", "-x509", *_NEW_KEY, *_NAMED],
        check=True,
        capture_output=True,
    )
    file = folder / "certificate.pem"
    file.write_bytes(made.stdout)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return file
