"""Forms as odd programs send them: read where the meaning is plain, else it is said why not."""

import re
from pathlib import Path

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.color_client.pictures import file_of, scene

PHOTO = file_of(scene(60, 40))
BOUNDARY = b"----a-boundary"


def part(headers: bytes, data: bytes = PHOTO, line: bytes = b"\r\n") -> bytes:
    return b"--" + BOUNDARY + line + headers + line + line + data + line


def send(address: str, body: bytes, content_type: str | None = None) -> requests.Response:
    content_type = content_type or f"multipart/form-data; boundary={BOUNDARY.decode()}"
    headers = {"Content-Type": content_type}
    return requests.post(address + "/predict", data=body, headers=headers, timeout=60)


END = b"--" + BOUNDARY + b"--\r\n"
NAMED = b'Content-Disposition: form-data; name="content_image"'


@pytest.mark.parametrize(
    "headers",
    [
        NAMED + b'; filename="Gr\xf6\xdfe.jpg"',
        NAMED + b'; filename="\xff\xfe\x00"',
        NAMED + b'; filename="\xe5\x86\x99\xe7\x9c\x9f.jpg"',
        NAMED + b"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.jpg",
        NAMED + b"; filename*=koi8-r''%D1.jpg",
        NAMED + b"; filename*=utf-8''%ff%fe",
        NAMED + b"; filename*=nonsense",
        NAMED + b"; filename*0=long; filename*1=name.jpg",
        NAMED + b'; filename="C:\\photos\\"',
        NAMED + b'; filename="a "quoted" one.jpg"',
        NAMED + b'; filename="a; name=style_image; b.jpg"',
        NAMED + b'; filename="not closed.jpg',
        NAMED + b"; filename=two words.jpg",
        NAMED + b'; filename=""',
        NAMED + b'; filename="' + b"x" * 5000 + b'"',
        NAMED + b"\r\nContent-Type: image/jpeg",
        NAMED + b"\r\nContent-Type: application/octet-stream",
        NAMED + b'; filename="a.jpg"\r\nContent-Type: text/plain; charset=utf-16',
        NAMED + b'; filename="a.jpg"\r\nContent-Type: nonsense',
        NAMED + b'; filename="a.jpg"\r\nContent-Transfer-Encoding: binary',
        NAMED + b'; filename="a.jpg"\r\nContent-Length: 7',
        NAMED + b'; filename="a.jpg"\r\nno colon here',
        b'Content-Disposition: form-data; filename="a.jpg"; name="content_image"',
        b'Content-Disposition: form-data; name="content_image";\r\n filename="a.jpg"',
        b'content-disposition: attachment; name=content_image; filename="a.jpg"',
        b"Content-Disposition: form-data; name*=utf-8''content_image; filename=a.jpg",
        b"X-Comment: Gr\xfc\xdfe\r\n" + NAMED + b'; filename="a.jpg"',
    ],
)
def test_any_file_name_is_accepted(address, headers):
    for line in (b"\r\n", b"\n"):
        body = part(headers.replace(b"\r\n", line), PHOTO, line) + END
        reply = send(address, body)
        assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    ("before", "after"), [(b"a preamble\r\n", b""), (b"", b"an epilogue"), (b"", b"x" * 600_000)]
)
def test_preamble_and_epilogue_are_ignored(address, before, after):
    body = before + part(NAMED + b'; filename="a.jpg"') + END + after
    assert send(address, body).status_code == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "boundary that Content-Type names never comes"),
        (PHOTO, "boundary that Content-Type names never comes"),
        (b"x" * 600_000, "boundary that Content-Type names never comes"),
        (b'{"content_image": "abc"}', "boundary that Content-Type names never comes"),
        (part(NAMED + b'; filename="a.jpg"').replace(b"a-boundary", b"other") + END, "is missing"),
        (part(NAMED + b'; filename="a.jpg"'), "ended before its last boundary"),
        (part(NAMED + b'; filename="a.jpg"')[:60], "no header that can be read"),
        (part(b"Content-Type: image/jpeg") + END, "no header that can be read"),
        (b"--" + BOUNDARY + b"\r\n" + b"x" * 600_000, "no header that can be read"),
        (part(b"Content-Disposition: form-data; filename=a.jpg") + END, "has no name"),
        (part(b'Content-Disposition: form-data; name=""; filename=a.jpg') + END, "has no name"),
        (part(b"Content-Disposition: form-data") + END, "has no name"),
        (part(NAMED + b"\r\nContent-Transfer-Encoding: base64", b"aGk=") + END, "base64"),
        (part(NAMED + b"\r\nContent-Type: multipart/mixed; boundary=b") + END, "several files"),
        (part(NAMED, b"x" * 600_000) + END, "as a file: -F content_image=@photo.jpg"),
        (END, "is missing"),
    ],
)  # fmt: skip
def test_unreadable_forms_are_explained(address, body, message):
    reply = send(address, body)
    assert (reply.status_code, reply.headers["Content-Type"]) == (400, "application/problem+json")
    assert message in reply.json()["detail"], reply.text


@pytest.mark.parametrize("boundary", ["", '; boundary=""', "; boundary=\xe9", "; charset=utf-8"])
def test_missing_boundary_is_reported(address, boundary):
    reply = send(address, part(NAMED) + END, "multipart/form-data" + boundary)
    assert reply.status_code == 400
    assert "names no boundary" in reply.json()["detail"], reply.text


def test_the_limits_of_a_form_are_those_in_the_docs(address):
    page = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text()
    row = r"fields of a form; the text of one field \| (\d+); (\d+) KiB \| \| (\d+); (\d+) \|"
    fields, kib, too_many, too_long = map(int, re.search(row, page).groups())

    def status(**texts: str) -> int:
        files = {"content_image": PHOTO, **{name: (None, text) for name, text in texts.items()}}
        return requests.post(address + "/predict", files=files, timeout=60).status_code

    assert status(**{f"f{n}": "" for n in range(fields - 1)}) == 400  # unknown options
    assert status(**{f"f{n}": "" for n in range(fields)}) == too_many
    assert status(vividness="1".rjust(1024 * kib)) == 200
    assert status(vividness="1".rjust(1024 * kib + 1)) == too_long


def test_compressed_upload_is_refused(address):
    for content_type in (None, "image/jpeg"):
        headers = {"Content-Type": content_type or "multipart/form-data; boundary=x"}
        headers["Content-Encoding"] = "gzip"
        reply = requests.post(address + "/predict", data=b"\x1f\x8b", headers=headers, timeout=60)
        assert reply.status_code == 415 and "gzip" in reply.json()["detail"], reply.text


PIECES = st.sampled_from(
    [b"--", BOUNDARY, b"\r\n", b"\n", b"\r", b":", b";", b'"', b"=", b"\\", b"name", b"filename*0*",
     b"''", b"%", NAMED, b"; filename=a", b"\r\n\r\n", PHOTO, END, b"\xff", b"\x00",
     b"Content-Type: ", b"image/png", b'Content-Disposition: form-data; name="vividness"']
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(pieces=st.lists(PIECES | st.binary(max_size=8), max_size=30))
def test_no_form_causes_a_500(address, pieces):
    reply = send(address, b"--" + BOUNDARY + b"\r\n" + b"".join(pieces) + END)
    assert reply.status_code in (200, 400, 413, 415), reply.text
