"""What is in the images.

`ganglion` has everything: the programs of a cluster are links to one executable, whose name says which it is. The
device plugin is an executable of its own, and an image of its own for those who want nothing else on a node; its layer
is the lower one of `ganglion` as well. It speaks to the kubelet alone and has no certificate authorities; `ganglion` has
them, for models from https, s3 and registries.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from image import authorities, executables, sbom
from image.executables import Refused
from image.oci import Entry

ROOT = Path(__file__).resolve().parents[2]
WHOLE, PLUGIN = "ganglion", "ganglion-device-plugin"
LINKS = ("ganglion-model-server", "ganglion-node-agent", "ganglion-operator")
DESCRIPTIONS = {
    WHOLE: "AWS NeuronCores on Kubernetes: device plugin, node agent, operator, model server and command line",
    PLUGIN: "AWS NeuronCores on Kubernetes: the device plugin alone",
}
# What the files of an image may come to, in octets; a node pulls and keeps them.
LIMITS = {WHOLE: 45_000_000, PLUGIN: 12_000_000}


@dataclass(frozen=True)
class Image:
    """An image before it is packed: its layers of entries, the lowest first, and its list of contents."""

    name: str
    architecture: str
    layers: list[list[Entry]]
    document: bytes

    @property
    def entries(self):
        """All files and links, by path."""
        return sorted((entry for layer in self.layers for entry in layer), key=lambda entry: entry.path)

    @property
    def size(self):
        """Octets of all files."""
        return sum(len(entry.data) for entry in self.entries)


def images(directory, version, epoch):
    """Both images of the executables in a directory."""
    plugin, whole = (executables.read(directory, name) for name in (PLUGIN, WHOLE))
    if plugin.architecture != whole.architecture:
        raise Refused(f"{PLUGIN} is for {plugin.architecture}, {WHOLE} for {whole.architecture}: build them together")
    trusted = authorities.read()
    lower = layer(PLUGIN, version, [plugin], [], epoch)
    upper = layer(WHOLE, version, [plugin, whole], lower, epoch, {authorities.PATH: trusted})
    links = [Entry(name, mode=0o777, link=WHOLE) for name in LINKS]
    made = [
        Image(PLUGIN, plugin.architecture, [lower], lower[-1].data),
        Image(WHOLE, plugin.architecture, [lower, upper[:-1] + links + upper[-1:]], upper[-1].data),
    ]
    for image in made:
        if image.size > LIMITS[image.name]:
            raise Refused(f"{image.name} has {image.size} octets, more than {LIMITS[image.name]}: see what it links")
    return made


def layer(image, version, programs, below, epoch, more=None):
    """What IMAGE has of PROGRAMS that is not in the layer below, with the list of all of it at the end.

    MORE are files by their paths, made of packages, with `data` and `component`.
    """
    more = more or {}
    entries = [Entry(program.name, program.data, 0o755) for program in programs]
    entries += [Entry(path, file.data) for path, file in more.items()]
    notices = {"ganglion": ROOT / "LICENSE"}
    parts = [part for program in programs for part in program.components] + [file.component for file in more.values()]
    notices |= {part.name: part.notice for part in parts}
    try:
        entries += [Entry(f"licenses/{name}.txt", notices[name].read_bytes()) for name in sorted(notices)]
    except OSError as error:
        raise Refused(f"cannot read the licence {error.filename} ({error.strerror}): the image must have it") from error
    known = {entry.path for entry in below}
    added = [entry for entry in entries if entry.path not in known]
    files = sorted((entry.path, entry.data) for entry in below + added)
    sources = {path: file.component for path, file in more.items()}
    return [*added, Entry(f"{image}.spdx.json", sbom.document(image, version, programs, files, epoch, sources))]


def version():
    """The version of all executables."""
    source = ROOT / "Sources" / "Ground" / "Arguments" / "Command.swift"
    found = re.search(r'static let version = "([^"]+)"', source.read_text())
    if not found:
        raise Refused(f"cannot find the version in {source}: has Product.version moved?")
    return found[1]


def labels(image, number):
    """What an image says about itself; without a repository it does not say from which commit."""
    said = {
        "org.opencontainers.image.title": image,
        "org.opencontainers.image.description": DESCRIPTIONS[image],
        "org.opencontainers.image.version": number,
        "org.opencontainers.image.licenses": "Apache-2.0",
    }
    if commit := git("rev-parse", "HEAD"):
        changed = "-dirty" if git("status", "--porcelain") else ""
        said["org.opencontainers.image.revision"] = commit + changed
    return said


def epoch(environment):
    """The time of everything in the image: SOURCE_DATE_EPOCH, else the commit's, in seconds since 1970."""
    text = environment.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct") or "0"
    # A tar file of the kind that every engine reads has 33 bits for it.
    if not re.fullmatch(r"\d{1,10}", text) or int(text) >= 1 << 33:
        raise Refused(f'SOURCE_DATE_EPOCH is "{text}": give seconds since 1970')
    return int(text)


def git(*arguments):
    """What git says about the sources, or nothing where there is no repository."""
    try:
        done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
