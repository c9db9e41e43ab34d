"""Models at a server with OpenAI's API for embeddings, which the configuration names."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import adbc_driver_flightsql.dbapi as flightsql
import pytest
from kelda_server import KeldaServer

KEY = "a-key-that-stays-secret"


def vector(text, dimensions):
    digest = hashlib.sha256(text.encode()).digest()
    return [byte / 255 for byte in digest[:dimensions]]


class Embedder(ThreadingHTTPServer):
    """Answers as OpenAI does; `fail` are statuses to answer with first."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.fail = []
        self.answer = None


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):  # noqa: N802
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.headers["Authorization"], body))
        if self.server.fail:
            return self.send(self.server.fail.pop(0), b'{"error": "not now"}')
        if self.server.answer is not None:
            return self.send(200, self.server.answer)
        vectors = [vector(text, body.get("dimensions", 8)) for text in body["input"]]
        data = [{"index": i, "embedding": v} for i, v in reversed(list(enumerate(vectors)))]
        return self.send(200, json.dumps({"data": data, "model": body["model"]}).encode())

    def send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def embedder():
    with Embedder() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def cursor(tmp_path_factory, embedder):
    config = tmp_path_factory.mktemp("config") / "kelda.toml"
    config.write_text(f'[embedding]\nurl = "http://127.0.0.1:{embedder.server_port}/v1/embeddings"\nkey = "{KEY}"\ntimeout = "5s"\n')
    with KeldaServer(tmp_path_factory.mktemp("home"), config=config) as server:
        with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE MODEL small WITH ('provider' = 'openai', 'model' = 'text-small')")
            yield cursor
        assert server.stop() == 0


def test_texts_become_the_servers_vectors(cursor, embedder):
    embedder.requests.clear()
    cursor.execute("SELECT t, EMBED(t, 'small') FROM (VALUES ('a'), ('b'), ('a'), (NULL)) AS v (t) ORDER BY t")
    rows = cursor.fetchall()
    assert [text for text, _ in rows] == ["a", "a", "b", None]
    for text, found in rows:
        assert found is None if text is None else found == pytest.approx(vector(text, 8))
    assert sorted(text for _, body in embedder.requests for text in body["input"]) == ["a", "b"]  # each once
    assert {(key, body["model"]) for key, body in embedder.requests} == {(f"Bearer {KEY}", "text-small")}


def test_dimensions_are_asked_for_and_described(cursor, embedder):
    cursor.execute("CREATE MODEL short WITH ('provider' = 'openai', 'model' = 'text-small', 'dimensions' = '4')")
    cursor.execute("SELECT EMBED('a', 'short')")
    assert cursor.fetchone()[0] == pytest.approx(vector("a", 4))
    cursor.execute("DESCRIBE MODEL short")
    described = dict(zip([d[0] for d in cursor.description], cursor.fetchone(), strict=True))
    assert described["text_model"] == "text-small at the embedding server"
    assert KEY not in str(described)


def test_many_texts_go_in_several_calls(cursor, embedder):
    embedder.requests.clear()
    cursor.execute("SELECT COUNT(EMBED('text ' || n, 'small')) FROM UNNEST(GENERATE_SERIES(1, 300)) AS r (n)")
    assert cursor.fetchone() == (300,)
    sizes = [len(body["input"]) for _, body in embedder.requests]
    assert sum(sizes) == 300 and max(sizes) <= 128


def test_an_index_and_a_search_use_it(cursor):
    cursor.execute("CREATE TABLE docs AS SELECT n AS id, 'document ' || n AS body FROM UNNEST(GENERATE_SERIES(1, 50)) AS r (n)")
    cursor.execute("CREATE VECTOR INDEX docs_v ON docs (EMBED(body, 'small'))")
    cursor.execute("SELECT id FROM VECTOR_SEARCH(TABLE docs, DESCRIPTOR(body), EMBED('document 17', 'small'), top_k => 1)")
    assert cursor.fetchone() == (17,)


def test_failures_that_pass_are_tried_again(cursor, embedder):
    embedder.fail = [429, 503]
    cursor.execute("SELECT EMBED('tried again', 'small')")
    assert cursor.fetchone()[0] == pytest.approx(vector("tried again", 8))


@pytest.mark.parametrize(
    "answer, message",
    [
        (b"no json", "its answer is no JSON"),
        (b'{"data": []}', "has not answered with 1 vectors"),
        (b'{"data": [{"index": 0, "embedding": [1, 2]}]}', "has 2 values, not 8"),
        (b'{"data": [{"index": 5, "embedding": [1, 2, 3, 4, 5, 6, 7, 8]}]}', "vector 5 of 1"),
        (b'{"data": [{"index": 0, "embedding": [1, 2, 3, 4, 5, 6, 7, "x"]}]}', "a vector holds"),
    ],
)
def test_wrong_answers_are_errors(cursor, embedder, answer, message):
    embedder.answer = answer
    try:
        with pytest.raises(Exception, match="REMOTE_SOURCE_ERROR") as caught:
            cursor.execute("SELECT EMBED('wrong', 'small')")
            cursor.fetchall()
        assert message in str(caught.value)
    finally:
        embedder.answer = None


def test_a_refusal_is_shown_without_the_key(cursor, embedder):
    embedder.fail = [401]
    with pytest.raises(Exception, match="it answers 401") as caught:
        cursor.execute("SELECT EMBED('refused', 'small')")
        cursor.fetchall()
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "properties, message",
    [
        ("'provider' = 'openai'", "needs the model's name"),
        ("'provider' = 'openai', 'model' = 'm', 'path' = 'x.onnx'", "has no property 'path'"),
        ("'provider' = 'openai', 'model' = 'm', 'dimensions' = '0x4'", "'dimensions' is between 1 and"),
        ("'provider' = 'elsewhere', 'model' = 'm'", "there is no provider 'elsewhere'"),
    ],
)
def test_wrong_properties_are_named(cursor, properties, message):
    with pytest.raises(Exception, match=message):
        cursor.execute(f"CREATE MODEL wrong WITH ({properties})")


def test_without_a_server_there_are_no_such_models(server):
    with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        with pytest.raises(Exception, match="NOT_SUPPORTED: there is no embedding server"):
            cursor.execute("CREATE MODEL m WITH ('provider' = 'openai', 'model' = 'text-small')")
