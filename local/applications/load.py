"""From files to Applications: types checked, every error with its place."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from .cluster_only import unused_locally
from .components import load_component
from .environments import environments
from .findings import Finding, Refused
from .loaded import LoadedApplication
from .parse import parse
from .source import Document, read_documents, read_text
from .types import Application

Images = Mapping[str, str]
NO_IMAGES: Images = MappingProxyType({})


def load(
    files: Iterable[Path], images: Images = NO_IMAGES
) -> tuple[list[LoadedApplication], list[Finding]]:
    """The Applications of all files, and what was found: notices, and errors of this machine only.

    `images` say which of this project's another image stands for. Raises Refused for any other
    error, with every one that was found.
    """
    texts: list[tuple[str, str]] = []
    refused: list[Finding] = []
    for file in files:
        try:
            texts.append((str(file), read_text(file)))
        except Refused as error:
            refused += error.findings
    return load_texts(texts, images, refused)


def load_texts(
    texts: Iterable[tuple[str, str]], images: Images = NO_IMAGES, refused: Sequence[Finding] = ()
) -> tuple[list[LoadedApplication], list[Finding]]:
    """The same of (file name, text); `refused` is what was found before."""
    applications: list[LoadedApplication] = []
    findings = list(refused)
    for file, text in texts:
        try:
            documents = read_documents(file, text)
        except Refused as error:
            findings += error.findings
            continue
        if not documents:
            findings.append(Finding(file, 1, "", "the file is empty"))
        for document in documents:
            application, found = _application(document, images)
            findings += found
            if application:
                applications.append(application)
    if any(not (finding.notice or finding.local_only) for finding in findings):
        raise Refused(findings)
    return applications, findings


def _application(
    document: Document, images: Images
) -> tuple[LoadedApplication | None, list[Finding]]:
    parsed, findings = parse(document, (), Application, document.value)
    if not isinstance(parsed, Application):
        return None, findings
    for name in ("policies", "workflow"):
        if getattr(parsed.spec, name):
            findings.append(unused_locally(document, ("spec", name)))
    findings += environments(document, parsed.spec)
    components = []
    for index, component in enumerate(parsed.spec.components):
        loaded, found = load_component(document, ("spec", "components", index), component, images)
        findings += found
        if loaded:
            components.append(loaded)
    metadata = parsed.metadata
    return (
        LoadedApplication(metadata.name, metadata.namespace, tuple(components), document),
        findings,
    )
