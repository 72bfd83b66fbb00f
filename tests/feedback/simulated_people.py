"""People who compare two versions behind a canary, as the page has them do it."""

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.color_client.pictures import file_of, scene

_AT_ONCE = 4
# Behind an even canary, two in a million never see both versions so.
_TRIES = 20
_PHOTOS = [file_of(scene(40 + number, 30)) for number in range(50)]


class Person:
    """Somebody who looks at one photo in two versions, and likes `favorite` so often."""

    def __init__(self, number: int, favorite: str, preference: float):
        self.mind = random.Random(number)
        self.photo = self.mind.choice(_PHOTOS)
        self.likes_favorite = self.mind.random() < preference
        self.favorite = favorite

    def compare(self, client: str) -> str:
        """Ask the client at that address until both versions have answered, and choose; returns
        the model that was chosen.
        """
        with requests.Session() as session:
            receipts: dict[str, str] = {}
            for _ in range(_TRIES):
                files = {"content_image": self.photo}
                reply = session.post(f"{client}/predict", files=files, timeout=120)
                if reply.status_code in (503, 504):  # a busy machine
                    continue
                assert reply.status_code == 200, reply.text
                receipts[reply.headers["X-Model"]] = reply.headers["X-Receipt"]
                if len(receipts) == 2:
                    break
            models = sorted(receipts)
            assert len(models) == 2, models
            self.mind.shuffle(models)
            chosen = next(m for m in models if (m == self.favorite) == self.likes_favorite)
            vote = {
                "receipts": [receipts[model] for model in models],
                "choice": ("first", "second")[models.index(chosen)],
            }
            reply = session.post(f"{client}/feedback", json=vote, timeout=60)
            assert reply.status_code == 200, reply.text
            assert reply.json() == {"recorded": "choice", "models": models}
            return chosen


def compare(client: str, people: Iterable[int], favorite: str, preference: float) -> list[str]:
    """What those people choose, several of them at once."""
    with ThreadPoolExecutor(_AT_ONCE) as crowd:
        everybody = [Person(number, favorite, preference) for number in people]
        return list(crowd.map(lambda person: person.compare(client), everybody))
