"""The vector instructions of the processor, by Linux's names."""

from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16"})
VECTORS = frozenset({"avx2", "avx512f"}) | BFLOAT16


def features(cpuinfo: Path = CPUINFO) -> frozenset[str]:
    """Those of VECTORS that the processor has; none where the system does not report them."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return VECTORS & set(flags.split())


def has_bfloat16(cpuinfo: Path = CPUINFO) -> bool:
    """Whether it multiplies bfloat16 itself; TensorFlow would only imitate it elsewhere."""
    return bool(features(cpuinfo) & BFLOAT16)
