"""Files that an app uploads: first an address, then the bytes."""

import mimetypes
import uuid
from dataclasses import dataclass, field
from typing import Any

from sandbox.company.reference import BOT_ID


@dataclass
class File:
    """One upload."""

    file_id: str
    name: str
    key: str
    """The secret end of the address to which the bytes go."""
    content: bytes | None = None
    is_complete: bool = False
    title: str = ""

    def body(self) -> dict[str, Any]:
        """As Slack shows it."""
        kind = mimetypes.guess_type(self.name)[0] or "application/octet-stream"
        return {
            "id": self.file_id,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": kind,
            "filetype": self.name.rpartition(".")[2] or "binary",
            "size": len(self.content or b""),
            "user": BOT_ID,
            "mode": "hosted",
            "permalink": f"/_sandbox/slack/files/{self.file_id}",
        }


@dataclass
class Files:
    """All uploads, by id."""

    by_id: dict[str, File] = field(default_factory=dict)

    def start(self, name: str) -> File:
        """A file whose bytes are yet to come."""
        file = File(f"F0SANDBOX{len(self.by_id):02d}", name, uuid.uuid4().hex)
        self.by_id[file.file_id] = file
        return file

    def receive(self, key: str, content: bytes) -> File | None:
        """Keep the bytes that came to an address; None if it is no upload's, or the upload is over."""
        for file in self.by_id.values():
            if file.key == key and not file.is_complete:
                file.content = content
                return file
        return None
