"""The jinja2 sandbox in the dialect of chat templates, with a meter on all that can grow.

On top of jinja's ImmutableSandboxedEnvironment: no loader and no globals beyond the
usual five, loops and calls watch the clock, arithmetic, joins and output are measured
before they are made. `{% generation %}` and `break`/`continue` are part of the dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, cast

from jinja2 import Environment, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension, LoopControlExtension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from localai.render.filters import filters, raise_exception, strftime
from localai.render.limits import Meter


class GenerationTag(Extension):
    """`{% generation %}…{% endgeneration %}`: the body as it is.

    The tag marks assistant text for training libraries; our weights come from elsewhere.
    """

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The statements inside the tag."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _MeteredLoops(NodeTransformer):
    """Sends what every loop runs over through the `metered` filter."""

    def visit_For(self, node: nodes.For) -> nodes.For:
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "metered", [], [], None, None, lineno=node.lineno)
        node.set_environment(cast(Environment, node.environment))
        return node


class _MeteredCode(CodeGenerator):
    """Generates code in which loops and `~` are metered."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        _MeteredLoops().visit(node)
        super().visit_Template(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.concat((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class Sandbox(ImmutableSandboxedEnvironment):
    """Compiles chat templates. One rendering at a time: `meter` belongs to it."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})
    code_generator_class = _MeteredCode

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.meter = Meter()
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[LoopControlExtension, GenerationTag],
            finalize=self._printable,
            cache_size=0,
        )
        self.filters = filters(self.meter)
        self.filters["metered"] = self.meter.each
        usual = ("range", "dict", "cycler", "joiner", "namespace")
        self.globals = {name: self.globals[name] for name in usual}
        self.globals["raise_exception"] = raise_exception
        self.globals["strftime_now"] = strftime(now)

    def concat(self, pieces: Iterable[Any]) -> str:
        """`pieces` printed one after another, refused when too large."""
        texts = [piece if isinstance(piece, str) else self._text(piece) for piece in pieces]
        self.meter.joined("", texts)
        return "".join(texts)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic, refused where the result would be too large."""
        self.meter.binop(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """A call made by the template; string methods that grow are checked first."""
        __self.meter.method(__obj, args)
        return super().call(__context, __obj, *args, **kwargs)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`str.format`, refused for wide fields and then run by jinja's safe formatter."""
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None

        def measured(*args: Any, **kwargs: Any) -> str:
            self.meter.formatted(value.__self__, (args, kwargs))
            return wrapped(*args, **kwargs)

        return measured

    def _printable(self, value: Any) -> Any:
        if not isinstance(value, str | Undefined):
            self.meter.size(value)
        return value

    def _text(self, value: Any) -> str:
        return str(self._printable(value))
