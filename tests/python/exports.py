"""Models as people train them, exported by the converters that people use; `all_of` gives each with its features."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

SHIPPED = Path(__file__).parent / "data" / "torch.onnx"


@dataclass(frozen=True)
class Export:
    """`inputs` says which of the table's columns are which input's."""

    name: str
    onnx: bytes
    inputs: dict[str, list[str]]

    def tensors(self, table: pa.Table) -> dict[str, np.ndarray]:
        """The features as Python's onnxruntime takes them: texts one column an input, numbers as floats."""
        tensors = {}
        for name, columns in self.inputs.items():
            arrays = [table[column].to_numpy() for column in columns]
            if pa.types.is_string(table.schema.field(columns[0]).type):
                tensors[name] = arrays[0].astype(object).reshape(-1, 1)
            else:
                tensors[name] = np.stack(arrays, axis=1).astype(np.float32)
        return tensors

    def call(self) -> str:
        columns = [column for columns in self.inputs.values() for column in columns]
        return f"PREDICT('{self.name}', {', '.join(columns)})"


NUMBERS = [f"f{i}" for i in range(8)]


def features(rows: int, seed: int = 7) -> pa.Table:
    """Eight floats that lie on no threshold of a tree by accident of rounding, a text of six, and an id."""
    random = np.random.default_rng(seed)
    columns = {name: random.normal(size=rows).astype(np.float32) for name in NUMBERS}
    columns["colour"] = np.array(["red", "green", "blue", "grün", "", "none"], object)[random.integers(0, 6, rows)]
    return pa.table({"id": np.arange(rows), **columns})


def _trained(rows: int = 2000):
    table = features(rows, seed=1)
    numbers = np.stack([table[name].to_numpy() for name in NUMBERS], axis=1)
    score = numbers[:, 0] * 2 - numbers[:, 1] + numbers[:, 2] * numbers[:, 3]
    labels = np.digitize(score, [-1, 1])
    return table, numbers, score, labels


def sklearn_zipmap() -> Export:
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestClassifier

    _, numbers, _, labels = _trained()
    texts = np.array(["low", "middle", "hïgh"])[labels]
    model = RandomForestClassifier(20, max_depth=6, random_state=1).fit(numbers, texts)
    return Export("sklearn_zipmap", to_onnx(model, numbers[:1]).SerializeToString(), {"X": NUMBERS})


def sklearn_arrays() -> Export:
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    _, numbers, _, labels = _trained()
    model = LogisticRegression().fit(numbers, labels)
    onnx = to_onnx(model, numbers[:1], options={"zipmap": False})
    return Export("sklearn_arrays", onnx.SerializeToString(), {"X": NUMBERS})


def sklearn_regressor() -> Export:
    from skl2onnx import to_onnx
    from sklearn.ensemble import GradientBoostingRegressor

    _, numbers, score, _ = _trained()
    model = GradientBoostingRegressor(n_estimators=50, random_state=1).fit(numbers, score)
    return Export("sklearn_regressor", to_onnx(model, numbers[:1]).SerializeToString(), {"X": NUMBERS})


def sklearn_pipeline() -> Export:
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table, _, _, labels = _trained()
    frame = table.select(["colour", "f0", "f1"]).to_pandas()
    frame["colour"] = frame["colour"].astype(object)
    columns = ColumnTransformer(
        [("text", OneHotEncoder(handle_unknown="ignore"), ["colour"]), ("number", StandardScaler(), ["f0", "f1"])]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(frame, labels)
    inputs = {"colour": ["colour"], "f0": ["f0"], "f1": ["f1"]}
    types = [("colour", StringTensorType([None, 1])), ("f0", FloatTensorType([None, 1])), ("f1", FloatTensorType([None, 1]))]
    return Export("sklearn_pipeline", convert_sklearn(model, initial_types=types).SerializeToString(), inputs)


def xgboost() -> Export:
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType
    from xgboost import XGBRegressor

    _, numbers, score, _ = _trained()
    model = XGBRegressor(n_estimators=60, max_depth=5, random_state=1).fit(numbers, score)
    onnx = convert_xgboost(model, initial_types=[("input", FloatTensorType([None, 8]))], target_opset=15)
    return Export("xgboost", onnx.SerializeToString(), {"input": NUMBERS})


def lightgbm() -> Export:
    from lightgbm import LGBMClassifier
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    _, numbers, _, labels = _trained()
    model = LGBMClassifier(n_estimators=30, random_state=1, verbose=-1).fit(numbers, labels)
    onnx = convert_lightgbm(model, initial_types=[("input", FloatTensorType([None, 8]))], target_opset=15)
    return Export("lightgbm", onnx.SerializeToString(), {"input": NUMBERS})


def torch() -> Export:
    """Exported once, see data/torch_export.py: PyTorch itself is too large for the tests."""
    return Export("torch", SHIPPED.read_bytes(), {"features": NUMBERS})


KINDS: list[Callable[[], Export]] = [
    sklearn_zipmap,
    sklearn_arrays,
    sklearn_regressor,
    sklearn_pipeline,
    xgboost,
    lightgbm,
    torch,
]
