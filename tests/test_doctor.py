"""What is said of archives that lie where they did, have moved, have changed, or cannot be asked for."""

import http.server
import importlib.util
import sys
import threading
import tomllib
from contextlib import contextmanager
from urllib.error import HTTPError, URLError

import pytest
import torch
from packaging.requirements import Requirement

from ganbook import data, doctor
from ganbook.data.described import BIRDS, FLOWERS
from ganbook.data.download import Remote
from ganbook.doctor import Archive
from pages import ROOT

TWO = Archive("cifar10", Remote("a.zip", 100, "0" * 64, ("https://one.example/a.zip", "https://two.example/a.zip")))
UNKNOWN = Archive("flowers", Remote("b.zip", 0, "", ("https://one.example/b.zip",)), fetched=False)


def answering(**answers):
    """What a host answers: a size, or an error."""

    def ask(address, wait):
        answer = answers[address.split("/")[2].split(".")[0]]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


def gone(code=404):
    return HTTPError("https://one.example/a.zip", code, "not there", None, None)


@pytest.mark.parametrize(
    ("one", "two", "well", "said"),
    [
        (100, 100, True, ""),
        (0, gone(), True, ""),  # a server that tells no size is believed
        (gone(), 100, True, ""),
        (99, gone(), False, "a.zip of cifar10 is lost, please open an issue (one.example: there, of another size, 99"),
        (gone(), gone(410), False, "one.example: gone, it answers 404; two.example: gone, it answers 410)"),
        (gone(), URLError("no route"), True, "a.zip of cifar10 may be lost: not every address answers (one"),
        (gone(503), 99, True, "one.example: silent, it answers 503; two.example: there, of another size"),
    ],
)
def test_an_archive_is_lost_only_where_every_address_says_so(one, two, well, said):
    found = list(doctor.archives_answer([TWO], ask=answering(one=one, two=two)))
    assert [answer.host for answer in found] == ["one.example", "two.example"]
    is_well, sentences = doctor.verdict(found)
    assert is_well is well and (said in "".join(sentences)) and bool(sentences) == bool(said)


def test_without_a_network_nothing_is_wrong_with_the_list():
    offline = URLError(OSError(-2, "Name or service not known"))
    found = list(doctor.archives_answer([TWO, UNKNOWN], ask=answering(one=offline, two=TimeoutError("timed out"))))
    assert doctor.verdict(found) == (
        True,
        [
            "none of 2 hosts answers (Name or service not known): this machine has no network, or keeps it from "
            "Python; nothing is known of the archives, and everything that comes with a package works"
        ],
    )
    assert doctor.verdict([]) == (True, [])


def test_archives_that_nobody_answers_for_are_told_together():
    """As where a network lets some hosts through and not others."""
    hosts = ("two", "three", "two", "four")
    archives = [Archive("mnist", Remote(f"{i}.gz", 1, "", (f"https://{hosts[i]}.example/x",))) for i in range(4)]
    late, refused = TimeoutError("timed out"), ConnectionRefusedError(111, "Connection refused")
    ask = answering(one=100, two=late, three=late, four=refused)
    found = list(doctor.archives_answer([TWO, *archives], ask=ask))
    assert doctor.verdict(found) == (
        True,
        [
            "of 4 archives nothing is known, since nobody answers (two.example, three.example: timed out; "
            "four.example: Connection refused): mnist"
        ],
    )


class Quiet(http.server.BaseHTTPRequestHandler):
    """A server that writes no log."""

    def log_message(self, *_):
        pass


@contextmanager
def serving(handler):
    """The address of a file on a server that lives as long as the block."""
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/x"
        server.shutdown()


def holding(kind, size):
    """A server that holds something of that kind, and the list of what it is asked."""
    asked = []

    class Server(Quiet):
        def do_HEAD(self):
            asked.append(self.command)
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", size)
            self.end_headers()

    return Server, asked


def test_a_server_is_asked_for_the_size_alone():
    server, asked = holding("application/gzip", "45922737680")
    with serving(server) as address:
        assert doctor._size(address, 5.0) == 45_922_737_680
    assert asked == ["HEAD"]


def test_a_server_that_sends_on_to_another_address_is_not_made_to_send_the_file():
    """Python before 3.13 asks the second address with GET; the answer is closed at its headers."""
    size, asked, written, left = 1 << 28, [], [], threading.Event()

    class Server(Quiet):
        def do_HEAD(self):
            asked.append((self.command, self.path))
            if self.path == "/x":
                self.send_response(302)
                self.send_header("Location", "/moved")
                self.send_header("Content-Length", "0")
            else:
                self.send_response(200)
                self.send_header("Content-Type", "application/gzip")
                self.send_header("Content-Length", str(size))
            self.end_headers()

        def do_GET(self):
            self.do_HEAD()
            try:
                for _ in range(size >> 16):
                    written.append(self.wfile.write(bytes(1 << 16)))
            except ConnectionError:  # nobody listens any more
                pass
            left.set()

    with serving(Server) as address:
        assert doctor._size(address, 5.0) == size
        second = "HEAD" if sys.version_info >= (3, 13) else "GET"
        assert asked == [("HEAD", "/x"), (second, "/moved")]
        assert second == "HEAD" or left.wait(5.0)
    assert sum(written) < size / 8  # what fits between the two, and no more


def test_a_page_that_says_no_is_not_the_archive():
    """As Google Drive answers, with status 200, where too many have asked."""
    server, _ = holding("text/html; charset=utf-8", "2048")
    with serving(server) as address:
        (found,) = doctor.archives_answer([Archive("birds", Remote("x.tgz", 0, "", (address,)))], 5.0)
    assert (found.says, found.why) == ("silent", "it answers with a page in place of the file")


def test_the_list_is_of_sets_that_need_a_download_or_a_folder():
    named = {archive.data for archive in doctor.ARCHIVES}
    assert named <= set(data.names())
    from ganbook.data.catalogue import NEEDS

    assert {name for name, needs in NEEDS.items() if needs.place == "download"} <= named
    for archive in doctor.ARCHIVES:
        remote = archive.remote
        assert remote.mirrors and all(address.startswith("https://") for address in remote.mirrors)
        assert not archive.fetched or (remote.size > 0 and len(remote.sha256) == 64), "nothing is fetched unchecked"


def test_captions_have_an_archive_as_photographs_have():
    archives = {name: [a.remote.name for a in doctor.ARCHIVES if a.data == name] for name in ("flowers", "birds")}
    for asked in (FLOWERS, BIRDS):
        assert archives[asked.name] == [asked.archive, f"{asked.captions[0]}.tar.gz"]
    lines = [line for line in doctor.rows([]) if line[0] == "birds"]
    assert lines[1][1:5] == ("cvpr2016_cub.tar.gz", "not known", "not known", "you")


def test_lines_say_what_is_here(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path))
    (tmp_path / "cifar10").mkdir()
    (tmp_path / "cifar10" / "cifar-10-binary.tar.gz.part").write_bytes(b"x")
    lines = {line[1]: line for line in doctor.rows([])}
    line = lines["cifar-10-binary.tar.gz"]
    assert line[:4] == ("cifar10", "cifar-10-binary.tar.gz", "170.1 MB", "c4a38c50a1bc")
    assert line[4:6] == ("the library", "not asked") and line[6].startswith("1 file in ")
    assert line[6].endswith("and an unfinished download")
    assert lines["facades.tar.gz"][2:5] == ("not known", "not known", "you")
    assert lines["102flowers.tgz"][6] == "nothing here"


@pytest.mark.parametrize(
    ("says", "told"),
    [("there there", "at 2 of 2 addresses"), ("gone there", "at 1 of 2 addresses"), ("silent silent", "no answer")],
)
def test_lines_say_where_an_archive_lies(says, told):
    cifar10 = next(archive for archive in doctor.ARCHIVES if archive.data == "cifar10")
    found = [doctor.Found(cifar10, "host", word) for word in says.split()]
    assert {line[0]: line[5] for line in doctor.rows(found)}["cifar10"] == told


def test_the_machine_is_described(monkeypatch):
    monkeypatch.setenv("GANBOOK_BUDGET", "smoke")
    about = dict(doctor.machine())
    assert about["budget"] == "smoke" and "GB free" in about["cache"] and about["torch"]
    threads = torch.get_num_threads()
    assert torch.cuda.is_available() or about["device"] == f"CPU, {threads} thread{'s' * (threads != 1)}"


def test_every_extra_that_is_not_installed_is_named(monkeypatch):
    """The bug form asks for what the doctor prints."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    missing = dict(doctor.machine())["not installed"]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for extra in {*extras} - {"book", "test"}:
        for line in extras[extra]:
            assert Requirement(line).name.replace("-", "_") in missing, f"{extra} asks for {line}"
