"""The limits that docs/operations.md states, as the soak checks them."""

# The program itself, idle, both processes of it; and what Python and glibc keep of what was freed.
BASE_MB = 150.0


def memory_mb(
    client: str,
    *,
    max_in_hand: int = 64,
    max_upload_mb: float = 25.0,
    max_pixels_in_hand: int = 100_000_000,
) -> float:
    """The most memory of a client with those settings, in megabytes."""
    pictures = 2 if client == "style" else 1
    return BASE_MB + 13 * max_pixels_in_hand / 1e6 + max_in_hand * pictures * max_upload_mb
