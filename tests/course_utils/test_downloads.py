"""Downloads against a local server that misbehaves in every way the real ones might."""

import errno
import hashlib
import http.server
import os
import re
import shutil
import ssl
import subprocess
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pooch
import pytest

from course_utils import __main__ as commands
from course_utils import datasets, real_data
from course_utils.datasets import load
from course_utils.real_data import DownloadError, download, find
from tests.course_utils.test_real_data import medmnist_file
from tests.tiny_data import tiny

OLD = b"an older file that must survive"


OTHER_ANSWERS = {
    "robot check": (202, "text/plain", b""),
    "login page": (200, "text/html; charset=utf-8", b"<h1>Login</h1>"),
}


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
        if fault in OTHER_ANSWERS:
            status, kind, body = OTHER_ANSWERS[fault]
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        body = server.content.get(self.path.split("?")[0].lstrip("/"))
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        if fault != "cut short, length unknown":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        body = body[:-1] + b"?" if fault == "damaged" else body
        self.wfile.write(body[: len(body) // 2] if "cut" in str(fault) else body)

    def log_message(self, *_):
        """Keep the test output quiet."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Run a server on loopback, and a registry that points to it; it has a fourth set, too."""
    body = medmnist_file(tmp_path / "made.npz", sizes=(40, 20, 20)).read_bytes()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.lock, server.requests, server.faults = threading.Lock(), [], []
        server.content = {"breastmnist.npz": body, "pneumoniamnist.npz": body}
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        thread.start()
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
        monkeypatch.delenv("COURSE_MIRROR", raising=False)
        monkeypatch.setattr(time, "sleep", lambda _: None)
        write_registry(tmp_path / "datasets.toml", server, body)
        monkeypatch.setattr(real_data, "REGISTRY_FILE", tmp_path / "datasets.toml")
        yield server
        server.shutdown()
        thread.join()


FOURTH = """
[pneumoniamnist]
title = "PneumoniaMNIST"
subject = "chest_xray"
reader = "{reader}"
license = "CC BY 4.0"
notice = "Free to use."
source = "a server of this test"
citation = "Nobody 2026"
class_names = ["normal", "pneumonia"]
positive = ["pneumonia"]
labels = {{ 0 = 0, 1 = 1 }}
channel_names = ["intensity"]
splits = {{ train = 40, validation = 20, test = 20 }}
default_size = 28
files = [{{ size = 28, file = "pneumoniamnist.npz", url = "{url}/pneumoniamnist.npz", md5 = "{md5}" }}]
"""  # noqa: E501


def write_registry(path, server, body, reader="medmnist"):
    """Write the real registry with one file's address and checksum replaced, and a fourth set."""
    text = (datasets.ROOT / "data" / "datasets.toml").read_text(encoding="utf-8")
    md5 = hashlib.md5(body).hexdigest()
    text = text.replace("https://zenodo.org/records/10519652/files/breast", f"{server.url}/breast")
    text = text.replace("750601b1f35ba3300ea97c75c52ff8f6", md5)
    path.write_text(text + FOURTH.format(reader=reader, url=server.url, md5=md5), encoding="utf-8")


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
    assert "is unchanged" in str(caught.value)


def test_success_replaces_the_damaged_file_and_is_readable_by_others(server, old_file, capsys):
    assert download("breastmnist") == [old_file]
    assert old_file.read_bytes() == server.content["breastmnist.npz"]
    assert old_file.stat().st_mode & 0o444 == 0o444
    assert list(old_file.parent.iterdir()) == [old_file]
    output = capsys.readouterr().out
    assert "license CC BY 4.0" in output
    assert "complete and verified" in output


def test_a_progress_bar_counts_bytes(server, capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    download("breastmnist")
    assert "100%" in capsys.readouterr().err


def test_what_is_complete_is_not_fetched_again(server):
    download("breastmnist")
    download("breast_ultrasound")
    assert len(server.requests) == 1


def test_server_errors_then_recovery(server, old_file):
    server.faults = [503, "cut short"]
    download("breastmnist")
    assert old_file.read_bytes() == server.content["breastmnist.npz"]
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("damaged", r"answered 200 \(OK\) .* not the right file, .*Repeat the download"),
        ("cut short", "broke off|not the right file"),
        ("cut short, length unknown", "not the right file"),
        (500, r"answered 500 .*COURSE_MIRROR"),
        (404, "answered 404"),
        (403, "answered 403 .* in a browser and save the file as .*breastmnist.npz; or set COURSE"),
        (407, "proxy refused .*407.*set HTTPS_PROXY"),
        (429, r"answered 429 \(Too Many Requests\).*Try later; .*COURSE_MIRROR"),
        ("robot check", r"answered 202 \(Accepted\) with 0 bytes .* in a browser .*COURSE_MIRROR"),
        (
            "login page",
            r"answered 200 .* with 14 bytes of text/html.* a login first.*COURSE_MIRROR",
        ),
    ],
)
def test_a_server_that_never_gives_the_file(server, old_file, fault, message):
    server.faults = [fault] * 9
    fails_and_leaves_the_old_file(old_file, message)
    assert len(server.requests) == 3


def test_an_empty_answer(server, old_file):
    server.content["breastmnist.npz"] = b""
    fails_and_leaves_the_old_file(old_file, "with 0 bytes of .*not the right file")


def test_a_file_saved_by_hand_is_taken(server, old_file, capsys):
    server.faults = [403] * 9
    with pytest.raises(DownloadError) as caught:
        download("breastmnist")
    place = Path(re.search(r"save the file as (\S+);", str(caught.value))[1])
    place.write_bytes(server.content["breastmnist.npz"])
    assert download("breastmnist") == [place]


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
def test_an_unknown_certificate_and_the_remedy(server, old_file, tmp_path, monkeypatch):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = f"req -x509 -newkey rsa:2048 -nodes -days 1 -keyout {key} -out {certificate}".split()
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(["openssl", *made, *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("COURSE_MIRROR", server.url.replace("http:", "https:"))
    fails_and_leaves_the_old_file(old_file, "no trusted .*certificate.*REQUESTS_CA_BUNDLE.*MIRROR")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert download("breastmnist")[0].read_bytes() == server.content["breastmnist.npz"]


def test_no_server(server, old_file, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", "http://127.0.0.1:9")
    fails_and_leaves_the_old_file(old_file, r"no connection to 127\.0\.0\.1:9.*Check the network")


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "No space left"), (errno.EACCES, "Permission denied")],
)
def test_a_disk_that_refuses(server, old_file, monkeypatch, number, message):
    def refuse(self, url, output_file, _):
        raise OSError(number, os.strerror(number), output_file)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", refuse)
    fails_and_leaves_the_old_file(old_file, f"{message}.*COURSE_DATA")


def test_an_interrupted_download_leaves_nothing_behind(server, old_file, monkeypatch):
    def interrupted(self, url, output_file, _):
        Path(output_file).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", interrupted)
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


def test_repeating_goes_on_where_it_stopped(server, tmp_path, monkeypatch):
    entry, text = real_data.find_set("cheng"), real_data.REGISTRY_FILE.read_text(encoding="utf-8")
    server.content = {file.file: file.file.encode() for file in entry.files}
    for file in entry.files:
        text = text.replace(file.md5, hashlib.md5(server.content[file.file]).hexdigest())
    real_data.REGISTRY_FILE.write_text(text, encoding="utf-8")
    monkeypatch.setenv("COURSE_MIRROR", f"{server.url}/")
    missing = server.content.pop("cvind.mat")
    with pytest.raises(DownloadError, match=r"cvind\.mat: .*404"):
        download("cheng")
    server.content["cvind.mat"] = missing
    before = len(server.requests)
    assert len(download("cheng")) == 5
    assert len(server.requests) == before + 1


def test_a_mirror_on_the_network_replaces_the_host(server, monkeypatch):
    body = server.content["class/breastmnist.npz"] = server.content.pop("breastmnist.npz")
    monkeypatch.setenv("COURSE_MIRROR", f"{server.url}/class")
    assert download("breastmnist")[0].read_bytes() == body


def test_a_filled_folder_is_a_mirror(server, old_file, tmp_path, monkeypatch):
    mirror = tmp_path / "with space"
    mirror.mkdir()
    monkeypatch.setenv("COURSE_MIRROR", mirror.as_uri())
    fails_and_leaves_the_old_file(old_file, "there is no readable file .*COURSE_MIRROR")
    shutil.copy(tmp_path / "made.npz", mirror / "breastmnist.npz")
    assert download("breastmnist")[0].read_bytes() == (tmp_path / "made.npz").read_bytes()


@pytest.mark.parametrize("mirror", ["/media/usb", "ftp://host/x", "localhost:8000"])
def test_a_mirror_of_another_kind_is_refused(server, monkeypatch, mirror):
    monkeypatch.setenv("COURSE_MIRROR", mirror)
    with pytest.raises(DownloadError, match="http://, https:// or file://"):
        download("breastmnist")


# The registry.


def test_a_fourth_set_is_an_entry(server, capsys):
    assert commands.main(["list"]) == 0
    assert "PneumoniaMNIST" in capsys.readouterr().out
    with pytest.raises(datasets.MissingDataError, match="course_utils download pneumoniamnist"):
        load("chest_xray", "real")
    assert commands.main(["download", "pneumoniamnist"]) == 0
    for name in ("chest_xray", "pneumoniamnist"):
        data = load(name, "real")
        assert (data.name, data.class_names) == ("pneumoniamnist", ("normal", "pneumonia"))
        assert len(data.split("train")) == 40
    assert load("pneumoniamnist", "auto").origin == "real"
    with pytest.raises(ValueError, match="'chest_xray'; allowed: brain_mri"):
        load("chest_xray")


def test_an_unknown_reader_gets_a_sentence(server):
    body = server.content["breastmnist.npz"]
    write_registry(real_data.REGISTRY_FILE, server, body, reader="matlab")
    with pytest.raises(ValueError, match="reader of pneumoniamnist: received 'matlab'; allowed: "):
        load("chest_xray", "real")


def test_the_registry_is_complete_and_every_entry_has_a_reader():
    for entry in real_data.registry().values():
        assert entry.reader in real_data.READERS
        assert set(entry.positive) < set(entry.class_names)
        assert sorted(entry.labels.values()) == list(range(len(entry.class_names)))
        for file in entry.files:
            assert file.url.startswith("https://")
            assert len(bytes.fromhex(file.md5)) == 16


def test_load_says_how_to_get_a_missing_set_and_takes_it_once_it_is_there(server):
    with pytest.raises(ValueError, match=r"python -m course_utils download breastmnist$"):
        load("breast_ultrasound", "real")
    with pytest.raises(ValueError, match=r"download dermamnist --size 64$"):
        load("skin_lesions", "real", size=64)
    download("breastmnist")
    for origin in ("real", "auto"):
        assert load("breast_ultrasound", origin).origin == "real"
    table = real_data.available().set_index(["name", "pixels"])
    assert table.index[table["on_disk"]].tolist() == [("breastmnist", "28")]


def test_auto_takes_the_embedded_set_if_the_real_one_is_missing_or_damaged(
    server, tmp_path, monkeypatch
):
    monkeypatch.setattr(datasets, "DATA_FOLDER", tmp_path)
    tiny(name="breast_ultrasound").save(tmp_path / "breast_ultrasound.npz")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load("breast_ultrasound", "auto").origin == "simulated"
    path = download("breastmnist")[0]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.warns(UserWarning, match="is damaged"):
        assert load("breast_ultrasound", "auto").origin == "simulated"
    with pytest.raises(ValueError, match=r"is damaged.*download breastmnist"):
        find("breastmnist")


@pytest.mark.parametrize("call", [download, lambda name, size=None: load(name, "real", size=size)])
def test_names_and_sizes_must_be_known(server, call):
    with pytest.raises(ValueError, match="'mnist'; allowed: breastmnist, dermamnist, cheng"):
        call("mnist")
    with pytest.raises(ValueError, match="32; allowed: 28, 64, 128, 224 px"):
        call("breastmnist", size=32)


def test_the_command_line_shows_the_license_and_says_what_failed(server, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", server.url)
    assert commands.main(["download", "dermamnist"]) == 1
    output = capsys.readouterr()
    assert "NOT FOR COMMERCIAL USE" in output.out
    assert "dermamnist.npz: 127.0.0.1" in output.err
    assert commands.main(["download", "dermamnist", "--size", "32"]) == 1
    assert "received 32" in capsys.readouterr().err


def test_cheng_is_read_once_and_kept(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(real_data, "read_cheng", lambda *a: calls.append(a) or tiny(name="cheng"))
    monkeypatch.setattr(real_data, "find", lambda *_: [tmp_path / "a.zip"])
    for _ in range(2):
        assert np.array_equal(load("brain_mri", "real").images, tiny().images)
    assert len(calls) == 1
