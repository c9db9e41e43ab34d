"""SQL, features and training data of a Kelda server as Arrow."""

from kelda.connection import Connection, connect
from kelda.dataset import TrainingDataset
from kelda.feature_view import FeatureView
from kelda.rows import Rows
from kelda.stream import BatchStream

__all__ = ["BatchStream", "Connection", "FeatureView", "Rows", "TrainingDataset", "connect"]
