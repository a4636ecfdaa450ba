"""What an executable is, and what was linked into it, as the linker and the system's packages say."""

import json
import re
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

MACHINES = {62: "amd64", 183: "arm64"}
INTERPRETER = 3

# What Debian's packages do not say in a form for machines; anything else has its text only.
LICENSES = {
    "ca-certificates": "MPL-2.0",
    "gcc": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "glibc": "LGPL-2.1-or-later",
    "libyaml": "MIT",
    "openssl": "Apache-2.0",
    "zlib": "Zlib",
}


class Refused(Exception):
    """Something to say to the user, in one sentence."""


@dataclass(frozen=True)
class Component:
    """Somebody else's code in an executable."""

    name: str
    version: str
    license: str
    supplier: str
    # Package URL, by which scanners know what has faults.
    purl: str
    # Its licence's text on this machine; of several packages from one source any will do.
    notice: Path = field(compare=False)


@dataclass(frozen=True)
class Executable:
    """A static executable: its octets, the architecture as images call it, and what it was linked from."""

    name: str
    data: bytes
    architecture: str
    components: tuple[Component, ...]


def read(directory, name):
    """Reads NAME and the linker's NAME.linked from a directory."""
    try:
        data = (directory / name).read_bytes()
        report = (directory / f"{name}.linked").read_text()
    except OSError as error:
        raise Refused(f"cannot read {error.filename} ({error.strerror}): build the executables first") from error
    return Executable(name, data, architecture(directory / name, data), owners(archives(report)))


def architecture(path, data):
    """The architecture of a static executable for Linux; anything else would not run in an empty image."""
    if data[:6] != b"\x7fELF\x02\x01" or len(data) < 64:
        raise Refused(f"{path} is no 64-bit executable of Linux: give the directory of what scripts/build-static made")
    machine = struct.unpack_from("<H", data, 18)[0]
    if machine not in MACHINES:
        raise Refused(f"{path} is for ELF machine {machine}: build it for x86-64 or for ARM64")
    start = struct.unpack_from("<Q", data, 32)[0]
    size, count = struct.unpack_from("<HH", data, 54)
    if len(data) < start + size * count:
        raise Refused(f"{path} ends before its program headers do: build it again")
    if any(struct.unpack_from("<I", data, start + size * index)[0] == INTERPRETER for index in range(count)):
        raise Refused(f"{path} needs shared libraries, and the image has none: build it with scripts/build-static")
    return MACHINES[machine]


def archives(report):
    """The static libraries of which the linker took something, from what lld's --why-extract wrote."""
    members = [line.split("\t")[1] for line in report.splitlines()[1:] if line.count("\t") >= 2]
    return sorted({Path(re.sub(r"\([^()]*\)$", "", member)).resolve() for member in members})


def owners(libraries):
    """What static libraries belong to, by name: the Swift toolchain, and packages of Debian."""
    toolchains = {path.parents[2].parent for path in libraries if path.parts[-3:-2] == ("swift_static",)}
    others = [path for path in libraries if path.parts[-3:-2] != ("swift_static",)]
    # Several packages are made from one source; a dictionary keeps the first, and the same each time.
    found = dict.fromkeys([toolchain(root) for root in sorted(toolchains)] + (packages(others) if others else []))
    return tuple(sorted(found, key=lambda component: component.name))


def packages(libraries):
    """The sources of the packages of Debian that have the libraries."""
    owned = output("dpkg-query", "--search", *libraries).splitlines()
    names = sorted({line.split(": ")[0] for line in owned})
    fields = "${Package}\t${source:Package}\t${source:Version}\n"
    shown = output("dpkg-query", "--show", f"--showformat={fields}", *names).splitlines()
    return [
        Component(
            name=source,
            version=version,
            license=LICENSES.get(re.sub(r"-\d+$", "", source), "NOASSERTION"),
            supplier="Organization: Debian",
            purl=f"pkg:deb/debian/{source}@{version}?arch=source&distro=debian-{debian()}",
            notice=Path("/usr/share/doc") / package / "copyright",
        )
        for package, source, version in (line.split("\t") for line in shown)
    ]


def toolchain(root):
    """The Swift runtime, its standard library, Dispatch and Foundation's essentials, of the toolchain at ROOT."""
    information = json.loads(output(root / "bin" / "swift", "-print-target-info"))
    version = re.search(r"Swift version (\S+)", information["compilerVersion"])[1]
    return Component(
        name="swift",
        version=version,
        license="Apache-2.0 WITH Swift-exception",
        supplier="Organization: Swift.org",
        purl=f"pkg:github/swiftlang/swift@swift-{version}-RELEASE",
        notice=root / "share" / "swift" / "LICENSE.txt",
    )


def debian():
    """The release of Debian, or what stands in its place."""
    release = Path("/etc/os-release").read_text()
    found = re.search(r'^VERSION_ID="?([^"\n]+)', release, re.MULTILINE)
    return found[1] if found else "unknown"


def output(*command):
    """What a command prints."""
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    except OSError as error:
        raise Refused(f"cannot run {command[0]} ({error.strerror}): the list of what was linked needs it") from error
    except subprocess.CalledProcessError as error:
        raise Refused(f"{' '.join(map(str, command))} failed: {error.stderr.strip()}") from error
    return done.stdout
