"""Asks a server as its clients do: clients.py ADDRESS KEY. An assertion that fails ends it."""

import base64
import math
import sys

import numpy
import openai
import requests
from huggingface_hub import InferenceClient
from langchain_openai import OpenAIEmbeddings

ADDRESS, KEY = sys.argv[1:]
TEXTS = ["a fine film", "a dull film", "", "Élan 中文 🙂"]


def post(path, body, key=KEY):
    return requests.post(ADDRESS + path, json=body, headers={"Authorization": f"Bearer {key}"}, timeout=60)


def vectors():
    """The vectors that the other clients must get too."""
    rows = post("/embed", {"inputs": TEXTS}).json()
    assert all(abs(math.hypot(*row) - 1) < 1e-6 for row in rows)
    return rows


def same(rows, expected):
    """Vectors are float32: JSON has their shortest decimals, base64 their bits."""
    return numpy.array_equal(numpy.float32(rows), numpy.float32(expected))


def of_openai(expected):
    client = openai.OpenAI(base_url=ADDRESS + "/v1", api_key=KEY, max_retries=0)
    for form in ("float", "base64", openai.NOT_GIVEN):
        answer = client.embeddings.create(model="model", input=TEXTS, encoding_format=form)
        rows = [entry.embedding for entry in answer.data]
        if form == "base64":
            # Whoever asks for it gets it; without a form the client asks for it, and decodes it.
            rows = [numpy.frombuffer(base64.b64decode(row), "<f4") for row in rows]
        assert same(rows, expected), form
        assert [entry.index for entry in answer.data] == list(range(len(TEXTS)))
    one = client.embeddings.create(model="text-embeddings-inference", input=TEXTS[0])
    assert same(one.data[0].embedding, expected[0]) and one.usage.total_tokens > 2
    assert [model.id for model in client.models.list()] == ["model"]
    for error, arguments in [
        (openai.NotFoundError, {"model": "other", "input": "a"}),
        (openai.UnprocessableEntityError, {"model": "model", "input": "a", "dimensions": 2}),
        (openai.BadRequestError, {"model": "model", "input": []}),
    ]:
        try:
            client.embeddings.create(**arguments)
        except error as refused:
            assert refused.body["message"], refused
        else:
            raise AssertionError(f"expected {error.__name__}")
    try:
        openai.OpenAI(base_url=ADDRESS + "/v1", api_key="wrong", max_retries=0).models.list()
    except openai.AuthenticationError as refused:
        assert refused.code == "invalid_api_key"
    else:
        raise AssertionError("expected AuthenticationError")


def of_hugging_face(expected):
    client = InferenceClient(model=ADDRESS, token=KEY)
    labels = client.text_classification(TEXTS[0])
    assert {label.label for label in labels} == {"good", "bad"}, labels
    assert abs(sum(label.score for label in labels) - 1) < 1e-9
    best = client.text_classification(TEXTS[0], top_k=1, function_to_apply="softmax")
    assert [label.label for label in best] == [labels[0].label]
    features = InferenceClient(model=ADDRESS + "/embed", token=KEY).feature_extraction(TEXTS[0])
    assert same(features, [expected[0]]), features


def of_langchain(expected):
    embeddings = OpenAIEmbeddings(
        model="model", base_url=ADDRESS + "/v1", api_key=KEY, check_embedding_ctx_length=False
    )
    assert same(embeddings.embed_documents(TEXTS), expected)
    assert same(embeddings.embed_query(TEXTS[0]), expected[0])


def of_text_embeddings_inference(expected):
    """The requests of its documentation."""
    assert post("/embed", {"inputs": "a fine film"}).json() == [expected[0]]
    assert post("/embed", {"inputs": ["a fine film", "a dull film"]}).json() == expected[:2]
    one = post("/predict", {"inputs": "I like you."}).json()
    assert {entry["label"] for entry in one} == {"good", "bad"} and one[0]["score"] >= one[1]["score"]
    many = post("/predict", {"inputs": [["I like you."], ["I hate pineapples"]]}).json()
    assert many[0] == one and len(many) == 2
    tokens = post("/tokenize", {"inputs": "I like you."}).json()[0]
    assert set(tokens[0]) == {"id", "text", "special", "start", "stop"}
    assert post("/decode", {"ids": [token["id"] for token in tokens]}).json()[0]
    assert post("/v1/embeddings", {"input": "a", "model": "text-embeddings-inference"}).ok
    refused = post("/predict", {"inputs": "a"}, key="wrong")
    assert refused.status_code == 401 and refused.json()["error_type"] == "Unauthorized"


if __name__ == "__main__":
    rows = vectors()
    for client in (of_text_embeddings_inference, of_openai, of_hugging_face, of_langchain):
        client(rows)
        print(f"{client.__name__}: passes")
