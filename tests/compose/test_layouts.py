"""What Compose says of the layouts is what their containers get."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compose.docker_host import DockerHost
from tests.compose.layouts import LAYOUTS, Layout, ask


def test_there_are_many_layouts_and_each_has_a_name_of_its_own() -> None:
    assert len({layout.name for layout in LAYOUTS}) == len(LAYOUTS) >= 40


@pytest.mark.parametrize(
    "layout", [each for each in LAYOUTS if each.set == "refuses"], ids=lambda layout: layout.name
)
def test_compose_refuses_what_is_said_to_be_refused(
    docker_host: DockerHost, tmp_path: Path, layout: Layout
) -> None:
    assert ask(docker_host, layout, layout.write(tmp_path / "project")).refusal


@pytest.mark.parametrize(
    "layout", [each for each in LAYOUTS if each.started], ids=lambda layout: layout.name
)
def test_containers_get_what_it_says(
    docker_host: DockerHost, tmp_path: Path, layout: Layout
) -> None:
    directory = layout.write(tmp_path / "project")
    truth = ask(docker_host, layout, directory)
    docker_host.up(directory, layout.environ)
    try:
        container = docker_host.inspect(directory, layout.service)["Config"]
        variables = set(container["Env"] or ())
        assert variables == {f"{name}={value}" for name, value in truth.environment.items()}
        assert container["Hostname"] == truth.hostname or len(container["Hostname"]) == 12
        assert docker_host.read(directory, layout.service) == truth.answer
    finally:
        docker_host.down(directory)
