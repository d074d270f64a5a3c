"""The pack for print: the same document and the same charts, set by Typst, which needs no browser and no font."""

import json
from dataclasses import asdict
from pathlib import Path

import typst

from handoff import charts
from handoff.agreement.document import Document
from handoff.settings import settings

TEMPLATE = Path(__file__).parent / "pack.typ"


def pdf(document: Document) -> bytes:
    """A PDF/UA-style tagged file of A4 pages, with the charts as vectors and links to the leads behind the figures.

    Its values are data of the template and never its markup.
    """
    said = asdict(document) | {"root": f"{settings().public_url}/handoff"}
    for section in said["sections"]:
        for picture in section["pictures"]:
            picture["svg"] = charts.svg(picture.pop("definition"))
    made = typst.compile(
        TEMPLATE.read_bytes(), sys_inputs={"pack": json.dumps(said)}, ignore_system_fonts=True, format="pdf"
    )
    if not isinstance(made, bytes):
        raise TypeError("Typst made no single file of the pack")
    return made
