// Classifiers, rerankers and models that answer questions behind the server's paths. Their numbers are those of
// Tests/Peers/encoder_heads.py, so what is told here is what somebody else has computed.

import HTTP
import JSON
import Models
import SystemIO
import TestSupport
import Testing

@testable import ModelServer

@Suite(
    "Labels, answers and orders of texts over HTTP",
    .enabled(if: Python.has("tokenizers"), "there is no Python with tokenizers"))
struct HeadRouteTests {
    private struct Served: Sendable {
        let directory: TemporaryDirectory
        let node: FakeNode
        let server: InferenceServer
        let json: JSON

        func results(_ name: String) -> [JSON] {
            json["classifiers"]?.array?.first { $0["case"]?.string == name }?["results"]?.array ?? []
        }

        /// The places of inputs of one text, and of two.
        var inputs: (alone: Int, pair: Int) {
            let counts = (json["inputs"]?.array ?? []).map { $0.array?.count ?? 0 }
            return (counts.lastIndex(of: 1) ?? 0, counts.lastIndex(of: 2) ?? 0)
        }

        func input(_ number: Int) -> [String] {
            (json["inputs"]?[number]?.array ?? []).compactMap(\.string)
        }
    }

    private static let served = Task<Served, any Error> {
        let directory = try TemporaryDirectory()
        let peer = try PythonPeer("encoder_heads.py", [directory.path, "28"])
        _ = try await peer.text()
        #expect(await peer.finish() == .exited(0))
        let node = try FakeNode(chips: 2)
        let server = try await node.server(
            cores: 0..<2,
            more: try ["bert-labels", "bert-ranker", "xlm-roberta-ranker", "electra-several", "bert-answers"]
                .map {
                    try ModelSpecification(name: $0, uri: directory.path + "/" + $0)
                })
        return Served(
            directory: directory, node: node, server: server,
            json: try JSON(parsing: try Files.read(directory.path + "/cases.json", limit: 1 << 28)))
    }

    /// The place of the greatest.
    private static func best(_ scores: [Double]) -> Int {
        scores.indices.max { scores[$0] < scores[$1] } ?? 0
    }

    private func scores(_ list: JSON?) -> [String: Double] {
        Dictionary(
            (list?.array ?? []).map { ($0["label"]?.string ?? "", $0["score"]?.double ?? 0) },
            uniquingKeysWith: { one, _ in one })
    }

    @Test("labels come as transformers' pipeline gives them")
    func labels() async throws {
        let served = try await Self.served.value
        let (alone, pair) = served.inputs
        let text = served.input(alone)[0]
        let path = "/predictions/bert-labels"
        let wanted = (served.results("bert-labels")[alone]["scores"]?.array ?? []).compactMap(\.double)
        let best = Self.best(wanted)
        let labels = ["no", "maybe", "yes"]
        let short: JSON = ["inputs": .string(text)]
        let one = await served.server.post(path, short.text()).json
        #expect(one.array?.count == 1 && one[0]?["label"]?.string == labels[best])
        #expect(abs((one[0]?["score"]?.double ?? 0) - wanted[best]) < 1e-4)
        let whole: JSON = ["inputs": .string(text), "parameters": ["top_k": .null]]
        let all = await served.server.post(path, whole.text()).json
        let found = scores(all)
        for (label, score) in zip(labels, wanted) { #expect(abs((found[label] ?? 0) - score) < 1e-4) }
        let order = (all.array ?? []).compactMap { $0["score"]?.double }
        #expect(order == order.sorted(by: >) && order.count == 3)
        let both = served.input(pair)
        let pairScores = (served.results("bert-labels")[pair]["scores"]?.array ?? []).compactMap(\.double)
        let body: JSON = [
            "inputs": [["text": .string(both[0]), "text_pair": .string(both[1])], .string(text)],
            "parameters": ["top_k": 3],
        ]
        let lists = await served.server.post(path, body.text()).json
        #expect(lists.array?.count == 2)
        let pairFound = scores(lists[0])
        for (label, score) in zip(labels, pairScores) { #expect(abs((pairFound[label] ?? 0) - score) < 1e-4) }
        #expect(scores(lists[1]) == found)
        let plain: JSON = ["instances": [.string(text)], "parameters": ["function_to_apply": "none"]]
        let logits = await served.server.post("/v1/models/bert-labels:predict", plain.text()).json
        let logit =
            (served.results("bert-labels")[alone]["logits"]?.array ?? []).compactMap(\.double).max() ?? 0
        #expect(abs((logits["predictions"]?[0]?["score"]?.double ?? 0) - logit) < 1e-3)
    }

    @Test(
        "what makes no sense is refused",
        arguments: [
            ("/predictions/bert-labels", #"{"inputs": "a", "parameters": {"topk": 1}}"#, "topk"),
            ("/predictions/bert-labels", #"{"inputs": "a", "parameters": {"top_k": 0}}"#, "top_k"),
            ("/predictions/bert-labels", #"{"inputs": {"question": "a", "context": "b"}}"#, "labels"),
            ("/predictions/bert-labels", #"{"inputs": {"texts": "a"}}"#, "text_pair"),
            ("/predictions/tiny", #"{"inputs": {"text": "a", "text_pair": "b"}}"#, "inputs"),
            ("/predictions/bert-answers", #"{"inputs": "a"}"#, "question"),
            ("/predictions/bert-answers", #"{"question": "", "context": "b"}"#, "empty"),
            (
                "/predictions/bert-answers",
                #"{"question": "a", "context": "b", "parameters": {"max_question_len": 9}}"#,
                "max_question_len"
            ),
            ("/v1/rerank", #"{"model": "tiny", "query": "a", "documents": ["b"]}"#, "does not rank"),
            ("/v1/rerank", #"{"model": "bert-labels", "query": "a", "documents": ["b"]}"#, "does not rank"),
            ("/v1/rerank", #"{"model": "bert-ranker", "query": "a", "documents": []}"#, "documents"),
            ("/v1/rerank", #"{"model": "bert-ranker", "documents": ["b"]}"#, "query"),
            ("/v1/rerank", #"{"model": "bert-ranker", "query": "a", "documents": ["b"], "rank": 1}"#, "rank"),
            ("/v1/embeddings", #"{"model": "bert-labels", "input": "a"}"#, "no embeddings"),
        ])
    func refusals(path: String, body: String, word: String) async throws {
        let server = try await Self.served.value.server
        let response = await server.post(path, body)
        #expect(response.status == 400)
        #expect(response.text.contains(word))
    }

    @Test("without a name there is no model where there are several")
    func unnamed() async throws {
        let server = try await Self.served.value.server
        let response = await server.post("/v1/rerank", #"{"query": "a", "documents": ["b"]}"#)
        #expect(response.status == 404)
        #expect(response.text.contains("models"))
    }

    @Test(
        "texts are ordered as a CrossEncoder orders them, in both forms",
        arguments: ["bert-ranker", "xlm-roberta-ranker"])
    func rerank(name: String) async throws {
        let served = try await Self.served.value
        let pairs = (0..<(served.json["inputs"]?.array?.count ?? 0)).filter { served.input($0).count == 2 }
            .suffix(4)
        for number in pairs {
            let (query, document) = (served.input(number)[0], served.input(number)[1])
            let right = try #require(served.results(name)[number]["pairScores"]?[0]?.double)
            let logit = try #require(served.results(name)[number]["logits"]?[0]?.double)
            let body: JSON = [
                "model": .string(name), "query": .string(query),
                "documents": [.string(document), ["text": .string("other " + document)], "third"],
            ]
            let reply = await served.server.post("/v1/rerank", body.text()).json
            let results = reply["results"]?.array ?? []
            let order = results.compactMap { $0["relevance_score"]?.double }
            #expect(order.count == 3 && order == order.sorted(by: >))
            let own = try #require(results.first { $0["index"]?.int == 0 })
            #expect(abs((own["relevance_score"]?.double ?? 9) - right) < 1e-4)
            #expect(own["document"]?["text"]?.string == document)
            #expect((reply["usage"]?["total_tokens"]?.int ?? 0) > 0 && reply["model"]?.string == name)
            let first: JSON = [
                "model": .string(name), "query": .string(query), "top_n": 1, "return_documents": false,
                "documents": [.string(document), "third"],
            ]
            let short = await served.server.post("/v2/rerank", first.text()).json
            #expect(short["results"]?.array?.count == 1 && short["results"]?[0]?["document"] == nil)
            let plain: JSON = [
                "model": .string(name), "query": .string(query), "texts": [.string(document)],
                "raw_scores": true,
                "return_text": true,
            ]
            let list = await served.server.post("/rerank", plain.text()).json
            #expect(abs((list[0]?["score"]?.double ?? 9) - logit) < 1e-3)
            #expect(list[0]?["text"]?.string == document && list[0]?["index"]?.int == 0)
        }
    }

    @Test("answers come as transformers' pipeline gives them, and as tensors")
    func answers() async throws {
        let served = try await Self.served.value
        let reader = served.json["readers"]?.array?.first { $0["case"]?.string == "bert-answers" }
        for entry in reader?["questions"]?.array ?? [] {
            let body: JSON = [
                "inputs": ["question": entry["question"] ?? .null, "context": entry["context"] ?? .null],
                "parameters": entry["parameters"] ?? .null,
            ]
            let reply = await served.server.post("/predictions/bert-answers", body.text()).json
            let answers = reply.array ?? [reply]
            let expected = entry["answers"]?.array ?? []
            try #require(answers.count == expected.count)
            for (own, other) in zip(answers, expected) {
                #expect(own["answer"] == other["answer"] && own["start"]?.int == other["start"]?.int)
                #expect(own["end"]?.int == other["end"]?.int)
                #expect(abs((own["score"]?.double ?? 9) - (other["score"]?.double ?? 0)) < 1e-4)
            }
        }
        let first = try #require(reader?["questions"]?[0])
        let tensors: JSON = [
            "inputs": .array(
                ["question", "context"].map {
                    ["name": .string($0), "datatype": "BYTES", "shape": [1], "data": [first[$0] ?? .null]]
                })
        ]
        let reply = await served.server.post("/v2/models/bert-answers/infer", tensors.text()).json
        let outputs = reply["outputs"]?.array ?? []
        #expect(outputs.map { $0["name"]?.string } == ["answer", "score", "start", "end"])
        #expect(outputs.first?["data"]?[0] == first["answers"]?[0]?["answer"])
    }

    @Test("scores and labels come as tensors, of texts and of rows of two")
    func tensors() async throws {
        let served = try await Self.served.value
        let (alone, pair) = served.inputs
        for (number, shape) in [(alone, [1]), (pair, [1, 2])] {
            let body: JSON = [
                "inputs": [
                    [
                        "name": "text", "datatype": "BYTES", "shape": .array(shape.map { JSON($0) }),
                        "data": .array(served.input(number).map { .string($0) }),
                    ]
                ]
            ]
            let reply = await served.server.post("/v2/models/electra-several/infer", body.text()).json
            let scores = (reply["outputs"]?[0]?["data"]?.array ?? []).compactMap(\.double)
            let right = (served.results("electra-several")[number]["scores"]?.array ?? []).compactMap(
                \.double)
            #expect(scores.count == 4 && zip(scores, right).allSatisfy { abs($0 - $1) < 1e-4 })
            let best = Self.best(right)
            #expect(reply["outputs"]?[1]?["data"]?[0]?.string == ["a", "b", "c", "d"][best])
        }
        let metadata = await served.server.get("/v2/models/electra-several").json
        #expect(metadata["platform"]?.string == "ganglion_classification")
        #expect(metadata["outputs"]?[0]?["shape"]?[1]?.int == 4)
    }
}
