"""Downloads against a server of the test's own: checked, resumed, from the next mirror, unpacked with care."""

import gzip
import hashlib
import io
import re
import stat
import tarfile
import threading
import urllib.request
import urllib.response
import zipfile
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from ganbook import data
from ganbook.data import download, vision
from ganbook.data.download import Remote, fetch, fetch_folder, unpack
from ganbook.data.errors import DataError

CONTENT = np.random.default_rng(0).bytes(1_000_000)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Range")))
        where, _, name = self.path.lstrip("/").partition("/")
        getattr(self, where)(name)

    def content(self, name):
        return self.server.files.get(name)

    def reply(self, status, body, headers=(), cut=None):
        self.send_response(status)
        for key, value in (("Content-Length", len(body)), *headers):
            self.send_header(key, str(value))
        self.end_headers()
        self.wfile.write(body[:cut])

    def good(self, name, cut=None):
        body, asked = self.content(name), self.headers.get("Range")
        if body is None:
            self.reply(404, b"")
        elif asked is None:
            self.reply(200, body, cut=cut)
        else:
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if start >= len(body):
                return self.reply(416, b"")
            span = [("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")]
            self.reply(206, body[start:], span, cut)

    def rangeless(self, name):
        self.reply(200, self.content(name))

    def cut(self, name):  # 400 000 bytes a connection
        self.good(name, cut=400_000)
        self.close_connection = True

    def dying(self, name):  # less and less: three connections do not suffice
        self.good(name, cut=100_000)
        self.close_connection = True

    def tampered(self, name):
        self.reply(200, self.content(name)[:-1] + b"?")

    def odd(self, name):  # a partial answer that does not say which part
        self.reply(206, self.content(name))

    def wordy(self, name):
        self.send_response(200)
        self.send_header("Content-Length", "many")
        self.end_headers()

    def short(self, name):
        self.reply(200, self.content(name)[:1000])

    def html(self, name):
        self.reply(200, b"<html>quota exceeded</html>")

    def endless(self, name):  # says nothing of its length, and never stops
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(100_000))
        except OSError:
            pass

    def gone(self, name):
        self.reply(503, b"")

    def moved(self, name):
        self.reply(302, b"", [("Location", f"/good/{name}")])

    def downgrade(self, name):
        self.reply(302, b"", [("Location", f"ftp://localhost/{name}")])

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def at(server, monkeypatch):
    """Remotes on the server: at("cut", "good") is a file with two mirrors."""
    monkeypatch.setattr(download._OnlyEncrypted, "http_open", urllib.request.HTTPHandler.http_open)
    server.files, server.asked = {"file.bin": CONTENT}, []

    def remote(*places, name="file.bin"):
        body = server.files[name]
        mirrors = tuple(f"http://127.0.0.1:{server.server_port}/{place}/{name}" for place in places)
        return Remote(name, len(body), hashlib.sha256(body).hexdigest(), mirrors)

    remote.server = server
    return remote


def left(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


@pytest.mark.parametrize("place", ["good", "rangeless", "cut", "moved"])
def test_a_file_arrives_whole(at, place, tmp_path):
    path = fetch(at(place), tmp_path / "new")
    assert path == tmp_path / "new" / "file.bin" and path.read_bytes() == CONTENT
    assert left(tmp_path / "new") == ["file.bin"]
    asked = len(at.server.asked)
    assert fetch(at(place), tmp_path / "new").read_bytes() == CONTENT
    assert len(at.server.asked) == asked, "it was there already"


@pytest.mark.parametrize("have", [1, 300_000, 999_999])
def test_a_partial_file_is_gone_on_with(at, have, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(CONTENT[:have])
    assert fetch(at("good"), tmp_path).read_bytes() == CONTENT
    assert at.server.asked == [("/good/file.bin", f"bytes={have}-")]
    assert left(tmp_path) == ["file.bin"]


@pytest.mark.parametrize("place", ["rangeless", "odd"])
def test_a_server_without_ranges_begins_anew(at, place, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(CONTENT[:300_000])
    assert fetch(at(place), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("have", [300_000, 1_000_000, 1_000_001])
def test_old_bytes_of_another_file_cost_a_second_try(at, have, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(bytes(have))
    assert fetch(at("good"), tmp_path).read_bytes() == CONTENT
    assert left(tmp_path) == ["file.bin"]


def test_what_broke_off_is_kept_and_the_next_mirror_goes_on(at, tmp_path):
    with pytest.raises(DataError, match=r"file\.bin could not be downloaded \(127\.0\.0\.1:\d+: it broke off\)"):
        fetch(at("dying"), tmp_path)
    assert (tmp_path / "file.bin.part").read_bytes() == CONTENT[:300_000]
    at.server.asked.clear()
    assert fetch(at("dying", "good"), tmp_path).read_bytes() == CONTENT
    assert at.server.asked[-1] == ("/good/file.bin", "bytes=600000-")


def test_mirrors_are_tried_in_their_order(at, tmp_path):
    fetch(at("gone", "html", "tampered", "good", "moved"), tmp_path)
    first = list(dict.fromkeys(path.split("/")[1] for path, _ in at.server.asked))
    assert first == ["gone", "html", "tampered", "good"]


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("tampered", "its checksum is wrong"),
        ("endless", "its checksum is wrong"),
        ("short", "it holds another file, of 1000 bytes instead of 1000000"),
        ("html", "it holds another file, of 27 bytes"),
        ("gone", "it answered 503"),
        ("wordy", "invalid literal"),
        ("downgrade", "its address begins with ftp"),
    ],
)
def test_a_wrong_file_keeps_nothing(at, place, reason, tmp_path):
    with pytest.raises(DataError, match=reason) as caught:
        fetch(at(place), tmp_path)
    assert left(tmp_path) == [] and "\n" not in str(caught.value)


def test_an_address_that_is_not_encrypted_is_not_even_asked(at, tmp_path, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(DataError, match="its address begins with http, allowed is https"):
        fetch(at("good"), tmp_path)
    assert at.server.asked == [] and left(tmp_path) == []


def test_a_redirect_may_not_leave_encryption():
    class Moved(urllib.request.HTTPSHandler):
        def https_open(self, request):
            headers = Message()
            headers["Location"] = "http://example.org/file"
            answer = urllib.response.addinfourl(io.BytesIO(), headers, request.full_url, 302)
            answer.msg = "Found"
            return answer

    with pytest.raises(OSError, match="its address begins with http, allowed is https"):
        urllib.request.build_opener(download._OnlyEncrypted, Moved).open("https://example.org/file")


def test_a_server_that_is_not_there(at, tmp_path):
    remote = at("good")
    closed = Remote(remote.name, remote.size, remote.sha256, ("http://127.0.0.1:9/x",))
    with pytest.raises(DataError, match=r"127\.0\.0\.1:9: Connection refused"):
        fetch(closed, tmp_path)


def test_a_full_disk_is_no_fault_of_the_mirror(at, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download, "_append", full)
    with pytest.raises(OSError, match="No space left"):
        fetch(at("good", "cut"), tmp_path)


def test_processes_that_want_one_file_fetch_it_once(at, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch(at("good"), tmp_path), range(4)))
    assert len(at.server.asked) == 1 and {path.read_bytes() for path in paths} == {CONTENT}


def test_progress_is_shown(at, tmp_path, capsys):
    fetch(at("good"), tmp_path)
    assert "file.bin" in capsys.readouterr().err


def test_a_data_set_through_the_network(at, tmp_path, monkeypatch):
    """data.load fetches what is missing, checks it, and the second time asks nobody."""
    rng = np.random.default_rng(1)
    pixels, labels = rng.integers(0, 256, (12, 28, 28), dtype=np.uint8), (np.arange(12) % 10).astype(np.uint8)
    heads = {
        vision.IMAGES: b"\0\0\x08\x03" + b"\0\0\0\x0c" + b"\0\0\0\x1c" * 2,
        vision.LABELS: b"\0\0\x08\x01\0\0\0\x0c",
    }
    for kind, array in ((vision.IMAGES, pixels), (vision.LABELS, labels)):
        name = f"t10k-{kind}"
        at.server.files[name] = gzip.compress(heads[kind] + array.tobytes())
        monkeypatch.setitem(vision.MNIST, name, at("gone", "good", name=name))
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path))
    loaded = data.load("mnist", "test")
    assert np.array_equal(loaded.images[:, 0].numpy(), pixels) and loaded.labels.tolist() == labels.tolist()
    at.server.asked.clear()
    assert len(data.load("mnist", "test")) == 12 and at.server.asked == []


# -- unpacking -----------------------------------------------------------------------------------------


def tar(path, *entries, mode="w:gz"):
    """entries: (name, content) or (name, type, link target)."""
    with tarfile.open(path, mode) as archive:
        for name, content, *link in entries:
            entry = tarfile.TarInfo(name)
            if isinstance(content, bytes) and not link and len(content) != 1:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
            else:
                entry.type, entry.linkname = content, "".join(link)
                archive.addfile(entry)
    return path


def zipped(path, *entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, *mode in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (mode[0] if mode else stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return path


@pytest.mark.parametrize("kind", ["w", "w:gz", "w:bz2", "w:xz", "zip"])
def test_files_come_out_where_they_belong(kind, tmp_path):
    files = ("a/b/one.txt", b"first"), ("two.txt", b"second"), ("a/empty", b"")
    make = zipped if kind == "zip" else lambda path, *entries: tar(path, *entries, mode=kind)
    folder = unpack(make(tmp_path / "archive", *files), tmp_path / "out")
    assert {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    } == dict(files)
    assert left(tmp_path) == ["archive", "out"]
    with pytest.raises(FileExistsError):
        unpack(tmp_path / "archive", tmp_path / "out")


@pytest.mark.parametrize("make", [tar, zipped])
def test_one_folder_that_holds_all_the_rest_is_the_folder(make, tmp_path):
    folder = unpack(make(tmp_path / "archive", ("set/a/1", b"1!"), ("set/2", b"2!")), tmp_path / "out")
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) == ["2", "a", "a/1"]


CLIMBING = ["../evil", "a/../../evil", "/tmp/evil", "..\\evil", "C:\\evil", "C:evil", "\\evil", "a/..\\..\\evil"]


@pytest.mark.parametrize("make", [tar, zipped])
@pytest.mark.parametrize("name", CLIMBING)
def test_a_name_that_climbs_out_is_refused(make, name, tmp_path):
    archive = make(tmp_path / "archive", ("good.txt", b"good"), (name, b"evil"))
    with pytest.raises(DataError, match="leads out of its folder: nothing of it was unpacked"):
        unpack(archive, tmp_path / "below" / "out")
    assert left(tmp_path) == ["archive", "below"] and left(tmp_path / "below") == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(kind, tmp_path):
    archive = tar(tmp_path / "archive", ("good.txt", b"good"), ("link", kind, "good.txt"))
    with pytest.raises(DataError, match="a link or a device: nothing of it was unpacked"):
        unpack(archive, tmp_path / "out")
    assert left(tmp_path) == ["archive"]


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_a_zip_are_refused(mode, tmp_path):
    archive = zipped(tmp_path / "archive", ("good.txt", b"good"), ("link", b"/etc/passwd", mode))
    with pytest.raises(DataError, match="a link or a device"):
        unpack(archive, tmp_path / "out")
    assert left(tmp_path) == ["archive"]


def test_an_encrypted_archive_is_refused(tmp_path):
    archive = zipped(tmp_path / "archive", ("a", b"secret"))
    content = bytearray(archive.read_bytes())
    for at in (6, content.index(b"PK\1\2") + 8):  # the flag in both headers
        content[at] |= 1
    archive.write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"is broken or no archive .*encrypted"):
        unpack(archive, tmp_path / "out")
    assert left(tmp_path) == ["archive"]


def test_a_name_that_comes_twice_is_refused(tmp_path):
    archive = tar(tmp_path / "archive", ("a", b"first"), ("a", b"second"))
    with pytest.raises(DataError, match="'a' comes twice"):
        unpack(archive, tmp_path / "out")


@pytest.mark.parametrize("make", [tar, zipped])
@pytest.mark.parametrize("spoil", ["truncated", "flipped", "text", "empty"])
def test_a_broken_archive_leaves_nothing(make, spoil, tmp_path):
    archive = make(tmp_path / "archive", ("a", CONTENT[:50_000]), ("b", CONTENT[50_000:100_000]))
    content = bytearray(archive.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(40) if spoil == "flipped" else content[middle : middle + 40]
    archive.write_bytes(
        {"truncated": content[:middle], "text": b"not an archive", "empty": b""}.get(spoil, bytes(content))
    )
    with pytest.raises(DataError, match="is broken or no archive"):
        unpack(archive, tmp_path / "out")
    assert left(tmp_path) == ["archive"]


@pytest.mark.parametrize("make", [tar, zipped])
@pytest.mark.parametrize(
    "entries",
    [
        [("", b"no name")],
        [("n" * 300, b"long")],
        [("a", b"file"), ("a/b", b"below it")],
        [("a/b", b"below it"), ("a", b"file")],
    ],
    ids=["no-name", "long-name", "file-then-folder", "folder-then-file"],
)
def test_names_that_no_folder_can_hold_give_one_sentence(make, entries, tmp_path):
    archive = make(tmp_path / "archive", ("good.txt", b"good"), *entries)
    with pytest.raises(DataError, match=rf"{archive}.*(cannot be unpacked|comes twice|not unpacked)|nothing of it was"):
        unpack(archive, tmp_path / "out")
    assert left(tmp_path) == ["archive"]


@pytest.mark.parametrize("make", [tar, zipped])
def test_an_archive_that_holds_far_more_than_its_size_is_refused(make, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_SMALL", 1 << 20)
    fitting = make(tmp_path / "fitting", ("zeros", bytes(1 << 20)))
    assert (unpack(fitting, tmp_path / "out") / "zeros").stat().st_size == 1 << 20
    bomb = make(tmp_path / "bomb", ("a", b"first"), ("zeros", bytes(1 << 23)))
    assert bomb.stat().st_size < 20_000
    with pytest.raises(DataError, match=rf"^{bomb} holds more than 1048576 bytes, far beyond its size"):
        unpack(bomb, tmp_path / "other")
    assert left(tmp_path) == ["bomb", "fitting", "out"]


def test_what_a_killed_process_had_unpacked_is_cleared_away(tmp_path):
    (tmp_path / ".out.part" / "half").mkdir(parents=True)
    assert left(unpack(zipped(tmp_path / "archive", ("a", b"first"), ("b", b"2!")), tmp_path / "out")) == ["a", "b"]
    assert left(tmp_path) == ["archive", "out"]


def test_a_disk_that_is_full_gives_one_sentence(tmp_path, limited_files):
    archive = zipped(tmp_path / "archive", ("a", bytes(200_000)))
    with limited_files(100_000), pytest.raises(DataError, match=rf"^{archive} cannot be unpacked \(File too large\)$"):
        unpack(archive, tmp_path / "out")
    assert left(tmp_path) == ["archive"]


def test_a_folder_through_the_network(at, tmp_path):
    at.server.files["set.tar.gz"] = tar(tmp_path / "made", ("set/one", b"first"), ("set/two", b"second")).read_bytes()
    remote = at("good", name="set.tar.gz")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: fetch_folder(remote, tmp_path / "cache" / "set"), range(3)))
    assert left(tmp_path / "cache") == ["set"] and left(tmp_path / "cache" / "set") == ["one", "two"]
    assert len(at.server.asked) == 1
