"""Reads an image layout, or an archive of one, as strictly as the specification is written, and prints what is in it.

usage: image_reader.py LAYOUT_OR_ARCHIVE

It shares no code with scripts/build-image. Every blob must have the digest of its name, every descriptor must resolve,
nothing may be there that nothing points to, and Docker's manifest.json must name the same blobs.
"""

import gzip
import hashlib
import io
import json
import stat
import sys
import tarfile
from datetime import datetime, timezone
from pathlib import Path


def files(path):
    """Octets by path, of a directory or a tar file."""
    if path.is_dir():
        return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        names = [member.name for member in members]
        assert names == sorted(set(names)), f"the archive's entries are not sorted and unique: {names}"
        return {member.name: archive.extractfile(member).read() for member in members if member.isfile()}


def blob(content, descriptor, used):
    algorithm, _, name = descriptor["digest"].partition(":")
    path = f"blobs/{algorithm}/{name}"
    data = content[path]
    assert algorithm == "sha256" and hashlib.sha256(data).hexdigest() == name, f"{path} has another digest"
    assert len(data) == descriptor["size"], f"{path} has {len(data)} octets, not {descriptor['size']}"
    used.add(path)
    return data


def entries(tar, time):
    listed = []
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        for member in archive:
            kind = "directory" if member.isdir() else "link" if member.issym() else "file"
            assert member.isdir() or member.issym() or member.isreg(), f"{member.name} is of another kind"
            assert not member.name.startswith(("/", "./", "../")), f"{member.name} is not relative"
            assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", ""), f"{member.name}'s owner"
            assert member.issym() or not member.mode & (stat.S_IWOTH | stat.S_IWGRP), f"{member.name} is writable"
            listed.append(
                {
                    "path": member.name,
                    "kind": kind,
                    "mode": f"{member.mode:o}",
                    "size": member.size,
                    "link": member.linkname,
                }
            )
            assert member.mtime == time, f"{member.name} is of another time than the image"
    names = [entry["path"] for entry in listed]
    assert names == sorted(set(names)), f"a layer's entries are not sorted and unique: {names}"
    return listed


def main():
    content = files(Path(sys.argv[1]))
    used = {"oci-layout", "index.json", "manifest.json"}
    assert json.loads(content["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads(content["index.json"])
    assert (index["schemaVersion"], index["mediaType"]) == (2, "application/vnd.oci.image.index.v1+json")
    [pointer] = index["manifests"]
    assert pointer["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    manifest = json.loads(blob(content, pointer, used))
    assert (manifest["schemaVersion"], manifest["mediaType"]) == (2, pointer["mediaType"])
    assert manifest["config"]["mediaType"] == "application/vnd.oci.image.config.v1+json"
    config = json.loads(blob(content, manifest["config"], used))
    assert pointer["platform"] == {"os": config["os"], "architecture": config["architecture"]}
    created = datetime.strptime(config["created"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    layers, differences = [], []
    for descriptor in manifest["layers"]:
        assert descriptor["mediaType"] == "application/vnd.oci.image.layer.v1.tar+gzip"
        packed = blob(content, descriptor, used)
        assert packed[3:8] == bytes(5), "a layer's gzip header has a name or a time"
        tar = gzip.decompress(packed)
        differences.append("sha256:" + hashlib.sha256(tar).hexdigest())
        layers.append(entries(tar, created.timestamp()))
    assert config["rootfs"] == {"type": "layers", "diff_ids": differences}
    assert len(config["history"]) == len(layers)
    assert manifest["annotations"] == config["config"]["Labels"]
    [docker] = json.loads(content["manifest.json"])
    pointed = [f"blobs/{item['digest'].replace(':', '/')}" for item in [manifest["config"], *manifest["layers"]]]
    assert [docker["Config"], *docker["Layers"]] == pointed, "manifest.json names other blobs"
    assert used == set(content), f"nothing points to {sorted(set(content) - used)}"
    result = {
        "digest": pointer["digest"],
        "annotations": pointer["annotations"],
        "tags": docker["RepoTags"],
        "config": config,
        "layers": layers,
        "layerDigests": [layer["digest"] for layer in manifest["layers"]],
    }
    print(json.dumps(result))


main()
