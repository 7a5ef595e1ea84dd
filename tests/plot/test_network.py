"""The picture of a network: it shows what the network is, and no edge runs through a node."""

import numpy as np
import pytest

from recsim_ng.core.field_spec import FieldSpec, ValueSpec
from recsim_ng.core.network import Network
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable, value
from recsim_ng.plot import draw_network


def network(**variables):
    """A network of variables: name=(what it reads now, what it reads of the step before).

    None in place of the latter makes a static variable.
    """
    made = {name: Variable(name, ValueSpec(x=FieldSpec(), y=FieldSpec())) for name in variables}
    for name, (now, before) in variables.items():
        reads = [made[other] for other in now]
        made[name].initial_value = value(lambda *_: Value(), () if before else reads)
        if before is not None:
            reads += [made[other].previous for other in before]
            made[name].value = value(lambda *_: Value(), reads)
    return Network(list(made.values()))


NETWORKS = {
    "chain": {"a": ((), ("a",))},
    "one step": {"a": ((), ()), "b": (("a",), ())},
    "static": {"a": ((), None)},
    "long ways": {
        "constants": ((), None),
        "more constants": (("constants",), None),
        "a": (("constants",), ("a", "d")),
        "b": (("a",), ()),
        "c": (("b", "constants", "more constants"), ("b",)),
        "d": (("c", "a"), ("d", "c", "e")),
        "e": (("d", "a", "b"), ("e", "a")),
    },
    "recommendation": {
        "corpus state": ((), ("corpus state", "user response", "slate docs")),
        "available docs": (("corpus state",), ()),
        "user state": ((), ("user state", "user response", "slate docs")),
        "user observation": (("user state",), ()),
        "recommender state": ((), ("recommender state", "user response", "slate docs")),
        "slate docs": (("recommender state", "user observation", "available docs"), ()),
        "user response": (("user state", "slate docs"), ()),
        "metrics state": ((), ("metrics state", "user response", "slate docs", "user state")),
    },
}


def parts(figure):
    """The boxes (extents) and the arrows (points along them) of a picture."""
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

    (axes,) = figure.axes
    boxes = [p for p in axes.patches if isinstance(p, FancyBboxPatch) and p.get_height() > 0.15]
    arrows = [p for p in axes.patches if isinstance(p, FancyArrowPatch)]
    extents = [patch.get_path().get_extents() for patch in boxes]
    points = []
    for arrow in arrows:
        curves = arrow._path_original.iter_bezier()
        points.append(np.concatenate([c(np.linspace(0, 1, 60)).reshape(-1, 2) for c, _ in curves]))
    return extents, points


@pytest.mark.parametrize("name", NETWORKS)
def test_no_edge_runs_through_a_node(name):
    extents, arrows = parts(draw_network(network(**NETWORKS[name])))
    for arrow in arrows:
        for box in extents:
            x, y = arrow.T
            inside = (box.x0 + 0.01 < x) & (x < box.x1 - 0.01) & (box.y0 < y) & (y < box.y1)
            assert not inside.any()


@pytest.mark.parametrize("name", NETWORKS)
def test_there_is_an_arrow_for_every_edge_and_a_box_for_every_variable(name):
    drawn = network(**NETWORKS[name])
    extents, arrows = parts(draw_network(drawn))
    graph = drawn.graph
    static = {n for n, is_static in graph.nodes(data="static") if is_static}
    edges = [
        kind
        for source, _, reads in graph.edges(data=True)
        for kind in (["static"] if source in static else ["previous", "current"])
        if kind == "static" or reads[kind]
    ]
    assert len(arrows) == len(edges)
    before = drawn.read_through_previous() - static
    assert len(extents) == len(graph) + len(before)


def test_every_arrow_ends_at_a_box_to_the_right_of_the_one_where_it_begins():
    extents, arrows = parts(draw_network(network(**NETWORKS["long ways"])))
    for arrow in arrows:
        (x0, y0), (x1, y1) = arrow[0], arrow[-1]
        assert x0 < x1
        assert any(abs(b.x1 - x0) < 0.02 and b.y0 < y0 < b.y1 for b in extents)
        assert any(abs(b.x0 - x1) < 0.02 and b.y0 < y1 < b.y1 for b in extents)


def test_names_and_fields_can_be_read_and_fit_into_the_picture():
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    wide = network(**{"a variable with a really long name, in words": ((), ())})
    for drawn in (wide, network(**NETWORKS["recommendation"])):
        figure = draw_network(drawn)
        renderer = FigureCanvasAgg(figure).get_renderer()
        texts = figure.axes[0].texts
        written = " ".join(text.get_text() for text in texts)
        for variable in drawn.variables:
            assert all(word in written for word in variable.name.split())
            assert all(field in written for field in variable.spec.as_dict)
        frame = figure.bbox
        for text in texts:
            box = text.get_window_extent(renderer)
            assert frame.x0 <= box.x0 and box.x1 <= frame.x1 and text.get_fontsize() >= 8


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_the_file_has_the_format_of_its_ending(tmp_path, ending):
    path = tmp_path / f"network.{ending}"
    network(**NETWORKS["chain"]).draw(path)
    start = path.read_bytes()[:100]
    assert {"png": b"PNG", "pdf": b"%PDF", "svg": b"<?xml"}[ending] in start


def test_the_same_network_gives_the_same_picture(tmp_path):
    for name in ("a", "b"):
        draw_network(network(**NETWORKS["long ways"]), tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
