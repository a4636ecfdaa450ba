"""The list of what an image is made of, as SPDX 2.3 in JSON (https://spdx.github.io/spdx-spec/v2.3)."""

import hashlib
import json
import re
from datetime import datetime, timezone

NOTHING_SAID = {"licenseConcluded": "NOASSERTION", "copyrightText": "NOASSERTION"}


def document(image, version, executables, files, epoch, sources):
    """The octets of an image's document.

    FILES are paths and octets, by path, of all that the image holds but this document; EPOCH is the time, in seconds;
    SOURCES are the components that files other than executables are made of, by path.
    """
    package = f"SPDXRef-Package-{image}"
    content = hashlib.sha256(b"".join(data for _, data in files)).hexdigest()
    linked_in = dict.fromkeys(component for executable in executables for component in executable.components)
    relationships = [relationship("SPDXRef-DOCUMENT", "DESCRIBES", package)]
    relationships += [relationship(package, "CONTAINS", file_identity(path)) for path, _ in files]
    relationships += [
        relationship(file_identity(executable.name), "STATIC_LINK", identity(component))
        for executable in executables
        for component in executable.components
    ]
    relationships += [
        relationship(file_identity(path), "GENERATED_FROM", identity(component)) for path, component in sources.items()
    ]
    packages = [linked(component, "LIBRARY") for component in linked_in]
    packages += [linked(component, "FILE") for component in sources.values()]
    made = datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{image}-{version}",
        "documentNamespace": f"https://ganglion.dev/spdx/{image}-{version}-{content}",
        "creationInfo": {"created": made, "creators": ["Tool: ganglion-build-image"]},
        "packages": [
            described(package, image, version, files), *sorted(packages, key=lambda entry: entry["SPDXID"])],
        "files": [listed(path, data) for path, data in files],
        "relationships": relationships,
    }
    return json.dumps(text, indent=2, sort_keys=True).encode() + b"\n"


def described(identifier, image, version, files):
    """The image's own entry."""
    # §7.9: the SHA-1 of the files' SHA-1s in ascending order, but for the document itself.
    hashes = sorted(hashlib.sha1(data).hexdigest() for _, data in files)
    return NOTHING_SAID | {
        "SPDXID": identifier,
        "name": image,
        "versionInfo": version,
        "primaryPackagePurpose": "CONTAINER",
        "downloadLocation": "NOASSERTION",
        "licenseDeclared": "Apache-2.0",
        "filesAnalyzed": True,
        "packageVerificationCode": {
            "packageVerificationCodeValue": hashlib.sha1("".join(hashes).encode()).hexdigest(),
            "packageVerificationCodeExcludedFiles": [f"./{image}.spdx.json"],
        },
    }


def linked(component, purpose):
    """The entry of something that was linked or taken in."""
    return NOTHING_SAID | {
        "SPDXID": identity(component),
        "name": component.name,
        "versionInfo": component.version,
        "supplier": component.supplier,
        "primaryPackagePurpose": purpose,
        "downloadLocation": "NOASSERTION",
        "licenseDeclared": component.license,
        "filesAnalyzed": False,
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": component.purl,
            }
        ],
    }


def listed(path, data):
    """A file's entry."""
    return NOTHING_SAID | {
        "SPDXID": file_identity(path),
        "fileName": f"./{path}",
        "fileTypes": ["BINARY" if data.startswith(b"\x7fELF") else "TEXT"],
        "checksums": [
            {"algorithm": name.upper(), "checksumValue": hashlib.new(name, data).hexdigest()}
            for name in ("sha1", "sha256")
        ],
    }


def identity(component):
    """A component's name in the document."""
    return f"SPDXRef-Package-{component.name}"


def file_identity(path):
    """A file's name in the document: letters, digits, points and hyphens (§3.2)."""
    return "SPDXRef-File-" + re.sub(r"[^A-Za-z0-9.-]", "-", path)


def relationship(subject, kind, other):
    """An arrow from SUBJECT to OTHER."""
    return {"spdxElementId": subject, "relationshipType": kind, "relatedSpdxElement": other}
