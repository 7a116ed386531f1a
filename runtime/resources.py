"""Documents for long-tail resources: a named, paged thing whose description is one JSON document.

    repositories = Resource("ecr.repository", missing="RepositoryNotFoundException",
                            taken="RepositoryAlreadyExistsException")

A handler calls `create`, `get`, `update`, `delete` and `page`; nothing here makes handlers. When a
noun outgrows documents it gets a table of its own, and only the insides of its handlers change.
"""

from typing import Any

import orjson

from protocols.errors import Error
from runtime import pages
from runtime.context import Context, Members

SCHEMA = """
CREATE TABLE IF NOT EXISTS resource (
    kind      TEXT NOT NULL,
    service   TEXT NOT NULL,
    account   TEXT NOT NULL,
    region    TEXT NOT NULL,
    name      TEXT NOT NULL,
    document  BLOB NOT NULL,
    PRIMARY KEY (kind, account, region, name)
) STRICT, WITHOUT ROWID;
"""


class Resource:
    """One kind of resource: `service.noun`, and the errors for one missing or already there."""

    def __init__(self, kind: str, *, missing: str, taken: str, everywhere: bool = False) -> None:
        self.kind = kind
        self.service, _, self.noun = kind.partition(".")
        self._missing = missing
        self._taken = taken
        self._everywhere = everywhere
        """Of a global service: the same in every region."""

    def _where(self, context: Context) -> tuple[str, str, str]:
        return (self.kind, context.account, "" if self._everywhere else context.region)

    def find(self, context: Context, name: str) -> Members | None:
        """The document, or None."""
        document = context.store.value(
            "SELECT document FROM resource"
            " WHERE kind = ? AND account = ? AND region = ? AND name = ?",
            *(*self._where(context), name),
        )
        return None if document is None else orjson.loads(document)

    def get(self, context: Context, name: str, message: str | None = None) -> Members:
        """The document. Raises the `missing` error."""
        document = self.find(context, name)
        if document is None:
            raise Error(self._missing, message or f"The {self.noun} '{name}' does not exist.")
        return document

    def create(
        self, context: Context, name: str, document: Members, message: str | None = None
    ) -> Members:
        """Keep a new document. Raises the `taken` error."""
        if self.find(context, name) is not None:
            raise Error(self._taken, message or f"The {self.noun} '{name}' already exists.")
        kind, account, region = self._where(context)
        context.store.run(
            "INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?)",
            *(kind, self.service, account, region, name, orjson.dumps(document)),
        )
        return document

    def update(self, context: Context, name: str, changes: Members) -> Members:
        """Replace members of a document. Raises the `missing` error."""
        document = {**self.get(context, name), **changes}
        context.store.run(
            "UPDATE resource SET document = ?"
            " WHERE kind = ? AND account = ? AND region = ? AND name = ?",
            *(orjson.dumps(document), *self._where(context), name),
        )
        return document

    def delete(self, context: Context, name: str, message: str | None = None) -> Members:
        """Remove a document; answers what it was. Raises the `missing` error."""
        document = self.get(context, name, message)
        context.store.run(
            "DELETE FROM resource WHERE kind = ? AND account = ? AND region = ? AND name = ?",
            *(*self._where(context), name),
        )
        return document

    def page(
        self,
        context: Context,
        *,
        limit: int,
        token: str | None,
        invalid_token: Error,
        prefix: str = "",
    ) -> tuple[list[Members], str | None]:
        """Documents in order of their names, and the token of the next page."""
        after: Any = pages.cursor(context, token, error=invalid_token)[0] if token else ""
        rows = context.store.all(
            "SELECT name, document FROM resource"
            " WHERE kind = ? AND account = ? AND region = ? AND name > ? AND name >= ? AND name < ?"
            " ORDER BY name LIMIT ?",
            *(*self._where(context), after, prefix, prefix + "\U0010ffff", limit + 1),
        )
        found = [orjson.loads(document) for _, document in rows[:limit]]
        more = pages.token(context, rows[limit - 1][0]) if len(rows) > limit else None
        return found, more
