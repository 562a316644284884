"""The table of the portal's routes, as the program prints it, and requests that its rows accept."""
import collections
import json
import subprocess

from portal import JSON, PORTAL

FORM = "application/x-www-form-urlencoded"
SAFE = ("GET", "HEAD", "OPTIONS")
COLUMNS = "method path access caller csrf role body parameters query fields site"
Route = collections.namedtuple("Route", COLUMNS)
Field = collections.namedtuple("Field", "name required kind limit")


def parse_field(text):
    name, kind, limit = (text.split(":") + ["0"])[:3]
    return Field(name.rstrip("?"), not name.endswith("?"), kind, int(limit) or 512)


def parse_fields(text):
    return [] if text == "-" else [parse_field(field) for field in text.split(",")]


def routes():
    text = subprocess.run([PORTAL, "-x", "routes"], check=True, capture_output=True, text=True).stdout
    for line in text.splitlines():
        if not line.startswith(" "):
            method, path, access, caller, csrf, role, body, *lists, site = line.split()
            yield Route(method, path, access, caller, csrf == "csrf", role, body, *map(parse_fields, lists), site)


ROUTES = list(routes())
GOOD = {"line": "x", "text": "", "secret": "x", "code": "000 000", "id": 1, "flag": True, "word": "use", "label": "x",
        "names": ["x"], "lines": ["x"], "pairs": {"x": "x"}}


def in_url(field, good=True):
    """A value of a parameter of a path or of a query field, percent-encoded."""
    if not good:
        return {"id": "0", "flag": "yes", "word": "A"}.get(field.kind, "x" * (field.limit + 1))
    return {"id": "1", "flag": "true"}.get(field.kind, "x")


def url_of(route, wrong=None):
    """The path and query that a route accepts, but for one field that is wrong."""
    path = route.path
    for field in route.parameters:
        path = path.replace("{%s}" % field.name, in_url(field, field is not wrong))
    query = "&".join(field.name + "=" + in_url(field, field is not wrong) for field in route.query
                     if field.required or field is wrong)
    return path + ("?" + query if query else "")


def changes_something(route):
    return route.method not in SAFE


def good_body(route):
    if route.body.startswith("json"):
        return json.dumps({field.name: GOOD[field.kind] for field in route.fields})
    return {"form": "a=b", "xml": "<a/>", "csv": "address\n", "bytes": "x"}.get(route.body)


def type_of(route):
    return {"json": JSON, "json-if-any": JSON, "form": FORM, "xml": "text/xml", "csv": "text/csv",
            "bytes": "application/offset+octet-stream", "none": None}[route.body]
