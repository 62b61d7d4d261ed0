"""smtp-wizard.cdx.json: what a release consists of, as a bill of materials in CycloneDX 1.6.

A component is a pinned dependency. Its licence and authors are those that its wheel declares, and
who needs whom is what the resolver has written into the pins.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.message import Message
from email.parser import HeaderParser
from email.utils import getaddresses
from pathlib import Path
from typing import Any

from pins import Pin

Json = dict[str, Any]
_LICENCE_CLASSIFIERS = {"License :: OSI Approved :: MIT License": "MIT"}
"""For packages that declare their licence in no other way; whatever is not here is refused."""
_LINKS = {
    "Repository": "vcs",
    "Issues": "issue-tracker",
    "Documentation": "documentation",
    "Changelog": "release-notes",
}


def make(
    released: Sequence[Path], wheels: Mapping[str, Path], pins: Sequence[Pin],
    left_out: Mapping[str, str], out: Path, epoch: int,
) -> None:  # fmt: skip
    """Write the bill of materials of ``released``, the first of which is the wheel.

    ``wheels`` maps each pinned package to its wheel, and ``left_out`` what the single file does
    without to the reason.
    """
    own = metadata(released[0])
    required = _required(own, pins)
    document: Json = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": _about(own, released, epoch),
        "components": [
            _component(pin, wheels[pin.name], _scope(pin, required), left_out.get(pin.name))
            for pin in pins
        ],
        "dependencies": _dependencies(own, pins),
    }
    refs = [each["ref"] for each in document["dependencies"]]
    document["compositions"] = [{"aggregate": "complete", "dependencies": refs}]
    document["serialNumber"] = serial_number(document)
    out.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def serial_number(document: Json) -> str:
    """Return a number that is the same for the same contents, and another one for any other."""
    contents = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return uuid.uuid5(uuid.NAMESPACE_URL, contents).urn


def metadata(wheel: Path) -> Message:
    """Return what a wheel says about itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist()
                   if re.fullmatch(r"[^/]+\.dist-info/METADATA", each))  # fmt: skip
        return HeaderParser().parsestr(archive.read(name).decode())


def normal(name: str) -> str:
    """Return the one spelling of a package's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _about(own: Message, released: Iterable[Path], epoch: int) -> Json:
    links = dict(each.split(", ", 1) for each in own.get_all("Project-URL", []))
    maintainers = {"name": own["Author"], "url": [links["Repository"]]}
    files = [
        {"type": "distribution", "url": path.name, "hashes": [_hash(path)]} for path in released
    ]
    return {
        "timestamp": f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "lifecycles": [{"phase": "build"}],
        "tools": {
            "components": [
                {"type": "application", "name": "packaging/build.py", "version": own["Version"]}
            ]
        },
        "manufacturer": maintainers,
        "supplier": maintainers,
        "component": {
            "type": "application",
            "bom-ref": _purl(own["Name"], own["Version"]),
            **_described(own),
            "externalReferences": [
                *({"type": kind, "url": links[label]} for label, kind in _LINKS.items()),
                *files,
            ],
        },
    }


def _component(pin: Pin, wheel: Path, scope: str, left_out: str | None) -> Json:
    # A wheel with machine code is one of many: which one depends on the machine that builds.
    one_for_all = wheel.name.endswith("-none-any.whl")
    properties = {
        "smtp-wizard:single-file": f"left out: {left_out}" if left_out else "carried",
        "smtp-wizard:condition": pin.condition,
    }
    return {
        "type": "library",
        "bom-ref": _purl(pin.name, pin.version),
        **_described(metadata(wheel)),
        "scope": scope,
        **({"hashes": [_hash(wheel)]} if one_for_all else {}),
        "externalReferences": [
            {
                "type": "distribution",
                "url": f"https://pypi.org/project/{pin.name}/{pin.version}/#files",
                "comment": "one of the files with these hashes",
                "hashes": [{"alg": "SHA-256", "content": each} for each in pin.hashes],
            }
        ],
        "properties": [{"name": k, "value": v} for k, v in properties.items() if v],
    }


def _described(about: Message) -> Json:
    name, licence = about["Name"], _licence(about)
    return {
        **({"authors": authors} if (authors := _authors(about)) else {}),
        "name": normal(name),
        "version": about["Version"],
        "description": about["Summary"],
        "licenses": [
            {"expression": licence, "acknowledgement": "declared"}
            if " " in licence
            else {"license": {"id": licence, "acknowledgement": "declared"}}
        ],
        "purl": _purl(name, about["Version"]),
    }


def _licence(about: Message) -> str:
    """Return an SPDX expression."""
    declared = [about["License-Expression"], about["License"]]
    declared += map(_LICENCE_CLASSIFIERS.get, about.get_all("Classifier", []))
    for each in declared:
        if each:
            return str(each)
    raise SystemExit(f"{about['Name']} declares no licence that sbom.py knows.")


def _authors(about: Message) -> list[Json]:
    """Return the names of people and groups, or their address where they have no name."""
    for kind in ("Author", "Maintainer"):
        if names := about[kind]:
            return [{"name": str(names)}]
        if pairs := getaddresses(about.get_all(f"{kind}-email", [])):
            return [{"name": name} if name else {"email": address} for name, address in pairs]
    return []


def _required(own: Message, pins: Sequence[Pin]) -> set[str]:
    """Return what is needed without any extra."""
    direct = [text for text in own.get_all("Requires-Dist", []) if "extra ==" not in text]
    found = {normal(re.split(r"[^\w.-]", text, maxsplit=1)[0]) for text in direct}
    while more := {pin.name for pin in pins if found & {*pin.needed_by}} - found:
        found |= more
    return found


def _scope(pin: Pin, required: set[str]) -> str:
    if "'win32'" in pin.condition:
        return "excluded"
    return "required" if pin.name in required else "optional"


def _dependencies(own: Message, pins: Iterable[Pin]) -> list[Json]:
    """Return who needs whom directly."""
    refs = {normal(own["Name"]): _purl(own["Name"], own["Version"])}
    refs |= {pin.name: _purl(pin.name, pin.version) for pin in pins}
    found: dict[str, list[str]] = {name: [] for name in refs}
    for pin in pins:
        for name in pin.needed_by:
            found[name].append(refs[pin.name])
    return [
        {"ref": refs[name], **({"dependsOn": needed} if needed else {})}
        for name, needed in found.items()
    ]


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{normal(name)}@{version}"


def _hash(path: Path) -> Json:
    return {"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}
