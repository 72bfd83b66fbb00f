"""A multipart form (RFC 7578), read in memory, or the reason why it cannot be read.

Uses Werkzeug's decoder under a reader of our own: Werkzeug's reader returns an empty form where it
understands nothing, as with a file name in Latin-1, and takes a file with an odd quote in its name
for text.
"""

import io
import re
from collections.abc import Iterator
from typing import IO

from werkzeug.datastructures import FileStorage, Headers
from werkzeug.formparser import FormDataParser
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    NeedData,
    State,
)

MAX_PARTS = 20
# Of what is no file: headers, and texts.
_MAX_TEXT_BYTES = 262_144
_BLOCK = 65_536
# Whether there is one is what counts; the name itself is never used, and may be misquoted.
_FILE_NAME = re.compile(r";\s*filename\*?[\d*]*\s*=", re.IGNORECASE)


class UnreadableForm(Exception):
    """The body is not a form that can be read; the text, a sentence, says why."""


class FormParser(FormDataParser):
    """Flask's form parser, except that multipart forms are read here, or raise UnreadableForm."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple:
        """See werkzeug.formparser. Raises RequestEntityTooLarge for too many parts, too."""
        if mimetype != "multipart/form-data":
            return super().parse(stream, mimetype, content_length, options)
        boundary = (options or {}).get("boundary", "")
        if not boundary or not boundary.isascii():
            raise UnreadableForm(
                "The header Content-Type names no boundary that can be read. Do not set it "
                "yourself: curl -F, and every library that sends forms, writes it."
            )
        texts, files = [], []
        for part, data in _parts(stream, boundary.encode()):
            if isinstance(part, File):
                files.append((part.name, FileStorage(data, part.filename, part.name)))
            else:
                texts.append((part.name, data.getvalue().decode(errors="replace")))
        return stream, self.cls(texts), self.cls(files)


class _Decoder(MultipartDecoder):
    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        try:
            return super()._parse_headers(data)
        except UnicodeDecodeError:
            return super()._parse_headers(data.decode("latin-1").encode())


def _parts(stream: IO[bytes], boundary: bytes) -> Iterator[tuple[Field | File, io.BytesIO]]:
    """Each part with what it holds. Raises UnreadableForm and RequestEntityTooLarge."""
    part: Field | File | None = None
    content = io.BytesIO()
    for event in _events(stream, boundary):
        if isinstance(event, Field | File):
            part, content = _classified(event), io.BytesIO()
        elif isinstance(event, Data) and part is not None:
            content.write(event.data)
            if isinstance(part, Field) and content.tell() > _MAX_TEXT_BYTES:
                raise UnreadableForm(
                    f"The field {part.name[:64]} holds more text than an option can. A picture "
                    f"must be sent as a file: -F {part.name[:64]}=@photo.jpg."
                )
            if not event.more_data:
                content.seek(0)
                yield part, content


def _classified(part: Field | File) -> Field | File:
    """The part; a File where its headers say that it is one. Raises UnreadableForm."""
    if not part.name:
        raise UnreadableForm("A part of the form has no name. Each needs name=… in its header.")
    content_type = part.headers.get("Content-Type", "text/plain").lower()
    encoding = part.headers.get("Content-Transfer-Encoding", "binary").strip().lower()
    if content_type.startswith("multipart/"):
        raise UnreadableForm(f"The field {part.name[:64]} holds several files in one. Send one.")
    if encoding not in ("7bit", "8bit", "binary"):
        raise UnreadableForm(
            f"The field {part.name[:64]} is encoded as {encoding[:64]}. Send it as it is."
        )
    named = _FILE_NAME.search(part.headers["Content-Disposition"])
    if named or not content_type.startswith("text/"):
        return File(part.name, "", part.headers)
    return part


def _events(stream: IO[bytes], boundary: bytes) -> Iterator[Event]:
    decoder = _Decoder(boundary, max_parts=MAX_PARTS)
    while True:
        block = stream.read(_BLOCK)
        if decoder.state is State.EPILOGUE:
            # What comes after the form is read, so that the answer is, and dropped.
            if not block:
                return
            continue
        try:
            decoder.receive_data(block or None)
            while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
                yield event
        except ValueError:
            raise _incomplete(decoder.state) from None
        if decoder.state in (State.PREAMBLE, State.PART) and len(decoder.buffer) > _MAX_TEXT_BYTES:
            raise _incomplete(decoder.state)


def _incomplete(state: State) -> UnreadableForm:
    if state is State.PREAMBLE:
        return UnreadableForm(
            "The body holds no form: the boundary that Content-Type names never comes in it."
        )
    if state is State.PART:
        return UnreadableForm(
            "A part of the form has no header that can be read. Each needs "
            'Content-Disposition: form-data; name="…", an empty line, and what it holds.'
        )
    return UnreadableForm("The form ended before its last boundary. Send it again.")
