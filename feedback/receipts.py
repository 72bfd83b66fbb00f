"""Receipts: a signed token that comes with each picture and is sent back with a vote."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

from web.problems import Problem

HEADER = "X-Receipt"
# Receipts of another shape get another number.
_SALT = "colorway receipt 1"
_MAX_AGE_S = 24 * 3600
_HASH_BYTES = 12


@dataclass(frozen=True)
class Receipt:
    """One answer: the receipt's ID, the request's ID, a hash of the photo, and how the picture was
    made: the route, the model, and the options that were not at their default.
    """

    id: str
    request_id: str
    photo: str
    route: str
    model: str
    options: Mapping[str, Any]


class Receipts:
    """Issues and reads receipts, with a `secret_key` that replicas share. Threads may share it.

    A receipt is signed, not encrypted: it holds nothing that its caller did not know.
    """

    def __init__(self, secret_key: str = "", max_age_s: int = _MAX_AGE_S):
        key = secret_key or secrets.token_hex(32)
        self._hash_key = hmac.digest(key.encode(), b"hashes", "sha256")
        self._max_age_s = max_age_s
        self._signer = URLSafeTimedSerializer(
            key,
            salt=_SALT,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def keyed_hash(self, data: bytes) -> str:
        """A keyed hash: without the key, nobody can tell whether it is that of a given photo."""
        return hmac.digest(self._hash_key, data, "sha256")[:_HASH_BYTES].hex()

    def issue(
        self,
        photo: bytes,
        *,
        request_id: str,
        route: str,
        model: str | None,
        options: Mapping[str, Any],
    ) -> str:
        """A receipt, as the value of a header. `photo` is a hash of the file."""
        name = model or f"{route}/unnamed"
        photo_hash = self.keyed_hash(photo)
        row = [secrets.token_urlsafe(12), request_id, photo_hash, route, name, dict(options)]
        token = self._signer.dumps(row)
        return token if isinstance(token, str) else token.decode()

    def read(self, token: str) -> Receipt:
        """The content of a receipt. Raises Problem: 400 it is not valid here, 410 it is too old."""
        try:
            row, issued = self._signer.loads(token, return_timestamp=True)
        except BadSignature:
            raise Problem(
                400,
                "receipt-unknown",
                "The receipt is none of this client's. It may be cut short, or older than the "
                "client's start, where SECRET_KEY is not set. Ask for the picture again.",
            ) from None
        # One from the future is good: this clock was put back, or a replica's is ahead of it.
        if time.time() - issued.timestamp() > self._max_age_s:
            detail = "The receipt is too old: votes are taken for a day."
            raise Problem(410, "receipt-old", detail)
        return Receipt(*row)
