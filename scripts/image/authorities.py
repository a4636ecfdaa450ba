"""Whom the programs of an image believe over TLS where nobody says otherwise.

They are the authorities of Debian's package ca-certificates as it came, not the bundle in /etc: whoever builds may have
added authorities of his own there, and the same packages have to give the same image. Certificates that somebody has
removed from the machine are left out, and that is said.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from image import executables
from image.executables import Component, Refused

PACKAGE = "ca-certificates"
# What update-ca-certificates makes a bundle of; elsewhere the package has an example that is no certificate.
SOURCE = "/usr/share/ca-certificates/"
# Where Debian has the bundle; OpenSSL is told of it, since its own directory is not in the image.
PATH = "etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class Authorities:
    """A bundle of certificates, and the package that it is made of."""

    data: bytes
    component: Component


def read():
    """The certificates of the package that is installed, sorted by the names of their files."""
    listed = executables.output("dpkg-query", "--listfiles", PACKAGE).splitlines()
    packaged = sorted(Path(line) for line in listed if line.startswith(SOURCE) and line.endswith(".crt"))
    files = [path for path in packaged if path.exists()]
    if missing := len(packaged) - len(files):
        print(
            f"build-image: {missing} of {len(packaged)} certificates of {PACKAGE} are not on this machine, and so not in"
            " the image", file=sys.stderr, flush=True)
    if not files:
        raise Refused(f"the package {PACKAGE} has no certificates: install it anew")
    [component] = executables.packages(files[:1])
    return Authorities(b"".join(certificate(file) for file in files), component)


def certificate(file):
    """The one certificate in a file."""
    try:
        data = file.read_bytes().strip()
    except OSError as error:
        raise Refused(f"cannot read {file} ({error.strerror}): install the package {PACKAGE} anew") from error
    if not data.startswith(b"-----BEGIN CERTIFICATE-----") or data.count(b"-----BEGIN") != 1:
        raise Refused(f"{file} is not one certificate: install the package {PACKAGE} anew")
    return data + b"\n"
