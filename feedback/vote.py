"""A vote, as in the JSON of POST /feedback."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from web.problems import Problem

from .receipts import Receipt

Kind = Literal["choice", "rating", "download"]

# What a choice says of the first answer, and of the second.
CHOICES = {
    "first": ("won", "lost"),
    "second": ("lost", "won"),
    "both": ("both", "both"),
    "neither": ("neither", "neither"),
}
RATINGS = {1: "up", 0: "down"}

# What POST /feedback takes, as a JSON Schema.
_RECEIPT = {"type": "string", "description": "The header X-Receipt of an answer."}


def _object_schema(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


VOTE_SCHEMA = {
    "oneOf": [
        _object_schema(
            receipts={"type": "array", "items": _RECEIPT, "minItems": 2, "maxItems": 2},
            choice={"enum": list(CHOICES)},
        ),
        _object_schema(receipt=_RECEIPT, rating={"enum": list(RATINGS)}),
        _object_schema(receipt=_RECEIPT, downloaded={"const": True}),
    ]
}


@dataclass(frozen=True)
class Vote:
    """One vote: for each receipt, the result (see CHOICES, RATINGS, or `downloaded`)."""

    kind: Kind
    results: tuple[tuple[Receipt, str], ...]

    @property
    def models(self) -> list[str]:
        """The models that it is about, in the order in which they were named."""
        return [receipt.model for receipt, _ in self.results]

    @property
    def route(self) -> str:
        """`color` or `style`; `color-style` where it is about one of each."""
        return "-".join(sorted({receipt.route for receipt, _ in self.results}))


def read_vote(body: Any, read_receipt: Callable[[str], Receipt]) -> Vote:
    """The vote in a parsed body; `read_receipt` reads a receipt. Raises Problem 400 if it is not a
    vote, and what `read_receipt` raises.
    """
    match body:
        case {"receipts": [str(one), str(other)], "choice": str(choice), **rest} if (
            choice in CHOICES and not rest
        ):
            first, second = read_receipt(one), read_receipt(other)
            _check_comparable(first, second)
            won, lost = CHOICES[choice]
            return Vote("choice", ((first, won), (second, lost)))
        case {"receipt": str(one), "rating": 0 | 1 as rating, **rest} if (
            not isinstance(rating, bool) and not rest
        ):
            return Vote("rating", ((read_receipt(one), RATINGS[rating]),))
        case {"receipt": str(one), "downloaded": True, **rest} if not rest:
            return Vote("download", ((read_receipt(one), "downloaded"),))
    raise Problem(
        400,
        "not-a-vote",
        'Send {"receipts": [A, B], "choice": "first"|"second"|"both"|"neither"}, '
        '{"receipt": A, "rating": 0|1} or {"receipt": A, "downloaded": true}, where A and B are '
        "values of the header X-Receipt.",
    )


def _check_comparable(first: Receipt, second: Receipt) -> None:
    if first.photo != second.photo:
        raise Problem(400, "not-comparable", "The two receipts are of different photos.")
    if (first.route, first.model) == (second.route, second.model):
        raise Problem(
            400, "not-comparable", f"Both receipts are of {first.model}. Compare two models."
        )
    if first.route == second.route and first.options != second.options:
        raise Problem(
            400,
            "not-comparable",
            "The two pictures were asked for with different options, so that a choice says nothing "
            "of the models. Ask for both with the same.",
        )
