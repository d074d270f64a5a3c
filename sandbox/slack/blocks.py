"""Block Kit's limits: what Slack answers `invalid_blocks` for."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sandbox.slack import elements
from sandbox.slack.elements import fault, text_faults

MOST_BLOCKS, MOST_VIEW_BLOCKS = 50, 100
_KNOWN = {"section", "header", "divider", "context", "actions", "image", "input", "rich_text", "markdown", "table"}
Block = dict[str, Any]


def faults(blocks: object, most: int = MOST_BLOCKS) -> list[str]:
    """Messages as Slack words them, each with a JSON pointer; empty when the blocks are valid."""
    if not isinstance(blocks, list):
        return ["[ERROR] must be an array [json-pointer:/blocks]"]
    found = []
    if len(blocks) > most:
        found.append(f"[ERROR] no more than {most} items allowed [json-pointer:/blocks]")
    seen: set[str] = set()
    for place, block in enumerate(blocks):
        path = f"/blocks/{place}"
        if not isinstance(block, dict):
            found.append(fault("must be an object", path))
            continue
        given = block.get("block_id")
        if given is not None:
            if len(str(given)) > 255:
                found.append(fault("must be less than 256 characters", f"{path}/block_id"))
            if given in seen:
                found.append(fault("block_id already exists", f"{path}/block_id"))
            seen.add(given)
        found += _block(block, path)
    return found


def named(blocks: list[Block]) -> list[Block]:
    """The blocks, each with a `block_id`; Slack makes one up where an app gives none."""
    return [
        block if block.get("block_id") else {**block, "block_id": _block_id(block, place)}
        for place, block in enumerate(blocks)
    ]


def interactive(blocks: list[Block]) -> Iterator[tuple[Block, Block]]:
    """Pairs of a block and an element in it that a person can act on."""
    for block in blocks:
        held = [block.get("accessory"), block.get("element"), *(block.get("elements") or ())]
        for element in held:
            if isinstance(element, dict) and element.get("type") in elements.ELEMENTS - {"image"}:
                yield block, element


def _block_id(block: Block, place: int) -> str:
    return hashlib.sha256(json.dumps([place, block]).encode()).hexdigest()[:5]


def _block(block: Block, path: str) -> Iterator[str]:
    kind = block.get("type")
    if kind not in _KNOWN:
        yield fault(f"unsupported type: {kind}", f"{path}/type")
    elif kind == "section":
        yield from _section(block, path)
    elif kind == "header":
        yield from text_faults(block.get("text"), f"{path}/text", 150, plain=True)
    elif kind == "context":
        yield from _context(block, path)
    elif kind == "actions":
        held = block.get("elements")
        if not isinstance(held, list) or not 1 <= len(held) <= 25:
            yield fault("must have between 1 and 25 items", f"{path}/elements")
            return
        for place, element in enumerate(held):
            yield from elements.faults(element, f"{path}/elements/{place}")
    elif kind == "input":
        yield from text_faults(block.get("label"), f"{path}/label", 2000, plain=True)
        yield from elements.faults(block.get("element"), f"{path}/element")
    elif kind == "image":
        yield from _image(block, path)


def _section(block: Block, path: str) -> Iterator[str]:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        yield fault("must provide either text or fields", path)
    if block.get("text") is not None:
        yield from text_faults(block["text"], f"{path}/text", 3000)
    if fields is not None:
        if not isinstance(fields, list) or not 1 <= len(fields) <= 10:
            yield fault("must have between 1 and 10 items", f"{path}/fields")
            return
        for place, item in enumerate(fields):
            yield from text_faults(item, f"{path}/fields/{place}", 2000)
    if block.get("accessory") is not None:
        yield from elements.faults(block["accessory"], f"{path}/accessory")


def _context(block: Block, path: str) -> Iterator[str]:
    held = block.get("elements")
    if not isinstance(held, list) or not 1 <= len(held) <= 10:
        yield fault("must have between 1 and 10 items", f"{path}/elements")
        return
    for place, element in enumerate(held):
        if isinstance(element, dict) and element.get("type") == "image":
            yield from _image(element, f"{path}/elements/{place}")
        else:
            yield from text_faults(element, f"{path}/elements/{place}", 3000)


def _image(block: Block, path: str) -> Iterator[str]:
    for name, most in (("image_url", 3000), ("alt_text", 2000)):
        value = block.get(name)
        if not isinstance(value, str) or not 1 <= len(value) <= most:
            yield fault(f"must be between 1 and {most} characters", f"{path}/{name}")
