"""Paths to operations, for the REST protocols: a tree of path segments, compiled once a service.

Where several operations share a path, the one whose fixed query keys and required query and
header members are all there wins; most of them first. Query keys that no operation names
(`?x-id=...`, unknown sub-resources) decide nothing.
"""

from typing import Any, NamedTuple

from protocols.http import Request, parse_query, unquote
from protocols.model import Operation, Service

_IGNORED = frozenset({"x-id"})


class Route(NamedTuple):
    """One operation's way in."""

    operation: str
    labels: tuple[tuple[int, str], ...]  # segment's place (from the end after a greedy one), name
    greedy: tuple[int, int, str] | None  # first segment, segments after it, name
    fixed: tuple[tuple[str, str | None], ...]  # query keys the path template demands
    keys: tuple[str, ...]  # query keys of required members
    headers: tuple[bytes, ...]  # headers of required members
    deprecated: bool


class Choices:
    """The operations that share one path."""

    __slots__ = ("bare", "routes")

    def __init__(self) -> None:
        self.routes: list[Route] = []
        self.bare: list[Route] = []  # those that a request without a query string can mean

    def order(self) -> None:
        """Put the most demanding first."""
        # Old names of an operation that has a newer one come last: GetBucketLifecycle.
        self.routes.sort(key=lambda route: (route.deprecated, -len(route.fixed)))
        self.bare = [route for route in self.routes if not route.fixed and not route.keys]
        self.bare.sort(key=lambda route: (route.deprecated, -len(route.headers)))


class Node:
    """A place in the tree of segments."""

    __slots__ = ("choices", "greedy", "label", "literals")

    def __init__(self) -> None:
        self.literals: dict[str, Node] = {}
        self.label: Node | None = None
        self.choices: Choices | None = None
        self.greedy: list[tuple[tuple[str | None, ...], Choices]] = []


def table(service: Service) -> dict[str, Node]:
    """A service's paths: the root of their tree for each method."""
    found: dict[str, Node] | None = service.compiled.get("routes")
    if found is None:
        found = service.compiled["routes"] = _compile(service)
    return found


def match(service: Service, request: Request) -> tuple[Operation, dict[str, str]] | None:
    """The operation that a request calls, and its decoded labels; None if there is none."""
    root = table(service).get(request.method)
    if root is None:
        return None
    segments = request.path.split("/")
    del segments[0]
    route = _walk(root, segments, 0, request)
    if route is None and segments and segments[-1] == "":
        # A slash at the end means nothing, unless a greedy label took it above.
        segments.pop()
        route = _walk(root, segments, 0, request)
    if route is None:
        return None
    labels: dict[str, str] = {}
    for place, name in route.labels:
        segment = segments[place]
        labels[name] = unquote(segment) if "%" in segment else segment
    if route.greedy is not None:
        first, after, name = route.greedy
        text = "/".join(segments[first : len(segments) - after])
        labels[name] = unquote(text) if "%" in text else text
    return service.operations[route.operation], labels


def _walk(node: Node, segments: list[str], place: int, request: Request) -> Route | None:
    if place == len(segments):
        return None if node.choices is None else _choose(node.choices, request)
    segment = segments[place]
    inner = node.literals.get(segment)
    if inner is not None:
        found = _walk(inner, segments, place + 1, request)
        if found is not None:
            return found
    if node.label is not None and segment:
        found = _walk(node.label, segments, place + 1, request)
        if found is not None:
            return found
    for suffix, choices in node.greedy:
        rest = len(segments) - place - len(suffix)
        if rest < 1 or (rest == 1 and not segment):
            continue
        tail = segments[len(segments) - len(suffix) :] if suffix else ()
        if all(want is None or want == have for want, have in zip(suffix, tail, strict=True)):
            found = _choose(choices, request)
            if found is not None:
                return found
    return None


def _choose(choices: Choices, request: Request) -> Route | None:
    headers = request.headers
    if not request.query:
        for route in choices.bare:
            if not route.headers or all(name in headers for name in route.headers):
                return route
    elif len(choices.routes) == 1 and not choices.routes[0].fixed:
        return choices.routes[0]
    arguments = request.arguments
    best: Route | None = None
    best_score = (-1, 0, 0)
    for route in choices.routes:
        if route.fixed and not _has_fixed(route, arguments):
            continue
        met = missing = 0
        for key in route.keys:
            if key in arguments:
                met += 1
            else:
                missing += 1
        for name in route.headers:
            if name in headers:
                met += 1
            else:
                missing += 1
        score = (len(route.fixed), -missing, met)
        if score > best_score:
            best, best_score = route, score
    return best


def _has_fixed(route: Route, arguments: dict[str, list[str]]) -> bool:
    for key, value in route.fixed:
        found = arguments.get(key)
        if found is None or (value is not None and value not in found):
            return False
    return True


def _compile(service: Service) -> dict[str, Node]:
    roots: dict[str, Node] = {}
    for name in service.operations:
        http = service.operations.raw(name).get("http", {})
        root = roots.setdefault(http.get("method", "POST"), Node())
        _insert(root, service, name, http.get("requestUri", "/"))
    for root in roots.values():
        _order(root)
    return roots


def _order(node: Node) -> None:
    if node.choices is not None:
        node.choices.order()
    node.greedy.sort(key=lambda item: -len(item[0]))
    for _, choices in node.greedy:
        choices.order()
    for inner in node.literals.values():
        _order(inner)
    if node.label is not None:
        _order(node.label)


def _insert(root: Node, service: Service, name: str, template: str) -> None:
    path, _, query = template.partition("?")
    segments = path.lstrip("/").split("/") if path.strip("/") else [""]
    if len(segments) > 1 and not segments[-1]:
        segments.pop()
    labels: list[tuple[int, str]] = []
    greedy: tuple[int, int, str] | None = None
    suffix: list[str | None] = []
    node = root
    for place, segment in enumerate(segments):
        label = segment[1:-1] if segment.startswith("{") and segment.endswith("}") else None
        if label is not None and label.endswith("+"):
            greedy = (place, len(segments) - place - 1, label[:-1])
        elif label is not None:
            labels.append((place if greedy is None else place - len(segments), label))
            if greedy is None:
                if node.label is None:
                    node.label = Node()
                node = node.label
            else:
                suffix.append(None)
        elif greedy is None:
            node = node.literals.setdefault(segment, Node())
        else:
            suffix.append(segment)
    keys, headers = _required(service, name)
    deprecated = bool(service.operations.raw(name).get("deprecated"))
    route = Route(name, tuple(labels), greedy, _fixed(query), keys, headers, deprecated)
    if greedy is None:
        if node.choices is None:
            node.choices = Choices()
        node.choices.routes.append(route)
        return
    for tail, choices in node.greedy:
        if tail == tuple(suffix):
            choices.routes.append(route)
            return
    node.greedy.append((tuple(suffix), Choices()))
    node.greedy[-1][1].routes.append(route)


def _fixed(query: str) -> tuple[tuple[str, str | None], ...]:
    return tuple(
        (key, values[0] or None)
        for key, values in parse_query(query).items()
        if key not in _IGNORED
    )


def _required(service: Service, name: str) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    reference = service.operations.raw(name).get("input")
    if reference is None:
        return (), ()
    traits: dict[str, Any] = service.shapes[reference["shape"]].traits
    keys: list[str] = []
    headers: list[bytes] = []
    for member in traits.get("required", ()):
        place = traits["members"].get(member, {})
        wire = place.get("locationName", member)
        if place.get("location") == "querystring":
            keys.append(wire)
        elif place.get("location") == "header":
            headers.append(wire.lower().encode())
    return tuple(keys), tuple(headers)
