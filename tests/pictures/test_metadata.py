"""What a family archive needs stays with the photo: from EXIF, XMP and IPTC, in every format."""

import io
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from pictures import metadata
from pictures.decode import decode
from pictures.encode import encode
from pictures.header import open_header
from pictures.metadata import Metadata
from tests.color_client.pictures import file_of, opened, scene

Tag, GPS, IFD = ExifTags.Base, ExifTags.GPS, ExifTags.IFD
TEXTS = {
    Tag.ImageDescription: "Größe Straße, Київ",
    Tag.Artist: "Ada Lovelace",
    Tag.Copyright: "© 1963",
}
TAKEN = "1963:09:28 14:30:00"


def exif() -> Image.Exif:
    block = Image.Exif()
    for tag, text in TEXTS.items():
        block[tag] = text.encode()
    block[Tag.Orientation] = 6
    block[Tag.Make] = "a camera"
    block[Tag.DateTime] = "2020:01:01 00:00:00"
    block[IFD.Exif] = {Tag.DateTimeOriginal: TAKEN, Tag.ColorSpace: 1}
    block[IFD.GPSInfo] = {
        GPS.GPSLatitudeRef: "N",
        GPS.GPSLatitude: (50.0, 27.0, 0.0),
        GPS.GPSLongitudeRef: "E",
        GPS.GPSLongitude: (30.0, 31.5, 0.0),
    }
    return block


def exif_for(kind: str) -> dict:
    """How to give it to Pillow so that it keeps UTF-8, which it reads as Latin-1."""
    return {"tiffinfo": dict(exif())} if kind == "TIFF" else {"exif": exif().tobytes()}


def read_metadata(file: bytes) -> Metadata:
    return decode(open_header(io.BytesIO(file), 10**6)).metadata


def written(metadata: Metadata, media_type: str) -> bytes:
    return encode(np.zeros((6, 8, 3), np.uint8), None, media_type, metadata)


@pytest.mark.parametrize("out", ["png", "jpeg", "webp", "tiff"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "HEIF"])
def test_everything_is_kept_from_every_format_in_every_format(kind, out):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif")
    resolution = {"dpi": (300, 240)} if kind in ("PNG", "JPEG", "TIFF") else {}
    metadata = read_metadata(file_of(scene(20, 10), kind, **exif_for(kind), **resolution))
    assert metadata.texts == TEXTS and metadata.dates == {Tag.DateTimeOriginal: TAKEN}
    file = written(metadata.select("keep"), f"image/{out}")
    assert read_metadata(file).texts == TEXTS
    after = opened(file)
    block = after.getexif()
    assert block[Tag.DateTime] == "2020:01:01 00:00:00"
    assert block.get_ifd(IFD.Exif) == {Tag.DateTimeOriginal: TAKEN}
    gps = block.get_ifd(IFD.GPSInfo)
    assert gps[GPS.GPSLatitude] == (50, 27, 0) and gps[GPS.GPSLongitude] == (30, 31.5, 0)
    assert gps[GPS.GPSLongitudeRef] == "E"
    # What is no longer true is not there.
    assert not {Tag.Orientation, Tag.Make} & set(block)
    assert "icc_profile" not in after.info
    if resolution:
        assert read_metadata(file).dpi == pytest.approx((300, 240), abs=0.1)
        if out != "webp":
            assert after.info["dpi"] == pytest.approx((300, 240), abs=0.1)


@pytest.mark.parametrize("out", ["png", "jpeg", "webp", "tiff"])
def test_dates_alone_and_nothing(out):
    metadata = read_metadata(file_of(scene(20, 10), "JPEG", exif=exif(), dpi=(300, 300)))
    dates = read_metadata(written(metadata.select("dates"), f"image/{out}"))
    assert dates == Metadata(changed="2020:01:01 00:00:00", dates={Tag.DateTimeOriginal: TAKEN})
    assert read_metadata(written(metadata.select("none"), f"image/{out}")) == Metadata()


XMP = """<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF
 xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:dc='http://purl.org/dc/elements/1.1/'
 xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/' xmlns:exif='http://ns.adobe.com/exif/1.0/'>
<rdf:Description rdf:about='' photoshop:DateCreated='%s' exif:GPSLatitude='50,27.0N'
 exif:GPSLongitude='30,31.5E'>
<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>Київ</rdf:li>
<rdf:li xml:lang='en'>Kyiv</rdf:li></rdf:Alt></dc:description>
<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li><rdf:li>Grace</rdf:li></rdf:Seq></dc:creator>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize(
    ("date", "taken"),
    [
        ("1963-09-28T14:30:00+01:00", TAKEN),
        ("1963-09-28", "1963:09:28   :  :  "),
        ("1963", "1963:  :     :  :  "),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG", "TIFF"])
def test_xmp(kind, date, taken):
    packet = (XMP % date).encode()
    if kind == "TIFF":
        how = {"tiffinfo": {700: packet}}
    elif kind == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        how = {"pnginfo": info}
    else:
        how = {"xmp": packet}
    metadata = read_metadata(file_of(scene(20, 10), kind, **how))
    assert metadata.texts == {Tag.ImageDescription: "Київ", Tag.Artist: "Ada; Grace"}
    assert metadata.dates[Tag.DateTimeOriginal] == taken
    assert metadata.gps[GPS.GPSLatitude] == (50, 27, 0) and metadata.gps[GPS.GPSLongitudeRef] == "E"
    assert read_metadata(written(metadata, "image/png")).dates[Tag.DateTimeOriginal] == taken


def test_iptc():
    def record(number: int, text: str) -> bytes:
        return b"\x1c\2" + bytes([number]) + struct.pack(">H", len(text.encode())) + text.encode()

    iptc = record(120, "Größe") + record(80, "Ada") + record(55, "19630928") + record(60, "143000")
    block = b"8BIM\4\4\0\0" + struct.pack(">I", len(iptc)) + iptc + b"\0" * (len(iptc) % 2)
    segment = b"Photoshop 3.0\0" + block
    file = file_of(scene(20, 10), "JPEG")
    file = file[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + file[2:]
    metadata = read_metadata(file)
    assert metadata.texts == {Tag.ImageDescription: "Größe", Tag.Artist: "Ada"}
    assert metadata.dates == {Tag.DateTimeOriginal: TAKEN}


def test_exif_takes_precedence_over_xmp():
    file = file_of(scene(20, 10), "JPEG", exif=exif(), xmp=(XMP % "1900").encode())
    assert (
        read_metadata(file).texts == TEXTS
        and read_metadata(file).dates[Tag.DateTimeOriginal] == TAKEN
    )


@pytest.mark.parametrize(
    "how",
    [
        {"xmp": b"<not xml"},
        {"xmp": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"},
        {"exif": b"Exif\0\0II*\0\xff\xff"},
    ],
)
def test_broken_metadata_is_ignored(how):
    assert read_metadata(file_of(scene(20, 10), "JPEG", **how)) == Metadata()


def test_texts_too_long_for_a_jpeg_are_cut():
    block = Image.Exif()
    block[Tag.ImageDescription] = "ä" * 29_000
    metadata = read_metadata(file_of(scene(20, 10), "PNG", exif=block))
    assert 3000 < len(metadata.texts[Tag.ImageDescription]) <= 8000
    assert read_metadata(written(metadata, "image/jpeg")).texts == metadata.texts


def test_made_up_resolution_is_ignored():
    for kind in ("JPEG", "TIFF", "PNG", "WEBP"):
        assert read_metadata(file_of(scene(20, 10), kind)).dpi is None
    assert metadata.NOTHING.exif() == b""
