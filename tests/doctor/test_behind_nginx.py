"""Faults in real apps behind a real nginx with TLS, with a real QStash ahead: each is named first, with its remedy."""

import shutil
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from tests.doctor.faults import FAULTS, PASS
from tests.doctor.later import LATER
from tests.doctor.rig import Home, make_certificate
from tests.doctor.shops import FRAMEWORKS
from tests.programs import skip_without

pytestmark = [pytest.mark.system, skip_without("" if shutil.which("nginx") else "nginx is not installed")]

ALL = (*FRAMEWORKS, "aiohttp")
PLANTED = FAULTS | LATER


def on(framework: str, *values: str) -> Any:
    """A case whose name begins with the framework's."""
    return pytest.param(framework, *values, id=": ".join((framework, *values)))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Generator[Callable[[str], Home]]:
    certificate = tmp_path_factory.mktemp("certificate")
    make_certificate(certificate)
    homes: dict[str, Home] = {}

    def of(framework: str) -> Home:
        if framework not in homes:
            homes[framework] = Home(framework, tmp_path_factory.mktemp(framework), certificate)
        return homes[framework]

    yield of
    for one in homes.values():
        one.close()


@pytest.mark.parametrize("framework", [on(framework) for framework in ALL])
def test_nothing_is_found_in_a_healthy_app(home: Callable[[str], Home], tmp_path: Path, framework: str) -> None:
    with home(framework).rig(tmp_path, PASS, own_qstash=True) as rig:
        rig.publish("/hooks/ship", status=200)
        told = rig.doctor("--probe", "--fail-on", "info")
    assert (told["findings"], told["exit_code"]) == ([], 0)
    assert set(told["stages"].values()) == {"done"}


@pytest.mark.parametrize(
    ("framework", "name"), [on(framework, name) for name, fault in PLANTED.items() for framework in fault.frameworks]
)
def test_a_fault_is_named_first(home: Callable[[str], Home], tmp_path: Path, framework: str, name: str) -> None:
    fault = PLANTED[name]
    with home(framework).rig(
        tmp_path,
        fault.nginx,
        change=fault.change.get(framework),
        app=fault.app,
        second=fault.second,
        own_qstash=fault.before is not None or bool(fault.arguments),
        path=fault.path,
        starts=fault.starts,
    ) as rig:
        if fault.before:
            fault.before(rig)
        changed = {setting: value.format(app=rig.app, port=rig.port) for setting, value in fault.doctor.items()}
        told = rig.doctor("--fail-on", "info", *fault.arguments, **changed)
    if not fault.finding:
        assert told["findings"] == []
        return
    first = told["findings"][0]
    assert (first["id"], told["exit_code"]) == (fault.finding, 1), told["findings"]
    assert fault.remedy.replace("{base}", rig.base) in first["remedy"]
