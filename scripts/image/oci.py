"""An image as octets: layers, configuration, manifest, index, and the archive that every engine reads.

A directory is an OCI image layout (https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md). The
archive is the same directory as a tar file. With Docker's manifest.json in it, which points to the same blobs, it is
what `docker save` writes since Docker 25, and older Dockers, containerd, podman, skopeo and kind read it as well.

The same content gives the same octets: entries are sorted, have one time and belong to uid 0.
"""

import gzip
import hashlib
import io
import json
import re
import tarfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import PurePosixPath

from image.executables import Refused

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Entry:
    """A file or, with `link`, a symbolic link of an image; the path has no slash before it."""

    path: str
    data: bytes = b""
    mode: int = 0o644
    link: str = ""


@dataclass(frozen=True)
class Settings:
    """What an image says about itself and how it starts."""

    reference: str
    architecture: str
    entrypoint: str
    labels: dict[str, str]
    # Seconds since 1970: the time of everything in the image.
    epoch: int


def digest(data):
    """The name of a blob."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def encoded(value):
    """JSON, the same for the same value."""
    return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"


def packed(entries, epoch):
    """A tar file of ENTRIES and of the directories above them."""
    parents = {str(parent) for entry in entries for parent in PurePosixPath(entry.path).parents} - {"."}
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for item in sorted([*entries, *(Entry(path, mode=0o755) for path in parents)], key=lambda item: item.path):
            info = tarfile.TarInfo(item.path)
            info.mtime, info.mode = epoch, 0o777 if item.link else item.mode
            if item.path in parents:
                info.type = tarfile.DIRTYPE
            elif item.link:
                info.type, info.linkname = tarfile.SYMTYPE, item.link
            info.size = len(item.data)
            archive.addfile(info, io.BytesIO(item.data))
    return output.getvalue()


def descriptor(media_type, data, **more):
    """How one blob points to another."""
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


def image(settings, layers):
    """The files of an image layout, by path. LAYERS are lists of entries, the lowest first."""
    tars = [packed(entries, settings.epoch) for entries in layers]
    # The level and the time are given, so that only another zlib gives other octets.
    blobs = [gzip.compress(tar, compresslevel=9, mtime=0) for tar in tars]
    created = datetime.fromtimestamp(settings.epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    config = encoded(
        {
            "architecture": settings.architecture,
            "os": "linux",
            "created": created,
            # uid 0, since old drivers make sysfs files that only root can read; the chart drops every capability.
            "config": {
                "User": "0:0",
                "WorkingDir": "/",
                "Entrypoint": [settings.entrypoint],
                "Labels": settings.labels,
            },
            "rootfs": {"type": "layers", "diff_ids": [digest(tar) for tar in tars]},
            "history": [{"created": created, "created_by": "scripts/build-image"} for _ in tars],
        }
    )
    manifest = encoded(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, config),
            "layers": [descriptor(LAYER, blob) for blob in blobs],
            "annotations": settings.labels,
        }
    )
    named = {
        # The first is what containerd, podman and kind take for the name, the second is the tag within a layout.
        "io.containerd.image.name": canonical(settings.reference),
        "org.opencontainers.image.ref.name": settings.reference.rpartition(":")[2],
    }
    platform = {"architecture": settings.architecture, "os": "linux"}
    pointer = descriptor(MANIFEST, manifest, platform=platform, annotations=named)
    blob_path = {data: "blobs/" + digest(data).replace(":", "/") for data in [config, manifest, *blobs]}
    return {path: data for data, path in blob_path.items()} | {
        "oci-layout": encoded({"imageLayoutVersion": "1.0.0"}),
        "index.json": encoded({"schemaVersion": 2, "mediaType": INDEX, "manifests": [pointer]}),
        "manifest.json": encoded(
            [
                {
                    "Config": blob_path[config],
                    "RepoTags": [settings.reference],
                    "Layers": [blob_path[blob] for blob in blobs],
                }
            ]
        ),
    }


def reference(text):
    """TEXT, if it names an image and a tag in the grammar that registries have."""
    word = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
    if not re.fullmatch(rf"(?:[a-z0-9.-]+(?::\d+)?/)?{word}(?:/{word})*:\w[\w.-]{{0,127}}", text, re.ASCII):
        raise Refused(f'"{text}" names no image: give a repository in small letters and a tag like 1.2.3')
    return text


def canonical(reference):
    """A reference with its registry: a name without one is of Docker Hub, as every engine has it."""
    first, slash, _ = reference.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return reference
    return "docker.io/" + (reference if slash else f"library/{reference}")
