"""Conformance kits for readers and numerical methods, for tests here and in other projects."""

from garnetlab.testing._damage import Damage, damages, is_text
from garnetlab.testing._numerics import observed_order
from garnetlab.testing._readers import check_reader, difference, nonsense

__all__ = ["Damage", "check_reader", "damages", "difference", "is_text", "nonsense", "observed_order"]
