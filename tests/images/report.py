"""The table at the end of `make images-test`: each image, its size, and what it showed."""

from pathlib import Path


class Report:
    """What is known of each image so far."""

    def __init__(self) -> None:
        self.sizes: dict[str, tuple[float, float]] = {}
        self.shown: dict[str, list[str]] = {}
        self.base = ""

    def showed(self, image: str, what: str) -> None:
        """Note what an image was seen to do."""
        self.shown.setdefault(image, []).append(what)
        print(f"\n  {image}: {what}", flush=True)

    def table(self) -> str:
        """All of it as a Markdown table."""
        lines = ["| image | MB unpacked | MB compressed | what it showed |", "|---|---|---|---|"]
        for image in dict.fromkeys([*self.sizes, *self.shown]):
            size = self.sizes.get(image)
            numbers = [f"{each:.0f}" for each in size] if size else ["", ""]
            what = "<br>".join(self.shown.get(image, []))
            lines.append(f"| {' | '.join([image, *numbers, what])} |")
        return f"base: {self.base}\n\n" + "\n".join(lines) + "\n"

    def write(self, path: Path) -> None:
        """The table as a file."""
        path.write_text(self.table())
