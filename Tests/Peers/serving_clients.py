"""Clients of model servers, unchanged, against ours; prints `ok` and what was tried for each, and ends with an exception where
something is not as the client's own documentation says.

WHAT    triton-http, triton-grpc, openai, openai-text, openai-model, requests, boto3, openapi or secure
URL     where the server listens: HOST:PORT; for secure also the file of its authority, and a key
"""

import json
import sys
import threading

import numpy as np


def near(one, other):
    return np.allclose(np.asarray(one, dtype=np.float32), np.asarray(other, dtype=np.float32), atol=1e-6)


def ok(*words):
    print("ok", *words, flush=True)


def triton(module, client, error, is_http):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("tiny") and client.is_model_ready("tiny", "1")
    ok("ready")
    try:
        there = client.is_model_ready("none")
        assert is_http and not there
    except error:
        assert not is_http
    ok("ready of a model that is not there")
    metadata = client.get_server_metadata()
    extensions = metadata["extensions"] if is_http else metadata.extensions
    assert "binary_tensor_data" in extensions and "model_repository" in extensions
    metadata = client.get_model_metadata("tiny")
    if is_http:
        assert metadata["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}], metadata
        assert metadata["versions"] == ["1"]
        assert client.get_model_config("tiny")["backend"] == "ganglion"
    else:
        assert metadata.inputs[0].name == "text" and list(metadata.outputs[0].shape) == [-1, 48], metadata
    ok("metadata")

    texts = np.array([b"a core", "ein Kern \u00fc".encode(), b""], dtype=np.object_)
    vectors = {}
    for binary in (True, False) if is_http else (True,):
        text = module.InferInput("text", [3], "BYTES")
        if is_http:
            text.set_data_from_numpy(texts, binary_data=binary)
            outputs = [module.InferRequestedOutput("embedding", binary_data=binary)]
        else:
            text.set_data_from_numpy(texts)
            outputs = [module.InferRequestedOutput("embedding")]
        result = client.infer("tiny", [text], outputs=outputs, request_id="seven", timeout=10_000_000, priority=1)
        vectors[binary] = result.as_numpy("embedding")
        assert vectors[binary].shape == (3, 48) and vectors[binary].dtype == np.float32
        assert near((vectors[binary] ** 2).sum(axis=1), [1, 1, 1])
        response = result.get_response()
        assert (response["id"] if is_http else response.id) == "seven"
    if is_http:
        assert near(vectors[True], vectors[False])
    ok("infer")

    everything = client.infer("tiny", [text])
    assert everything.as_numpy("tokens").dtype == np.int32 and len(everything.as_numpy("tokens")) == 3
    ok("all outputs")

    for datatype, array in {
        "FP32": np.arange(6, dtype=np.float32).reshape(2, 3) / 7, "INT64": np.array([[-(2**62), 5]], dtype=np.int64),
        "UINT64": np.array([2**64 - 1], dtype=np.uint64), "FP16": np.array([1.5, -2, 65504, 6e-8], dtype=np.float16),
        "BOOL": np.array([True, False]), "INT8": np.array([-128, 127], dtype=np.int8),
        "FP64": np.array([1e-300, np.pi]), "BYTES": np.array([b"\x00\xff", b""], dtype=np.object_),
    }.items():
        for binary in (True, False) if is_http else (True,):
            if datatype in ("FP16", "BYTES", "UINT64") and not binary:
                # tritonclient refuses the first itself; octets that are no text have no form in JSON, and ours has none for
                # whole numbers beyond 63 bits.
                continue
            given = module.InferInput("INPUT0", list(array.shape), datatype)
            if is_http:
                given.set_data_from_numpy(array, binary_data=binary)
                wanted = [module.InferRequestedOutput("OUTPUT0", binary_data=binary)]
            else:
                given.set_data_from_numpy(array)
                wanted = [module.InferRequestedOutput("OUTPUT0")]
            back = client.infer("identity-" + datatype, [given], outputs=wanted).as_numpy("OUTPUT0")
            assert back.dtype == array.dtype or datatype == "BYTES", (datatype, back.dtype)
            assert back.shape == array.shape and (back == array).all(), (datatype, binary, back, array)
    ok("every datatype")

    def refused(words, body):
        try:
            body()
        except error as failure:
            assert words in failure.message(), failure.message()
        else:
            raise AssertionError(words)

    wrong = module.InferInput("text", [1], "FP32")
    wrong.set_data_from_numpy(np.zeros(1, dtype=np.float32))
    refused("wants BYTES", lambda: client.infer("tiny", [wrong]))
    refused("there is no model", lambda: client.infer("none", [text]))
    refused("no version", lambda: client.infer("tiny", [text], model_version="9"))
    other = module.InferInput("words", [1], "BYTES")
    other.set_data_from_numpy(np.array([b"a"], dtype=np.object_))
    refused("unexpected inference input 'words'", lambda: client.infer("tiny", [other]))
    refused(
        "unexpected inference output 'x'",
        lambda: client.infer("tiny", [text], outputs=[module.InferRequestedOutput("x")]))
    ok("errors")

    if is_http:
        waiting = [client.async_infer("tiny", [text]) for _ in range(20)]
        assert all(near(one.get_result().as_numpy("embedding"), vectors[True]) for one in waiting)
    else:
        results, done = [], threading.Event()

        def callback(result, error):
            results.append(error or result)
            if len(results) == 20:
                done.set()

        client.start_stream(callback)
        for index in range(20):
            client.async_stream_infer("none" if index == 7 else "tiny", [text], request_id=str(index))
        assert done.wait(30)
        client.stop_stream()
        # As clients of language models ask, which wait for the last response.
        prompt, last = module.InferInput("text_input", [1], "BYTES"), threading.Event()
        prompt.set_data_from_numpy(np.array([b"a"], dtype=np.object_))

        def final(result, error):
            results.append(error or result)
            if not error and result.get_response().parameters["triton_final_response"].bool_param:
                last.set()

        client.start_stream(final)
        client.async_stream_infer("words", [prompt], enable_empty_final_response=True)
        assert last.wait(30), results[-1]
        client.stop_stream()
        assert results.pop().as_numpy("text_output")[0] == b"one two three four five"
        good = [one for one in results if not isinstance(one, Exception)]
        assert len(good) == 19 and all(near(one.as_numpy("embedding"), vectors[True]) for one in good), results
    ok("many at a time")

    def statistics(*of):
        told = client.get_inference_statistics(*of) if is_http else client.get_inference_statistics(*of, as_json=True)
        return {one["name"]: one for one in told["model_stats"]}

    assert "statistics" in extensions and {"tiny", "words"} <= statistics().keys()
    before = statistics("tiny")["tiny"]
    client.infer("tiny", [text])
    refused("wants BYTES", lambda: client.infer("tiny", [wrong]))
    after = statistics("tiny", "1")["tiny"]
    for name, more in {"success": 1, "fail": 1, "queue": 1, "compute_infer": 1}.items():
        one, other = before["inference_stats"][name], after["inference_stats"][name]
        assert int(other["count"]) == int(one["count"]) + more and int(other["ns"]) > int(one["ns"]), (name, one, other)
    assert int(after["inference_count"]) == int(before["inference_count"]) + 3
    assert int(after["last_inference"]) >= int(before["last_inference"]) > 1_700_000_000_000
    refused("there is no model", lambda: statistics("none"))
    ok("statistics")

    index = client.get_model_repository_index()
    names = [(one["name"], one["state"]) for one in index] if is_http else [(m.name, m.state) for m in index.models]
    assert ("tiny", "READY") in names
    client.unload_model("other")
    assert "other" not in str(client.get_model_repository_index())
    refused("there is no model", lambda: client.infer("other", [text]))
    refused("no url is known", lambda: client.load_model("other"))
    client.load_model("tiny")
    assert client.is_model_ready("tiny")
    assert near(client.infer("tiny", [text]).as_numpy("embedding"), vectors[True])
    ok("repository")


def triton_http(url):
    import tritonclient.http as module
    from tritonclient.utils import InferenceServerException

    client = module.InferenceServerClient(url, concurrency=8)
    triton(module, client, InferenceServerException, True)
    client.close()


def triton_grpc(url):
    import tritonclient.grpc as module
    from tritonclient.utils import InferenceServerException

    client = module.InferenceServerClient(url)
    triton(module, client, InferenceServerException, False)
    client.close()


def open_ai(url):
    import openai

    client = openai.OpenAI(base_url=f"http://{url}/v1", api_key="none", max_retries=0)
    assert {"tiny", "other"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("tiny").object == "model"
    ok("models")
    one = client.embeddings.create(model="tiny", input="a core")  # asks for base64 by itself
    plain = client.embeddings.create(model="tiny", input="a core", encoding_format="float")
    assert len(one.data[0].embedding) == 48 and near(one.data[0].embedding, plain.data[0].embedding)
    assert one.usage.prompt_tokens == one.usage.total_tokens == 4
    many = client.embeddings.create(model="tiny", input=["a core", "two"])
    assert [item.index for item in many.data] == [0, 1]
    assert near(many.data[0].embedding, plain.data[0].embedding)
    ok("embeddings")
    short = client.embeddings.create(model="tiny", input="a core", dimensions=8).data[0].embedding
    assert len(short) == 8 and near(np.sum(np.square(short)), 1)
    first = np.array(plain.data[0].embedding[:8])
    assert near(short, first / np.linalg.norm(first))
    ok("dimensions")
    ids = client.embeddings.create(model="tiny", input=[[2, 5, 3], [2, 6, 7, 3]])
    assert len(ids.data) == 2 and ids.usage.prompt_tokens == 7
    assert near(client.embeddings.create(model="tiny", input=[2, 5, 3]).data[0].embedding, ids.data[0].embedding)
    ok("ids")
    for kind, body in [
        (openai.NotFoundError, lambda: client.embeddings.create(model="none", input="a")),
        (openai.NotFoundError, lambda: client.models.retrieve("none")),
        (openai.BadRequestError, lambda: client.embeddings.create(model="tiny", input="a", dimensions=49)),
        (openai.BadRequestError, lambda: client.embeddings.create(model="tiny", input=[])),
        (openai.BadRequestError, lambda: client.embeddings.create(model="tiny", input=[99999999])),
        (openai.BadRequestError, lambda: client.embeddings.create(model="tiny", input="a", extra_body={"x": 1})),
        (openai.BadRequestError, lambda: client.completions.create(model="tiny", prompt="a")),
    ]:
        try:
            body()
        except kind as error:
            assert error.body["message"] and "type" in error.body, error.body
        else:
            raise AssertionError(kind)
    ok("errors")


def open_ai_model(address):
    """A language model that computes, the same answer each time."""
    import openai

    client = openai.OpenAI(base_url=f"http://{address}/v1", api_key="none")
    asked = {
        "model": "small", "messages": [{"role": "user", "content": "begin"}], "temperature": 0, "max_tokens": 12,
        "extra_body": {"ignore_eos": True},
    }
    whole = client.chat.completions.create(logprobs=True, top_logprobs=2, **asked)
    choice = whole.choices[0]
    assert choice.finish_reason == "length" and whole.usage.completion_tokens == 12, whole
    assert len(choice.logprobs.content) == 12
    for token in choice.logprobs.content:
        assert token.logprob <= 0 and token.top_logprobs[0].token == token.token, token
    ok("chat")
    pieces = list(client.chat.completions.create(stream=True, stream_options={"include_usage": True}, **asked))
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert text == choice.message.content and pieces[-1].usage == whole.usage, (text, choice.message.content)
    ok("stream")
    results = [None] * 6

    def ask(place):
        results[place] = client.chat.completions.create(**asked).choices[0].message.content

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(results))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(results) == {text}, results
    ok("many at a time")
    plain = client.completions.create(model="small", prompt=[1, 2, 3], temperature=0, max_tokens=3)
    assert plain.usage.prompt_tokens == 3 and plain.usage.completion_tokens <= 3, plain
    ok("completions")
    try:
        client.chat.completions.create(model="small", messages=asked["messages"], max_tokens=1000)
        raise AssertionError("a sequence that is too long was taken")
    except openai.BadRequestError as error:
        assert "maximum context length is 256 tokens" in str(error), error
    ok("errors")


def open_ai_text(url):
    import openai

    client = openai.OpenAI(base_url=f"http://{url}/v1", api_key="none", max_retries=0)
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "Hi"}]}]
    answer = client.chat.completions.create(model="words", messages=messages)
    assert answer.choices[0].message.content == "one two three four five", answer
    assert answer.choices[0].message.role == "assistant" and answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (2, 5)
    short = client.chat.completions.create(model="words", messages=messages, max_completion_tokens=2, seed=3)
    assert short.choices[0].finish_reason == "length" and short.choices[0].message.content == "one two"
    ok("chat")
    stream = client.chat.completions.create(
        model="words", messages=messages, stream=True, stream_options={"include_usage": True})
    pieces = list(stream)
    assert pieces[0].choices[0].delta.role == "assistant"
    texts = [piece.choices[0].delta.content for piece in pieces if piece.choices and piece.choices[0].delta.content]
    assert texts == ["one", " two", " three", " four", " five"], texts
    assert [p.choices[0].finish_reason for p in pieces if p.choices][-1] == "stop"
    assert pieces[-1].choices == [] and pieces[-1].usage.completion_tokens == 5
    assert len({piece.id for piece in pieces}) == 1
    for ask in (
        lambda **how: client.chat.completions.create(model="words", messages=messages, **how),
        lambda **how: client.completions.create(model="words", prompt="a b", **how),
    ):
        options = {"include_usage": True, "continuous_usage_stats": True}  # as vLLM's clients ask
        counted = list(ask(stream=True, stream_options=options))
        counts = [(piece.usage.prompt_tokens, piece.usage.completion_tokens) for piece in counted]
        assert counts[-6:] == [(2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 5)], counts
        assert counted[-1].choices == [] and counts[0][1] in (0, 1)
        try:
            ask(stream=True, stream_options={"continuous_usage_stats": True})
        except openai.BadRequestError as error:
            assert "needs include_usage" in str(error), error
        else:
            raise AssertionError("counts that nobody gets")
    ok("stream")
    told = client.chat.completions.create(model="words", messages=messages, logprobs=True, top_logprobs=2)
    content = told.choices[0].logprobs.content
    assert [one.token for one in content] == ["one", " two", " three", " four", " five"]
    assert content[0].logprob == -0.5 and len(content[0].top_logprobs) == 2 and bytes(content[0].bytes) == b"one"
    ok("probabilities")
    plain = client.completions.create(model="words", prompt=["a b c", "d"], max_tokens=3, logprobs=1)
    assert [choice.text for choice in plain.choices] == ["one two three"] * 2
    assert [choice.index for choice in plain.choices] == [0, 1] and plain.usage.prompt_tokens == 4
    assert plain.choices[0].logprobs.tokens == ["one", " two", " three"]
    assert plain.choices[0].logprobs.text_offset == [0, 3, 7]
    text = "".join(p.choices[0].text for p in client.completions.create(model="words", prompt="a", stream=True))
    assert text == "one two three four five"
    ok("completions")
    client.chat.completions.create(
        model="words", messages=messages, temperature=0, top_p=0.5, presence_penalty=1, frequency_penalty=-1,
        stop=["x", "y"], extra_body={"top_k": 5, "min_p": 0.1, "repetition_penalty": 1.1})
    for kind, body in [
        (openai.BadRequestError, dict(temperature=3)), (openai.BadRequestError, dict(n=2)),
        (openai.BadRequestError, dict(max_tokens=3, extra_body={"min_tokens": 4})),
        (openai.BadRequestError, dict(top_p=0)), (openai.BadRequestError, dict(stop=[""])),
        (openai.BadRequestError, dict(max_tokens=100_000)), (openai.BadRequestError, dict(top_logprobs=2)),
        (openai.BadRequestError, dict(response_format={"type": "json_object"})),
        (openai.BadRequestError, dict(extra_body={"nonsense": 1})),
        (openai.BadRequestError, dict(messages=[{"role": "user", "content": "refuse this"}])),
        (openai.RateLimitError, dict(messages=[{"role": "user", "content": "be full"}])),
        (openai.InternalServerError, dict(messages=[{"role": "user", "content": "break"}])),
    ]:
        for stream in (False, True):
            try:
                client.chat.completions.create(**(dict(model="words", messages=messages, stream=stream) | body))
            except kind as error:
                assert error.body["message"], error.body
            else:
                raise AssertionError((kind, body, stream))
    try:
        list(client.chat.completions.create(
            model="words", messages=[{"role": "user", "content": "break late"}], stream=True))
    except openai.APIError as error:
        assert "the core is gone" in str(error), error
    else:
        raise AssertionError("no error in the stream")
    ok("errors")


def plain_requests(url):
    import requests

    base = f"http://{url}"
    with requests.Session() as session:
        first = session.post(f"{base}/predictions/tiny", json={"inputs": "a core"})
        assert first.status_code == 200 and first.headers["content-type"] == "application/json"
        vector = first.json()["embeddings"]
        for answer in (
            session.get(f"{base}/predictions/tiny", params={"inputs": "a core"}),
            session.get(f"{base}/predictions/tiny/1", params={"seq_0": "a core"}),
            session.put(f"{base}/predictions/tiny/1", json={"inputs": ["a core"]}),
            session.post(f"{base}/models/tiny/invoke", json={"inputs": "a core"}),
            session.post(f"{base}/invocations?model_name=tiny", data="a core", headers={"content-type": "text/plain"}),
        ):
            assert near(answer.json()["embeddings"], vector), answer.text
        assert near(session.post(f"{base}/v1/models/tiny:predict", json={"instances": ["a core"]}).json()["predictions"],
                    vector)
        ok("predictions")
        assert session.get(f"{base}/ping").json() == {"status": "Healthy"}
        assert session.get(f"{base}/predictions/none").json()["type"] == "ModelNotFoundException"
        assert session.get(f"{base}/predictions/tiny/7").status_code == 404
        assert session.delete(f"{base}/predictions/tiny").status_code == 405
        ok("errors")
        where = next(m for m in session.get(f"{base}/models").json()["models"] if m["modelName"] == "tiny")["modelUrl"]
        answer = session.post(f"{base}/models", json={"model_name": "more", "url": where})
        assert answer.status_code == 200, answer.text
        assert session.post(f"{base}/models", json={"model_name": "more", "url": where}).status_code == 409
        assert near(session.post(f"{base}/models/more/invoke", json={"inputs": "a core"}).json()["embeddings"], vector)
        ok("SageMaker's models")
        answer = session.post(f"{base}/models", params={
            "url": where, "model_name": "more", "model_version": "2", "initial_workers": 1, "batch_size": 4,
            "max_batch_delay": 5})
        assert answer.json() == {"status": 'Model "more" Version: 2 registered with 1 workers'}, answer.text
        described = session.get(f"{base}/models/more/2").json()
        assert (described["batchSize"], described["maxBatchDelay"], len(described["workers"])) == (4, 5, 1), described
        assert session.get(f"{base}/models/more").json()["modelVersion"] == "2"
        assert session.put(f"{base}/models/more/1/set-default").status_code == 200
        assert session.get(f"{base}/models/more").json()["modelVersion"] == "1"
        assert session.put(f"{base}/models/more/2", params={"min_worker": 2}).status_code == 200
        assert len(session.get(f"{base}/models/more/2").json()["workers"]) == 2
        assert session.put(f"{base}/models/more/2", params={"min_worker": 99}).status_code == 400
        assert session.put(f"{base}/models/more/2", params={"min_worker": 1}).status_code == 200
        assert near(session.get(f"{base}/predictions/more/2?inputs=a+core").json()["embeddings"], vector)
        assert session.delete(f"{base}/models/more/2").status_code == 200
        assert session.get(f"{base}/models/more/2").status_code == 404
        assert session.delete(f"{base}/models/more").status_code == 200
        assert session.get(f"{base}/predictions/more?inputs=a").status_code == 404
        assert session.post(f"{base}/models", params={"url": "/nowhere", "model_name": "x"}).status_code == 400
        assert session.post(f"{base}/models", params={"url": where, "batch_size": 0}).status_code == 400
        page = session.get(f"{base}/models", params={"limit": 1}).json()
        assert len(page["models"]) == 1 and page["nextPageToken"] == "1"
        ok("TorchServe's management")


def boto(url):
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError

    client = boto3.client(
        "sagemaker-runtime", region_name="us-east-1", endpoint_url=f"http://{url}", aws_access_key_id="a",
        aws_secret_access_key="b", config=Config(retries={"max_attempts": 1}))
    body = json.dumps({"inputs": "a core"})
    answer = client.invoke_endpoint(EndpointName="tiny", ContentType="application/json", Body=body)
    assert answer["ContentType"] == "application/json"
    vector = json.loads(answer["Body"].read())["embeddings"]
    assert len(vector[0]) == 48
    ok("invoke_endpoint")
    answer = client.invoke_endpoint(
        EndpointName="any-endpoint", TargetModel="other", ContentType="application/json", Body=body)
    assert near(json.loads(answer["Body"].read())["embeddings"], vector)
    try:
        client.invoke_endpoint(EndpointName="any", TargetModel="none", ContentType="application/json", Body=body)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    else:
        raise AssertionError("no error")
    ok("target model")


def openapi(url):
    import requests
    from openapi_spec_validator import validate

    document = requests.get(f"http://{url}/openapi.json").json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    ok("valid", len(document["paths"]) > 20)


def secure(url, authority, key):
    """Over TLS with a key: gRPC and REST beside each other."""
    import grpc
    import requests
    import tritonclient.grpc as module

    options = module.InferenceServerClient(url, ssl=True, root_certificates=authority)
    # Probes need no key, all else does.
    assert options.is_server_live()
    text = module.InferInput("text", [1], "BYTES")
    text.set_data_from_numpy(np.array([b"a core"], dtype=np.object_))
    try:
        options.infer("tiny", [text])
    except module.InferenceServerException as error:
        assert error.status() == "StatusCode.UNAUTHENTICATED", error
    else:
        raise AssertionError("no key was asked for")
    vector = options.infer("tiny", [text], headers={"authorization": f"Bearer {key}"}).as_numpy("embedding")
    assert near(options.infer("tiny", [text], headers={"x-api-key": key}).as_numpy("embedding"), vector)
    ok("gRPC")
    session = requests.Session()
    session.verify = authority
    assert session.get(f"https://{url}/ping").status_code == 200
    assert session.post(f"https://{url}/predictions/tiny", json={"inputs": "a core"}).status_code == 401
    answer = session.post(
        f"https://{url}/predictions/tiny", json={"inputs": "a core"}, headers={"authorization": f"Bearer {key}"})
    assert near(answer.json()["embeddings"], vector)
    ok("REST")
    # Without TLS there is nobody who understands.
    try:
        grpc.channel_ready_future(grpc.insecure_channel(url)).result(timeout=1)
    except grpc.FutureTimeoutError:
        ok("no plain gRPC")


{
    "triton-http": triton_http, "triton-grpc": triton_grpc, "openai": open_ai, "openai-text": open_ai_text,
    "openai-model": open_ai_model,
    "requests": plain_requests, "boto3": boto, "openapi": openapi, "secure": secure,
}[sys.argv[1]](*sys.argv[2:])
