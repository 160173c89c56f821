"""§about§

`§Name§` is one §singular§, checked when it is made. `§Name§s` keeps them by id:
add, get, update, remove, search and sort.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Iterator


class ValidationError(ValueError):
    """A field does not hold what it must; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


@dataclass(frozen=True)
class §Name§:
§fields§
    def __post_init__(self) -> None:
§checks§

class §Name§s:
    """Keeps §plural§ in memory, each under an id that is never used again."""

    def __init__(self) -> None:
        self._items: dict[int, §Name§] = {}
        self._next_id = 1

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[tuple[int, §Name§]]:
        return iter(sorted(self._items.items()))

    def add(self, §var§: §Name§) -> int:
        """Keep a §singular§ and return its id."""
        new_id = self._next_id
        self._items[new_id] = §var§
        self._next_id += 1
        return new_id

    def get(self, id: int) -> §Name§:
        """Return one §singular§; KeyError when there is none with this id."""
        return self._items[id]

    def update(self, id: int, **changes: object) -> §Name§:
        """Change fields of a §singular§; the new one is checked like any other."""
        known = {field.name for field in fields(§Name§)}
        for name in changes:
            if name not in known:
                raise ValidationError(name, "there is no such field")
        self._items[id] = replace(self._items[id], **changes)
        return self._items[id]

    def remove(self, id: int) -> §Name§:
        """Forget a §singular§ and return it; KeyError when there is none."""
        return self._items.pop(id)

    def search(self, text: str = "", **wanted: object) -> list[tuple[int, §Name§]]:
        """Find by a part of any text, and by exact values of fields."""
        text = text.lower()

        def matches(§var§: §Name§) -> bool:
            values = [str(getattr(§var§, field.name)).lower() for field in fields(§var§)]
            return any(text in value for value in values) and all(
                getattr(§var§, name) == value for name, value in wanted.items()
            )

        return [(id, §var§) for id, §var§ in self if matches(§var§)]

    def sorted_by(self, field: str, reverse: bool = False) -> list[tuple[int, §Name§]]:
        """All §plural§ by one field; those without a value come last."""
        filled = [pair for pair in self if getattr(pair[1], field) is not None]
        empty = [pair for pair in self if getattr(pair[1], field) is None]
        return sorted(filled, key=lambda pair: getattr(pair[1], field), reverse=reverse) + empty
