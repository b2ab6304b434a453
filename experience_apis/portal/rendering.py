"""Templates: one environment, escaping everywhere, static files under names that change with their content."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from experience_apis.portal import reasons, words

HERE = Path(__file__).parent
STATIC = HERE / "static"


@cache
def environment() -> Environment:
    """The environment of all templates."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    for name in (
        "money",
        "short_money",
        "hours",
        "day",
        "moment",
        "utc",
        "period",
        "age",
        "count",
        "terms",
        "title",
        "told",
    ):
        made.filters[name if name != "title" else "words"] = getattr(words, name)
    made.filters |= {"reason": reasons.title, "role": reasons.role}
    made.globals |= {"static": static, "sign_of": lambda currency: words.SIGNS.get(currency, f"{currency} ")}
    return made


@cache
def static(name: str) -> str:
    """The address of a static file, which changes when the file does, so that browsers may keep it for ever."""
    mark = sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/portal/static/{name}?v={mark}"


def render(template: str, block: str | None, context: dict[str, object]) -> str:
    """A whole page, or one block of it."""
    found = environment().get_template(template)
    if block is None:
        return found.render(context)
    return "".join(found.blocks[block](found.new_context(context)))
