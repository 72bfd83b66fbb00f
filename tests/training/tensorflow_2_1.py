"""The real C++ runtime of TensorFlow 2.1.0, the one inside the cluster's TensorFlow Serving.

Its wheel is for Python 3.7, but the libraries in it load without that Python: the one symbol that
they want of it is supplied by a shim. Run as a program of its own, since these libraries cannot
share a process with today's TensorFlow:

    python tensorflow_2_1.py LIBRARIES SAVED_MODEL < request.pickle > reply.pickle

The request is `{"inputs": {tensor name: array}, "outputs": [(tensor name, is string)]}`; arrays are
float32 or bytes objects.
"""

import ctypes
import fcntl
import pickle
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

WHEEL = "tensorflow-cpu==2.1.0"
CACHE = Path(__file__).resolve().parents[2] / ".cache"
FLOAT, STRING = 1, 7  # TF_DataType


def libraries() -> Path:
    """Download the wheel once (105 MB) and unpack its two libraries and the shim; their folder."""
    import pytest

    if platform.system() != "Linux" or platform.machine() != "x86_64":
        pytest.skip("TensorFlow 2.1.0 has libraries for Linux on x86-64 alone")
    if not shutil.which("cc"):
        pytest.skip("needs a C compiler (cc) for a one-line shim")
    folder = CACHE / "tensorflow-2.1.0"
    folder.mkdir(parents=True, exist_ok=True)
    with (CACHE / "tensorflow-2.1.0.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side, and one of them does it for all
        if not (folder / "shim.so").exists():
            _download(folder)
    return folder


def _download(libraries: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    target = ["--python-version", "37", "--implementation", "cp", "--abi", "cp37m"]
    target += ["--platform", "manylinux2010_x86_64", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*pip, *target, "--dest", libraries, WHEEL], check=True)
    (wheel,) = libraries.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if member.endswith(("libtensorflow_framework.so.2", "_pywrap_tensorflow_internal.so")):
                (libraries / Path(member).name).write_bytes(archive.read(member))
    wheel.unlink()
    source = libraries / "shim.c"
    source.write_text("char _Py_CheckRecursionLimit[256];\n")
    command = ["cc", "-shared", "-fPIC", "-o", libraries / "shim.so", source]
    subprocess.run(command, check=True)


def definitions(saved_model: Path) -> dict:
    """The signatures of a SavedModel, by name: what their tensors are called in the graph."""
    from tensorflow.core.protobuf import saved_model_pb2

    proto = saved_model_pb2.SavedModel.FromString((saved_model / "saved_model.pb").read_bytes())
    return proto.meta_graphs[0].signature_def


def run(saved_model: Path, inputs: dict, outputs: list) -> list:
    """Run `saved_model` in a process of the old runtime; raises RuntimeError with its message.
    The test is skipped where that runtime cannot be had.
    """
    command = [sys.executable, "-W", "ignore", __file__, libraries(), saved_model]
    request = pickle.dumps({"inputs": inputs, "outputs": outputs})
    done = subprocess.run(command, input=request, capture_output=True, timeout=300)
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
    return pickle.loads(done.stdout)


class Output(ctypes.Structure):
    """TF_Output of c_api.h."""

    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


class Buffer(ctypes.Structure):
    """TF_Buffer of c_api.h."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("deallocator", ctypes.c_void_p),
    ]


def encode_string(value: bytes) -> bytes:
    """One string as TF_STRING tensors of 2.1 hold it: an offset, a varint length, the bytes."""
    length, varint = len(value), b""
    while length > 0x7F:
        varint += bytes([length & 0x7F | 0x80])
        length >>= 7
    return bytes(8) + varint + bytes([length]) + value


def decode_string(data: bytes) -> bytes:
    """The one string in a TF_STRING tensor of 2.1."""
    at, length, shift = 8, 0, 0
    while True:
        byte = data[at]
        length |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return data[at : at + length]


def serve(libraries: Path, saved_model: str) -> None:
    """Read a request, answer it, in this process."""
    import numpy as np
    import numpy.random  # noqa: F401 - before the libraries: their symbols clash with its own

    for name in ("shim.so", "libtensorflow_framework.so.2", "_pywrap_tensorflow_internal.so"):
        tf = ctypes.CDLL(str(libraries / name), mode=ctypes.RTLD_GLOBAL)
    for name in ("TF_NewStatus", "TF_NewGraph", "TF_NewSessionOptions", "TF_AllocateTensor"):
        getattr(tf, name).restype = ctypes.c_void_p
    for name in ("TF_LoadSessionFromSavedModel", "TF_GraphOperationByName", "TF_TensorData"):
        getattr(tf, name).restype = ctypes.c_void_p
    tf.TF_Message.restype = ctypes.c_char_p
    tf.TF_Dim.restype = ctypes.c_int64
    tf.TF_TensorByteSize.restype = ctypes.c_size_t
    pointer = ctypes.c_void_p
    status, graph = pointer(tf.TF_NewStatus()), pointer(tf.TF_NewGraph())

    def check() -> None:
        if tf.TF_GetCode(status):
            raise RuntimeError(tf.TF_Message(status).decode())

    def output(name: str) -> Output:
        operation, _, index = name.partition(":")
        found = tf.TF_GraphOperationByName(graph, operation.encode())
        if not found:
            raise RuntimeError(f"no operation {operation}")
        return Output(found, int(index or 0))

    def tensor(value: object) -> ctypes.c_void_p:
        if isinstance(value, bytes):
            kind, shape, data = STRING, (1,), encode_string(value)
        else:
            kind, shape, data = FLOAT, value.shape, np.ascontiguousarray(value).tobytes()
        dims = (ctypes.c_int64 * len(shape))(*shape)
        made = pointer(tf.TF_AllocateTensor(kind, dims, len(shape), ctypes.c_size_t(len(data))))
        ctypes.memmove(tf.TF_TensorData(made), data, len(data))
        return made

    def value(made: ctypes.c_void_p, is_string: bool) -> object:
        data = ctypes.string_at(tf.TF_TensorData(made), tf.TF_TensorByteSize(made))
        if is_string:
            return decode_string(data)
        shape = [tf.TF_Dim(made, axis) for axis in range(tf.TF_NumDims(made))]
        return np.frombuffer(data, np.float32).reshape(shape)

    request = pickle.load(sys.stdin.buffer)
    tags = (ctypes.c_char_p * 1)(b"serve")
    options, meta = pointer(tf.TF_NewSessionOptions()), Buffer()
    session = pointer(
        tf.TF_LoadSessionFromSavedModel(
            options, None, saved_model.encode(), tags, 1, graph, ctypes.byref(meta), status
        )
    )
    check()
    feeds, fetches = request["inputs"], request["outputs"]
    results = (ctypes.c_void_p * len(fetches))()
    tf.TF_SessionRun(
        session,
        None,
        (Output * len(feeds))(*map(output, feeds)),
        (ctypes.c_void_p * len(feeds))(*(tensor(v).value for v in feeds.values())),
        len(feeds),
        (Output * len(fetches))(*(output(name) for name, _ in fetches)),
        results,
        len(fetches),
        None,
        0,
        None,
        status,
    )
    check()
    reply = [value(pointer(r), text) for r, (_, text) in zip(results, fetches, strict=True)]
    sys.stdout.buffer.write(pickle.dumps(reply))


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2])
