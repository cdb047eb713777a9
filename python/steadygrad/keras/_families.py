"""``get``, ``serialize`` and ``deserialize`` of a family: by name, by settings, or as it is."""

from __future__ import annotations

import json
from typing import Any, Callable

from .. import _native
from ._base.settings import Described, _finite, plain, serialized

__all__ = ["getters"]


def getters(family: str, members: dict[str, Any], functions: bool = False) -> tuple[Callable[..., Any], ...]:
    """The three functions for the family whose classes are these; ``functions`` of the user's own pass as they are."""

    def get(identifier: Any) -> Any:
        if identifier is None or isinstance(identifier, Described):
            return identifier
        if isinstance(identifier, type) and issubclass(identifier, Described):
            return identifier()
        if isinstance(identifier, (str, dict)):
            return deserialize(identifier)
        if functions and callable(identifier):
            return identifier
        raise ValueError(f"a name, settings or a member of `{family}` is expected, got {identifier!r}")

    def serialize(member: Any) -> Any:
        if not isinstance(member, Described):
            raise ValueError(f"{member!r} is not of the family `{family}`, or a function of your own, which has no settings")
        told = serialized(family, plain(member))
        told["config"] = member.get_config()
        return told

    def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        name = config if isinstance(config, str) else config.get("class_name")
        if custom_objects and name in custom_objects:
            made = custom_objects[name]
            return made(**config.get("config", {})) if isinstance(config, dict) and isinstance(made, type) else made
        told = json.loads(_native.describe(family, json.dumps(_finite(plain(config)))))
        cls = members[told["class_name"]]
        said = {key: value for key, value in (config.get("config") or {}).items()} if isinstance(config, dict) else {}
        return cls.from_config(said)

    get.__doc__ = f"The {family} of this name or these settings; one that is there already, as it is."
    serialize.__doc__ = f"A {family} as ``{{module, class_name, config}}``."
    deserialize.__doc__ = f"The {family} of such settings."
    return get, serialize, deserialize
