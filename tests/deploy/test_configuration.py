"""What the settings say, without starting anything."""

import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from course_utils import ROOT

DEPLOY = ROOT / "deploy"
VALUES = yaml.safe_load((DEPLOY / "kubernetes/values.yaml").read_text())


def locked(path):
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ \\]+)", path.read_text(), re.MULTILINE))


@pytest.fixture
def settings(monkeypatch, tmp_path):
    """The hub's settings, as JupyterHub reads them."""
    pytest.importorskip("jupyterhub")
    from traitlets.config import PyFileConfigLoader

    monkeypatch.setenv("COURSE_HUB_STATE", str(tmp_path / "state"))
    before = os.umask(0o022)
    yield PyFileConfigLoader(str(DEPLOY / "jupyterhub_config.py")).load_config()
    os.umask(before)


def test_hub_and_proxy_listen_on_loopback_only(settings):
    addresses = [settings.JupyterHub.bind_url, settings.JupyterHub.hub_bind_url]
    addresses.append(settings.ConfigurableHTTPProxy.api_url)
    assert [address.rsplit(":", 1)[0] for address in addresses] == ["http://127.0.0.1"] * 3


def test_only_accounts_in_the_two_groups_enter(settings):
    assert settings.JupyterHub.authenticator_class == "pam"
    assert settings.PAMAuthenticator.allowed_groups == {"course-learners", "course-teachers"}
    assert "allow_all" not in settings.Authenticator
    assert "allow_all" not in settings.PAMAuthenticator


def test_every_server_has_limits_and_an_end(settings):
    assert settings.Spawner.mem_limit == "4G"
    assert settings.Spawner.cpu_limit == 2
    assert settings.JupyterHub.active_server_limit >= 1
    assert "--timeout=7200" in settings.JupyterHub.services[0]["command"]


def test_the_state_is_for_its_owner_alone(settings, tmp_path):
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("lock", ["requirements.lock", "kubernetes/requirements.lock"])
def test_the_locks_name_the_same_versions(lock):
    ours, course = locked(DEPLOY / lock), locked(ROOT / "requirements.lock")
    assert "jupyterhub" in ours
    different = {name for name in ours.keys() & course.keys() if ours[name] != course[name]}
    assert different == set()


def test_the_proxy_is_pinned_with_hashes():
    packages = yaml.safe_load((DEPLOY / "package-lock.json").read_text())["packages"]
    fetched = {name: entry for name, entry in packages.items() if name}
    assert "node_modules/configurable-http-proxy" in fetched
    assert all(entry["integrity"].startswith("sha512-") for entry in fetched.values())


def test_the_image_on_kubernetes_is_the_version_of_the_course():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert VALUES["singleuser"]["image"]["tag"] == project["version"]


def test_memory_on_kubernetes_holds_the_hungriest_lesson():
    heads = [path.read_text() for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    needed = [float(re.search(r"\*\*Memory\*\* ([\d.]+) GB", head)[1]) for head in heads]
    memory = VALUES["singleuser"]["memory"]
    guarantee, limit = (float(memory[name].rstrip("G")) for name in ("guarantee", "limit"))
    assert len(needed) == 14
    assert guarantee >= max(needed)
    assert limit > guarantee


def test_the_image_copies_what_is_there():
    text = (DEPLOY / "kubernetes/Dockerfile").read_text()
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source


def test_kubernetes_needs_an_account_of_the_institution():
    config = VALUES["hub"]["config"]
    assert config["JupyterHub"]["authenticator_class"] == "generic-oauth"
    assert config["GenericOAuthenticator"]["allowed_groups"]
    assert "client_secret" not in config["GenericOAuthenticator"]


def test_the_sizing_page_shows_what_its_program_computes():
    command = [sys.executable, DEPLOY / "kubernetes/sizing.py"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed in (DEPLOY / "kubernetes/README.md").read_text()
