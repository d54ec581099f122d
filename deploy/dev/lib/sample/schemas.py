"""Real input: the preferences of desktop applications, as their GSettings schemas declare them."""

import dataclasses
import pathlib
import xml.etree.ElementTree as ElementTree

DIRECTORY = pathlib.Path("/usr/share/glib-2.0/schemas")


@dataclasses.dataclass(frozen=True)
class Schema:
    id: str
    defaults: dict[str, str]  # key -> default, in GVariant's text form


def read_schemas(directory=DIRECTORY):
    """The schemas that have keys, in order of their ids."""
    found = {}
    for path in sorted(directory.glob("*.gschema.xml")):
        for element in ElementTree.parse(path).getroot().iter("schema"):
            defaults = {key.get("name"): (key.findtext("default") or "").strip()
                        for key in element.findall("key")}
            if defaults:
                found[element.get("id")] = Schema(element.get("id"), defaults)
    return [found[name] for name in sorted(found)]


def share_out(schemas, at_least, at_most):
    """Splits the schemas among identities: `at_least` of them, each with `at_most` schemas."""
    groups = max(at_least, -(-len(schemas) // at_most))
    return [schemas[number::groups] for number in range(groups)]
