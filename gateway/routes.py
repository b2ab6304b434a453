"""The route trie: method and path -> operation, compiled once at start. A static segment wins over a parameter."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from contracts.operation import Operation
from gateway.config import GatewayConfig, RouteGroup
from gateway.pipeline import Plan, plan
from gateway.policies import version
from runtime.bind import Served
from runtime.http.arguments import Arguments
from runtime.http.replies import Replier
from runtime.http.selection import selectable
from runtime.settings import SettingsError


class RouteError(SettingsError):
    """The routes of the configuration and of the contracts do not fit each other."""


class Route(Struct, frozen=True, kw_only=True):
    """One operation, by its `id`, at its address. `names` are the parameters of `template` in order; `audience` is the layer's identifier.

    `reader` is the operation that reads what this one made; one that `answers_at_once` neither waits nor writes.
    """

    id: str
    served: Served
    operation: Operation
    template: str
    names: tuple[str, ...]
    layer: str
    group: str
    visibility: str
    audience: str
    audiences: frozenset[str]
    scope: str
    effects: bool
    answers_at_once: bool
    decoder: Arguments
    replier: Replier
    reader: Served | None
    plan: Plan


class _Node:
    """A place in the trie."""

    __slots__ = ("methods", "parameter", "static")

    def __init__(self) -> None:
        self.static: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.methods: dict[str, Route] = {}


class Found(Struct, frozen=True):
    """Where a path leads: what each method does there, and the texts of its parameters, still percent-encoded."""

    methods: Mapping[str, Route]
    values: tuple[str, ...]


class Trie:
    """All routes. Looking up is one walk; it turns back only where a static segment led to nothing."""

    def __init__(self) -> None:
        self._root = _Node()
        self.routes: list[Route] = []
        self._static: dict[str, Found] = {}

    def add(self, route: Route) -> None:
        """Raises RouteError when the method is taken there."""
        node = self._root
        for segment in segments(route.template):
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.static.setdefault(segment, _Node())
        taken = node.methods.setdefault(route.operation.method, route)
        if taken is not route:
            raise RouteError(
                f"{route.operation.method} {route.template} is both {taken.operation.id} and {route.operation.id}"
            )
        self.routes.append(route)
        if "{" not in route.template:
            self._static[route.template] = Found(node.methods, ())

    def find(self, path: str) -> Found | None:
        """The place a normalised path leads to, or None."""
        return self._static.get(path) or _walk(self._root, segments(path), 0, ())


def segments(path: str) -> list[str]:
    """`/a/b` -> `["a", "b"]`."""
    return path[1:].split("/")


def _walk(node: _Node, parts: list[str], at: int, values: tuple[str, ...]) -> Found | None:
    if at == len(parts):
        return Found(node.methods, values) if node.methods else None
    part = parts[at]
    following = node.static.get(part)
    found = following and _walk(following, parts, at + 1, values)
    if found is None and node.parameter is not None and part:
        return _walk(node.parameter, parts, at + 1, (*values, part))
    return found or None


def names_of(template: str) -> tuple[str, ...]:
    """Parameter names of a path template, in order."""
    return tuple(part[1:-1] for part in segments(template) if part.startswith("{"))


def compile_routes(served: Iterable[Served], config: GatewayConfig, base_url: str) -> Trie:
    """The trie of all operations. Raises RouteError for an address without a `[[route]]`, or taken twice."""
    trie, everything = Trie(), tuple(served)
    reads = _Readers(everything)
    for one in everything:
        trie.add(_route(one, config, base_url, reads))
    return trie


def _route(served: Served, config: GatewayConfig, base_url: str, reads: "_Readers") -> Route:
    group = _group(served.path, config)
    names = names_of(served.path)
    own = {p.name for p in served.operation.parameters}
    return Route(
        id=served.operation.id,
        served=served,
        operation=served.operation,
        template=served.path,
        names=names,
        layer=group.layer,
        group=group.group,
        visibility=group.visibility,
        audience=f"{base_url}/{group.layer}",
        audiences=frozenset({base_url, f"{base_url}/{group.layer}"}),
        scope=served.operation.scope,
        effects=served.operation.effects,
        answers_at_once=served.compute is not None and not served.operation.effects,
        decoder=Arguments(
            served.operation, extra=[name for name in names if name not in own], selects=selectable(served.operation)
        ),
        replier=reads.replier(served),
        reader=reads.reader(served),
        plan=plan(config.policy, group.group, version.covering(served.path, config.policy.version)),
    )


def _group(path: str, config: GatewayConfig) -> RouteGroup:
    found = [g for g in config.route if path == g.prefix or path.startswith(g.prefix + "/")]
    if not found:
        raise RouteError(f"{path} lies under no [[route]] of the gateway configuration")
    return max(found, key=lambda g: len(g.prefix))


class _Readers:
    """Which operation reads what another one made: that is where `Location` points."""

    def __init__(self, served: tuple[Served, ...]) -> None:
        self._reading = [s for s in served if s.operation.method == "GET"]

    def replier(self, served: Served) -> Replier:
        """For 201 and 202: the reader of one such result in the same layer, and the search by key beside the collection."""
        return Replier(served.operation, reads=self._reads(served), search=self._search(served))

    def reader(self, served: Served) -> Served | None:
        """The reader below the collection itself, else the one with the shortest address in the layer."""
        own = names_of(served.path)
        found = [s for s in self._reading if _reads_one(s, served) and set(names_of(s.path)[:-1]) <= set(own)]
        below = [s for s in found if s.path.startswith(served.path + "/")]
        return min(below or found, key=lambda s: len(s.path), default=None)

    def _reads(self, served: Served) -> str | None:
        reader = self.reader(served)
        return None if reader is None else _template(reader.path, keep=names_of(reader.path)[-1])

    def _search(self, served: Served) -> str | None:
        path = f"{served.path}/search"
        found = any(s.path == path and any(p.name == "key" for p in s.operation.parameters) for s in self._reading)
        return f"{_template(path)}?key={{}}" if found else None


def _reads_one(reader: Served, maker: Served) -> bool:
    same: bool = reader.operation.result is maker.operation.result
    last = segments(reader.path)[-1]
    return same and last.startswith("{") and segments(reader.path)[:2] == segments(maker.path)[:2]


def _template(path: str, keep: str | None = None) -> str:
    """A format string: the name that is kept becomes `{}`, the others `{name}` of the request's own parameters."""
    parts = ["{}" if part == f"{{{keep}}}" else part for part in segments(path)]
    return "/" + "/".join(parts)
