"""Downloads against a local server that misbehaves in every way the real ones might."""

import contextlib
import errno
import hashlib
import http.server
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from course_utils import downloads
from course_utils.datasets import load, loading
from course_utils.downloads import DownloadError, _fetching, catalog, download, find
from tests.course_utils.test_real_sets import medmnist_file
from tests.tiny_data import tiny

OLD = b"an older file that must survive"


class Handler(http.server.BaseHTTPRequestHandler):
    """Serve the server's content, after any faults it still has to show."""

    def do_GET(self):
        """Answer one request."""
        server = self.server
        with server.lock:
            server.requests.append(self.path)
            fault = server.faults.pop(0) if server.faults else None
        if isinstance(fault, int):
            self.send_error(fault)
            return
        body = server.content.get(self.path.split("?")[0].lstrip("/"))
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        if fault != "cut short, length unknown":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault == "damaged":
            body = body[:-1] + b"?"
        self.wfile.write(body[: len(body) // 2] if "cut" in str(fault) else body)

    def log_message(self, *_):
        """Keep the test output quiet."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Run a server on loopback, and a registry that points to it."""
    body = medmnist_file(tmp_path / "made.npz", sizes=(40, 20, 20)).read_bytes()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.lock, server.requests, server.faults = threading.Lock(), [], []
        server.content = {"breastmnist.npz": body}
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        thread.start()
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
        monkeypatch.delenv("COURSE_MIRROR", raising=False)
        monkeypatch.setattr(_fetching, "PAUSE_SECONDS", 0)
        write_registry(tmp_path / "datasets.toml", server, body)
        monkeypatch.setattr(catalog, "REGISTRY_FILE", tmp_path / "datasets.toml")
        yield server
        server.shutdown()
        thread.join()


def write_registry(path, server, body):
    """Write the real registry with one file's address, size and checksum replaced."""
    text = catalog.REGISTRY_FILE.read_text(encoding="utf-8")
    url = "https://zenodo.org/records/10519652/files/breastmnist.npz"
    assert url in text
    text = text.replace(url, f"{server.url}/breastmnist.npz").replace("559580", str(len(body)))
    text = text.replace("750601b1f35ba3300ea97c75c52ff8f6", hashlib.md5(body).hexdigest())
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def old_file(server, tmp_path):
    """Put an older, damaged file where the download belongs."""
    path = tmp_path / "cache" / "breastmnist.npz"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def fails_and_leaves_the_old_file(old_file, message):
    """Download, expect a message, and find nothing changed and nothing left over."""
    with pytest.raises(DownloadError, match=message) as caught:
        download("breastmnist")
    assert old_file.read_bytes() == OLD
    assert [path.name for path in old_file.parent.iterdir()] == [old_file.name]
    return str(caught.value)


def test_success_replaces_the_damaged_file_and_is_readable_by_others(server, old_file, capsys):
    paths = download("breastmnist")
    assert paths == [old_file]
    assert old_file.read_bytes() == server.content["breastmnist.npz"]
    assert old_file.stat().st_mode & 0o444 == 0o444
    assert list(old_file.parent.iterdir()) == [old_file]
    output = capsys.readouterr()
    assert "license CC BY 4.0" in output.out
    assert "complete and verified" in output.out


def test_the_progress_bar_names_the_file_and_counts_bytes(server, capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    download("breastmnist")
    assert "breastmnist.npz" in capsys.readouterr().err


def test_what_is_complete_is_not_fetched_again(server, capsys):
    download("breastmnist")
    download("breast_ultrasound")
    assert len(server.requests) == 1
    assert "already there and verified" in capsys.readouterr().out


def test_wrong_hash(server, old_file):
    server.faults = ["damaged"]
    message = fails_and_leaves_the_old_file(old_file, "not the right file .*MD5")
    assert "Repeat the download" in message
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", ["cut short", "cut short, length unknown"])
def test_truncated_body(server, old_file, fault):
    server.faults = [fault] * 3
    expected = "broke off" if fault == "cut short" else r"only [\d,]+ of [\d,]+ bytes arrived"
    message = fails_and_leaves_the_old_file(old_file, expected)
    assert "tried 3 times" in message
    assert len(server.requests) == 3


def test_server_error_then_recovery(server, old_file, capsys):
    server.faults = [503, "cut short"]
    download("breastmnist")
    assert old_file.read_bytes() == server.content["breastmnist.npz"]
    output = capsys.readouterr().out
    assert "answered 503" in output
    assert "trying again (3 of 3)" in output


def test_server_error_that_lasts(server, old_file):
    server.faults = [500] * 9
    message = fails_and_leaves_the_old_file(old_file, r"answered 500 .*tried 3 times")
    assert "COURSE_MIRROR" in message


def test_a_file_the_server_does_not_have_is_asked_for_once(server, old_file):
    server.content = {}
    fails_and_leaves_the_old_file(old_file, "answered 404")
    assert len(server.requests) == 1


def test_no_server(server, old_file, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", "http://127.0.0.1:9")
    message = fails_and_leaves_the_old_file(old_file, r"no connection to 127\.0\.0\.1:9")
    assert "Check the network" in message


def test_no_space(server, old_file, monkeypatch):
    def disk_full(self, url, output_file, _):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), output_file)

    monkeypatch.setattr(_fetching._Downloader, "__call__", disk_full)
    message = fails_and_leaves_the_old_file(old_file, r"no space left for 0\.1 MB in ")
    assert "COURSE_DATA" in message


def test_no_permission(server, old_file, monkeypatch):
    def forbidden(source, target):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))

    monkeypatch.setattr(os, "replace", forbidden)
    message = fails_and_leaves_the_old_file(old_file, "no permission to write in ")
    assert "COURSE_DATA" in message


def test_an_interrupted_download_leaves_nothing_behind(server, old_file, monkeypatch):
    def interrupted(self, url, output_file, _):
        Path(output_file).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(_fetching._Downloader, "__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        download("breastmnist")
    assert old_file.read_bytes() == OLD
    assert list(old_file.parent.iterdir()) == [old_file]


def test_a_folder_that_cannot_be_made(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(OLD)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "file" / "below"))
    with pytest.raises(DownloadError, match=r"the disk refused .*COURSE_DATA"):
        download("breastmnist")


def test_two_downloads_at_once(server, old_file):
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: download("breastmnist"), range(2)))
    assert results == [[old_file], [old_file]]
    assert old_file.read_bytes() == server.content["breastmnist.npz"]
    assert list(old_file.parent.iterdir()) == [old_file]


def test_one_of_two_downloads_fails_and_the_other_stays(server, old_file):
    server.faults = ["damaged"]
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(download, "breastmnist") for _ in range(2)]
    assert sum(isinstance(job.exception(), DownloadError) for job in jobs) == 1
    assert old_file.read_bytes() == server.content["breastmnist.npz"]


def test_repeating_goes_on_where_it_stopped(server, tmp_path, monkeypatch):
    entry = catalog.find_set("cheng")
    parts = {file.file: file.file.encode() for file in entry.files}
    text = catalog.REGISTRY_FILE.read_text(encoding="utf-8")
    for file in entry.files:
        text = text.replace(file.md5, hashlib.md5(parts[file.file]).hexdigest())
        text = text.replace(f"bytes = {file.bytes}", f"bytes = {len(parts[file.file])}")
    catalog.REGISTRY_FILE.write_text(text, encoding="utf-8")
    monkeypatch.setenv("COURSE_MIRROR", f"{server.url}/")
    last = server.content = dict(parts)
    missing = last.pop("cvind.mat")
    with pytest.raises(DownloadError, match=r"cvind\.mat: .*404"):
        download("cheng")
    server.content["cvind.mat"] = missing
    assert len(download("cheng")) == 5
    assert len(server.requests) == 6


@pytest.mark.parametrize("kind", ["http", "file"])
def test_a_mirror_replaces_the_host(server, tmp_path, monkeypatch, kind):
    body = server.content.pop("breastmnist.npz")
    if kind == "http":
        server.content["class/breastmnist.npz"] = body
        monkeypatch.setenv("COURSE_MIRROR", f"{server.url}/class")
    else:
        folder = tmp_path / "with space"
        folder.mkdir()
        (folder / "breastmnist.npz").write_bytes(body)
        monkeypatch.setenv("COURSE_MIRROR", folder.as_uri())
    assert download("breastmnist")[0].read_bytes() == body


def test_a_mirror_folder_without_the_file(server, old_file, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", tmp_path.as_uri() + "/nowhere")
    fails_and_leaves_the_old_file(old_file, "there is no readable file .*COURSE_MIRROR")


@pytest.mark.parametrize("mirror", ["/media/usb", "ftp://host/x", "localhost:8000"])
def test_a_mirror_of_another_kind_is_refused(server, old_file, monkeypatch, mirror):
    monkeypatch.setenv("COURSE_MIRROR", mirror)
    fails_and_leaves_the_old_file(old_file, "http://, https:// or file://")


def test_load_says_how_to_get_a_missing_set(server):
    with pytest.raises(ValueError, match=r"python -m course_utils download breastmnist$"):
        load("breast_ultrasound", "real")
    with pytest.raises(ValueError, match=r"download dermamnist --size 64$"):
        load("skin_lesions", "real", size=64)
    with pytest.raises(ValueError, match="32; allowed: 28, 64, 128, 224 px"):
        load("skin_lesions", "real", size=32)


def test_load_takes_the_real_set_once_it_is_there(server):
    download("breastmnist")
    for origin in ("real", "auto"):
        assert load("breast_ultrasound", origin).origin == "real"


def test_auto_takes_the_embedded_set_if_the_real_one_is_missing_or_damaged(
    server, tmp_path, monkeypatch
):
    monkeypatch.setattr(loading, "DATA_FOLDER", tmp_path)
    tiny(name="breast_ultrasound").save(tmp_path / "breast_ultrasound.npz")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load("breast_ultrasound", "auto").origin == "simulated"
    path = download("breastmnist")[0]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.warns(UserWarning, match="is damaged"):
        assert load("breast_ultrasound", "auto").origin == "simulated"
    with pytest.raises(ValueError, match=r"is damaged.*download breastmnist"):
        load("breast_ultrasound", "real")
    with pytest.raises(ValueError, match="is damaged"):
        find("breastmnist")


def test_names_and_sizes_must_be_known(server):
    with pytest.raises(ValueError, match="'mnist'; allowed: breastmnist, dermamnist, cheng"):
        download("mnist")
    with pytest.raises(ValueError, match="allowed: 28, 64, 128, 224 px"):
        download("breastmnist", size=32)


def test_the_command_line(server, capsys):
    assert downloads.main_list([]) == 0
    assert "CC BY-NC 4.0" in capsys.readouterr().out
    assert downloads.main_download(["breastmnist"]) == 0
    assert "Ready in" in capsys.readouterr().out
    server.content = {}
    assert downloads.main_download(["dermamnist", "--size", "32"]) == 1
    assert "received 32" in capsys.readouterr().err
    with contextlib.suppress(SystemExit):
        downloads.main_download(["--help"])
    assert "breastmnist, dermamnist, cheng" in capsys.readouterr().out


def test_the_license_is_shown_even_if_the_download_fails(server, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", server.url)
    assert downloads.main_download(["dermamnist"]) == 1
    output = capsys.readouterr()
    assert "NOT FOR COMMERCIAL USE" in output.out
    assert "dermamnist.npz: the server 127.0.0.1" in output.err


def test_available_marks_what_is_on_disk(server):
    download("breastmnist")
    table = downloads.available().set_index(["name", "pixels"])
    assert table["on_disk"].sum() == 1
    assert table.loc[("breastmnist", "28"), "on_disk"]


def test_the_registry_is_complete():
    for entry in downloads.registry().values():
        assert set(entry.positive) < set(entry.class_names)
        assert sorted(entry.labels.values()) == list(range(len(entry.class_names)))
        for file in entry.files:
            assert file.url.startswith("https://")
            assert len(bytes.fromhex(file.md5)) == 16


def test_cheng_is_read_once_and_kept(tmp_path, monkeypatch):
    from course_utils.datasets import real_sets

    calls = []
    monkeypatch.setattr(real_sets, "read_cheng", lambda *a: calls.append(a) or tiny(name="cheng"))
    monkeypatch.setattr(downloads, "find", lambda *_: [tmp_path / "a.zip"])
    for _ in range(2):
        assert np.array_equal(load("brain_mri", "real").images, tiny().images)
    assert len(calls) == 1
