"""The drawn goal tree: style and words say what is known, and nothing overlaps."""

import pytest
from matplotlib.patches import FancyBboxPatch

from cxlib.errors import ReportError
from cxlib.report.figures import find_collisions
from cxlib.report.figures.tree import TreeNode, proof_look, tree_chart

KINDS = {"growth": "Growth goal", "kpi": "KPI", "touchpoint": "Touchpoint"}
PROOFS = {
    "experiment": "Experiment", "estimate": "Estimate", "no_evidence": "No evidence",
    "open": "Not known yet", "assumption": "Assumption",
}  # fmt: skip


def leaf(name, proof="assumption", note="Assumption"):
    return TreeNode(name=name, kind="touchpoint", proof=proof, note=note)


def draw(theme, *children):
    root = TreeNode(name="Customer lifetime value", kind="growth", children=children)
    return tree_chart(root, theme=theme, kinds=KINDS, proofs=PROOFS)


def boxes(figure):
    """Left, bottom, right, top of each box in points."""
    return [
        (b.get_x(), b.get_y(), b.get_x() + b.get_width(), b.get_y() + b.get_height())
        for b in figure.findobj(FancyBboxPatch)
        if b.get_width() > 20
    ]


def test_each_proof_has_a_line_of_its_own_without_its_colour(theme):
    looks = {(str(proof_look(p, theme)["linestyle"]), proof_look(p, theme)["linewidth"])
             for p in PROOFS}  # fmt: skip
    assert len(looks) == len(PROOFS)


def test_only_what_occurs_is_in_the_key(theme):
    shown = [text.get_text() for text in draw(theme, leaf("Delivery")).texts]
    assert {"Growth goal", "Touchpoint", "Assumption"} <= set(shown)
    assert not {"KPI", "Experiment", "Estimate", "No evidence"} & set(shown)


@pytest.mark.parametrize(
    "long", ["Customer effort score after delivery", "送貨後的客戶費力度評分與意見"]
)
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_boxes_and_texts_never_overlap(theme, long, depth):
    """Trees of 2 to 5 columns with a wide and a narrow branch."""
    node = leaf(long, "no_evidence", "Estimate: no evidence. −0.29 pp per point (−0.72 to +0.14)")
    for _ in range(depth - 1):
        node = TreeNode(
            name=long, kind="kpi", proof="estimate", note="Estimate", children=(node, leaf("A"))
        )
    figure = draw(theme, node, leaf("B", "experiment", "Experiment"), leaf("C", "open", "Open"))
    assert find_collisions(figure) == []
    places = boxes(figure)
    for number, one in enumerate(places):
        assert one[0] >= 0
        assert one[1] >= 0
        assert one[2] <= figure.width
        for other in places[number + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0]
            assert apart or one[3] <= other[1] + 1e-6 or other[3] <= one[1] + 1e-6


def test_a_tree_that_cannot_be_read_is_refused(theme):
    with pytest.raises(ReportError) as caught:
        draw(theme)
    assert str(caught.value) == "a goal tree has 2 to 5 columns, got 1"
