"""The bill of materials is valid, and says of every component what is true."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pins
import pytest
import sbom
import yaml
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.licenses import canonicalize_license_expression
from packaging.requirements import Requirement

from tests.packaging.conftest import EPOCH, PACKAGING, ROOT

PINS = {pin.name: pin for pin in pins.read(PACKAGING / "constraints.txt")}
OWN = "pkg:pypi/smtp-wizard@"


@pytest.fixture(scope="module")
def text(built: Path) -> str:
    return (built / "smtp-wizard.cdx.json").read_text("utf-8")


@pytest.fixture(scope="module")
def document(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def components(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in document["components"]}


def sha256(component: dict[str, Any]) -> list[str]:
    return [each["content"] for each in component.get("hashes", [])]


def test_it_is_what_the_official_schema_asks_for(text: str, document: dict[str, Any]) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    wrong = json.dumps(document | {"vendor": "unknown to the schema"})
    assert validator.validate_str(wrong) is not None


def test_the_library_of_cyclonedx_reads_all_of_it(document: dict[str, Any]) -> None:
    bom: Bom = Bom.from_json(document)  # type: ignore[attr-defined]
    assert bom.validate()  # which follows every reference
    assert len(bom.components) == len(PINS)
    assert len(bom.dependencies) == len(PINS) + 1


def test_its_time_is_that_of_the_sources(document: dict[str, Any]) -> None:
    made = datetime.fromisoformat(document["metadata"]["timestamp"])
    assert made == datetime.fromtimestamp(EPOCH, UTC)


def test_its_number_belongs_to_its_contents(document: dict[str, Any]) -> None:
    number, rest = document["serialNumber"], dict(document)
    del rest["serialNumber"]
    assert sbom.serial_number(rest) == number
    rest["version"] += 1
    assert sbom.serial_number(rest) != number


def test_it_is_about_the_files_beside_it(document: dict[str, Any], built: Path) -> None:
    about = document["metadata"]["component"]
    (wheel,) = built.glob("*.whl")
    assert (about["name"], about["version"]) == ("smtp-wizard", wheel.name.split("-")[1])
    files = {
        each["url"]: sha256(each)
        for each in about["externalReferences"]
        if each["type"] == "distribution"
    }
    assert {Path(name).suffix for name in files} - {".deb"} == {".whl", ".gz", ".pyz"}
    assert any(name.endswith(".deb") for name in files) == bool(shutil.which("dpkg-deb"))
    for name, hashes in files.items():
        assert hashes == [hashlib.sha256((built / name).read_bytes()).hexdigest()]


def test_the_release_attests_it_for_the_same_files(document: dict[str, Any], built: Path) -> None:
    release = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))
    (attested,) = (
        step["with"]["subject-path"].split()
        for step in release["jobs"]["attest"]["steps"]
        if "sbom-path" in step.get("with", {})
    )
    references = document["metadata"]["component"]["externalReferences"]
    assert {path.name for each in attested for path in built.glob(each.removeprefix("dist/"))} == {
        each["url"] for each in references if each["type"] == "distribution"
    }


def test_components_are_the_pins_with_their_hashes(components: dict[str, dict[str, Any]]) -> None:
    assert components.keys() == PINS.keys()
    assert len(components) > 30
    for name, each in components.items():
        pin = PINS[name]
        assert PackageURL.from_string(each["purl"]) == PackageURL(
            "pypi", None, name, each["version"]
        )
        assert each["version"] == pin.version
        (files,) = each["externalReferences"]
        assert sha256(files) == pin.hashes
        assert set(sha256(each)) <= set(pin.hashes)
    # The others are machine code, of which every machine takes another file.
    assert {name for name, each in components.items() if not sha256(each)} == {
        "cffi", "cryptography", "pyyaml",
    }  # fmt: skip


def test_what_the_single_file_carries_is_told(
    components: dict[str, dict[str, Any]], built: Path
) -> None:
    with zipfile.ZipFile(built / "smtp-wizard.pyz") as archive:
        names = {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name}
    told = {
        name for name, each in components.items()
        for each in each["properties"]
        if each == {"name": "smtp-wizard:single-file", "value": "carried"}
    }  # fmt: skip
    assert told == {sbom.normal(name.partition("-")[0]) for name in names} - {"smtp-wizard"}


def test_every_licence_is_one_that_spdx_knows(components: dict[str, dict[str, Any]]) -> None:
    for each in components.values():
        (licence,) = each["licenses"]
        expression = licence.get("expression") or licence["license"]["id"]
        assert canonicalize_license_expression(expression) == expression
    assert components["shtab"]["licenses"][0]["license"]["id"] == "MPL-2.0"


def needed_here(name: str) -> set[str]:
    """Return what a package needs on this machine; of what is not installed, nothing is known."""
    try:
        requirements = map(Requirement, distribution(name).requires or [])
    except PackageNotFoundError:
        assert PINS[name].condition  # it is for other machines
        return set()
    return {
        sbom.normal(each.name)
        for each in requirements
        if each.marker is None or each.marker.evaluate({"extra": ""})
    }


def test_who_needs_whom_is_at_least_what_the_installed_packages_say(
    document: dict[str, Any],
) -> None:
    told = {
        PackageURL.from_string(each["ref"]).name: {
            PackageURL.from_string(ref).name for ref in each.get("dependsOn", [])
        }
        for each in document["dependencies"]
    }
    assert told.keys() == PINS.keys() | {"smtp-wizard"}
    found = {name: needed_here(name) for name in told}
    assert sum(map(len, found.values())) > 30
    assert {
        name: needed - told[name] for name, needed in found.items() if needed - told[name]
    } == {}


def test_what_only_the_demo_needs_is_optional(components: dict[str, dict[str, Any]]) -> None:
    optional = {name for name, each in components.items() if each["scope"] == "optional"}
    assert optional == {"aiosmtpd", "atpublic", "attrs", "trustme"}
    excluded = {name for name, each in components.items() if each["scope"] == "excluded"}
    assert excluded == {"pywin32-ctypes"}  # it does not run on Windows
