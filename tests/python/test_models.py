"""Exports of scikit-learn, XGBoost, LightGBM and PyTorch predict in SQL and over HTTP what onnxruntime says in Python."""

import json
import os
import struct
import urllib.error
import urllib.request

import adbc_driver_flightsql.dbapi as flightsql
import exports
import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kelda_server import ROOT, KeldaServer
from minilm import MiniLm

ROWS = int(os.environ.get("KELDA_PREDICT_ROWS", "20000"))
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def table():
    return exports.features(ROWS)


@pytest.fixture(scope="module")
def server(tmp_path_factory, table):
    folder = tmp_path_factory.mktemp("models")
    pq.write_table(table, folder / "features.parquet", row_group_size=ROWS // 4)
    with KeldaServer(tmp_path_factory.mktemp("home"), allow=[folder]) as server:
        server.folder = folder
        yield server
        assert server.stop() == 0


@pytest.fixture(scope="module")
def cursor(server):
    with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        yield cursor


def created(cursor, server, make):
    export = make()
    (server.folder / f"{export.name}.onnx").write_bytes(export.onnx)
    cursor.execute(f"CREATE OR REPLACE MODEL {export.name} WITH ('path' = '{server.folder}/{export.name}.onnx')")
    return export


def expected(export, table):
    """Outputs by name as Python has them, the maps of a ZipMap as one column a class."""
    session = onnxruntime.InferenceSession(export.onnx)
    names = [output.name for output in session.get_outputs()]
    outputs = dict(zip(names, session.run(None, export.tensors(table)), strict=True))
    for name, value in outputs.items():
        if isinstance(value, list):
            outputs[name] = {key: np.array([row[key] for row in value]) for key in value[0]}
    return outputs


def check(found: pa.Array, wanted):
    """A column of Kelda is an output of Python's."""
    if isinstance(wanted, dict):
        assert found.type.num_fields == 1 and pa.types.is_map(found.type)
        keys, items = found.keys.to_pylist(), found.items.to_numpy(zero_copy_only=False).reshape(len(found), -1)
        assert keys == list(wanted) * len(found)
        for i, values in enumerate(wanted.values()):
            np.testing.assert_allclose(items[:, i], values, **CLOSE)
    elif wanted.dtype.kind in "OUS" or wanted.dtype.kind == "i":
        assert found.to_pylist() == wanted.reshape(-1).tolist()
    else:
        values = found.flatten() if pa.types.is_nested(found.type) else found
        np.testing.assert_allclose(values.to_numpy().reshape(wanted.shape), wanted, **CLOSE)


@pytest.mark.parametrize("make", exports.KINDS, ids=lambda make: make.__name__)
def test_predictions_are_those_of_onnxruntime(cursor, server, table, make):
    export = created(cursor, server, make)
    cursor.execute(f"SELECT id, {export.call()} AS p FROM '{server.folder}/features.parquet' ORDER BY id")
    answer = cursor.fetch_arrow_table().combine_chunks()
    assert answer["id"].to_pylist() == table["id"].to_pylist()
    found = answer["p"].combine_chunks()
    outputs = expected(export, table)
    if len(outputs) == 1:
        check(found, next(iter(outputs.values())))
    else:
        assert [field.name for field in found.type] == list(outputs)
        for name, wanted in outputs.items():
            check(found.field(name), wanted)


def test_a_class_is_read_by_its_name(cursor, server, table):
    export = created(cursor, server, exports.sklearn_zipmap)
    cursor.execute(
        f"SELECT t.p.output_label, t.p.output_probability['hïgh'] FROM (SELECT id, {export.call()} AS p"
        f" FROM '{server.folder}/features.parquet' WHERE id < 10) AS t ORDER BY id"
    )
    labels, probabilities = zip(*cursor.fetchall(), strict=True)
    wanted = expected(export, table.slice(0, 10))
    assert list(labels) == list(wanted["output_label"])
    np.testing.assert_allclose(probabilities, wanted["output_probability"]["hïgh"], **CLOSE)


def test_features_with_a_null_predict_null(cursor, server):
    export = created(cursor, server, exports.sklearn_pipeline)
    cursor.execute(
        f"SELECT {export.call()} IS NULL FROM (VALUES (1, 'red', 0.5, 1.0), (2, NULL, 0.5, 1.0), (3, 'red', NULL, 1.0))"
        " AS t (id, colour, f0, f1) ORDER BY id"
    )
    assert cursor.fetchall() == [(False,), (True,), (True,)]


def post(server, model, body, headers=None, call="infer"):
    request = urllib.request.Request(f"{server.http}/v2/models/{model}/{call}", body, headers or {})
    with urllib.request.urlopen(request) as answer:
        return answer.headers, answer.read()


def test_inference_as_json_and_as_bytes(cursor, server, table):
    export = created(cursor, server, exports.sklearn_zipmap)
    some = table.slice(0, 5)
    wanted = expected(export, some)
    classes = wanted["output_probability"]
    matrix = np.stack(list(classes.values()), axis=1)
    tensor = export.tensors(some)["X"]

    about = {"name": "X", "datatype": "FP32", "shape": list(tensor.shape)}
    _, body = post(server, export.name, json.dumps({"inputs": [about | {"data": tensor.tolist()}]}).encode())
    label, probability = json.loads(body)["outputs"]
    assert label["data"] == list(wanted["output_label"])
    assert probability["parameters"]["labels"] == list(classes)
    assert probability["shape"] == [5, 3]
    np.testing.assert_allclose(np.reshape(probability["data"], (5, 3)), matrix, **CLOSE)

    head = {
        "inputs": [about | {"parameters": {"binary_data_size": tensor.nbytes}}],
        "outputs": [{"name": "output_probability"}, {"name": "output_label"}],
        "parameters": {"binary_data_output": True},
    }
    text = json.dumps(head).encode()
    headers, body = post(
        server, export.name, text + tensor.tobytes(), {"Inference-Header-Content-Length": str(len(text))}
    )
    length = int(headers["Inference-Header-Content-Length"])
    probability, label = json.loads(body[:length])["outputs"]
    size = probability["parameters"]["binary_data_size"]
    values = np.frombuffer(body[length : length + size], np.float32).reshape(probability["shape"])
    np.testing.assert_allclose(values, matrix, **CLOSE)
    texts, rest = [], body[length + size :]
    assert len(rest) == label["parameters"]["binary_data_size"]
    while rest:
        (size,) = struct.unpack("<I", rest[:4])
        texts.append(rest[4 : 4 + size].decode())
        rest = rest[4 + size :]
    assert texts == list(wanted["output_label"])

    for cut in (len(text) + 7, len(text) + tensor.nbytes - 1):
        with pytest.raises(urllib.error.HTTPError) as caught:
            post(
                server,
                export.name,
                (text + tensor.tobytes())[:cut],
                {"Inference-Header-Content-Length": str(len(text))},
            )
        assert caught.value.code == 400


def test_embeddings_are_those_of_onnxruntime(cursor, server):
    lines = [line.strip() for path in sorted((ROOT / "docs").glob("*.md")) for line in path.read_text().splitlines()]
    texts = sorted({line for line in lines if line})[:400]
    texts += ["", " ", "a", "Ünïcödé 猫 🐈", "many words " * 500, "x" * 5000, "line\nbreak\ttab", "[CLS] [MASK] </s>"]
    pq.write_table(pa.table({"id": range(len(texts)), "body": texts}), server.folder / "texts.parquet")
    cursor.execute(f"SELECT EMBED(body, 'minilm') FROM '{server.folder}/texts.parquet' ORDER BY id")
    found = np.array(cursor.fetch_arrow_table().column(0).to_pylist(), np.float32)
    cosine = (found * MiniLm(os.cpu_count()).embed(texts)).sum(axis=1)
    assert cosine.min() > 0.999, texts[int(cosine.argmin())]


def test_one_statement_takes_keys_reads_features_online_and_predicts(cursor, server, table):
    export = created(cursor, server, exports.xgboost)
    cursor.execute(f"CREATE TABLE seen AS SELECT *, TIMESTAMP '2024-01-01' AS at FROM '{server.folder}/features.parquet'")
    cursor.execute(
        "CREATE FEATURE VIEW latest PRIMARY KEY (id) TIMESTAMP at TTL INTERVAL '36500' DAY WITH (online = true)"
        " AS SELECT * FROM seen"
    )
    wanted = expected(export, table.slice(0, 8))["variable"].ravel()
    cursor.execute(f"SELECT {export.call()} FROM ONLINE(latest) WHERE id = ?", parameters=(5,))
    np.testing.assert_allclose(cursor.fetchall(), [[wanted[5]]], **CLOSE)
    cursor.execute(
        f"SELECT id, {export.call()} FROM ONLINE(latest, keys => (SELECT * FROM (VALUES 7, -1, 2) AS k (id))) ORDER BY id"
    )
    ids, predictions = zip(*cursor.fetchall(), strict=True)
    assert ids == (-1, 2, 7) and predictions[0] is None
    np.testing.assert_allclose(predictions[1:], wanted[[2, 7]], **CLOSE)


def predicted(server, model, body):
    """Status and answer of a request that reads features by key and predicts."""
    try:
        return 200, json.loads(post(server, model, json.dumps(body).encode(), call="predict")[1])
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_one_request_takes_keys_reads_features_online_and_predicts(cursor, server, table):
    export = created(cursor, server, exports.xgboost)
    wanted = expected(export, table.slice(0, 8))["variable"].ravel()
    columns = [name.strip() for name in export.call().split("(", 1)[1].rstrip(")").split(",")[1:]]
    features = [f"latest:{name}" for name in columns]
    status, answer = predicted(server, export.name, {"features": features, "entities": {"id": [7, -1, 2]}})
    assert (status, answer.get("model_name")) == (200, export.name), answer
    np.testing.assert_allclose([answer["predictions"][0], answer["predictions"][2]], wanted[[7, 2]], **CLOSE)
    assert answer["predictions"][1] is None  # nothing is known of that key
    # A value of the request stands beside those that are read.
    given = table.slice(3, 1).column(columns[0])[0].as_py()
    body = {"features": [columns[0], *features[1:]], "entities": {"id": [3], columns[0]: [given]}}
    status, answer = predicted(server, export.name, body)
    np.testing.assert_allclose(answer["predictions"], [wanted[3]], **CLOSE)
    # Wrong ones are named.
    for body, status, message in [
        ({"features": features, "entities": {"key": [1]}}, 404, 'needs the entity "id"'),
        ({"features": [*features[:-1], "latest:nothing"], "entities": {"id": [1]}}, 404, 'no feature "nothing"'),
        ({"features": ["hour", *features[1:]], "entities": {"id": [1]}}, 404, 'no entity "hour"'),
        ({"features": features[:-1], "entities": {"id": [1]}}, 400, ""),
        ({"features": [], "entities": {"id": [1]}}, 400, '"features" must list'),
        ({"features": features, "entities": {"id": ["x"]}}, 400, "is no value of"),
        ({"features": features, "entities": {"id": [1, 2], columns[0]: [1]}}, 400, "different lengths"),
    ]:
        found, answer = predicted(server, export.name, body)
        assert found == status and message in json.dumps(answer, ensure_ascii=False).replace('\\"', '"'), answer
    assert predicted(server, "nobody", {"features": features, "entities": {"id": [1]}})[0] == 404
