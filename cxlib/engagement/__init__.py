"""The engagement file as typed objects, scale contracts and the ledger between notebooks."""

from cxlib.engagement.load import load_engagement
from cxlib.engagement.schema import Engagement

__all__ = ["Engagement", "load_engagement"]
