"""How right a map is: scores against labels, and accuracy estimated from a sample."""

from magnet_geo.evaluation.confusion import ConfusionMatrix

__all__ = ["ConfusionMatrix"]
