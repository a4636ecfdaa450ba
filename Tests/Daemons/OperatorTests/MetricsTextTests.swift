// What is read from what pods publish.

import GanglionAPI
import JSON
import KubernetesAPI
import SchedulingTestSupport
import Testing

@testable import Operator

@Suite("Load from Prometheus text")
struct MetricsTextTests {
    private static let names = ["vllm:num_requests_running", "waiting"]

    @Test(
        "is the sum over all labels",
        arguments: [
            ("waiting 3\n", ["waiting": 3]), ("waiting 3", ["waiting": 3]),
            ("waiting 3 1700000000000\r\n", ["waiting": 3]),
            ("waiting\t 3e0\n", ["waiting": 3]),
            (
                "# HELP waiting All that wait.\n# TYPE waiting gauge\nwaiting{a=\"1\"} 1\nwaiting{a=\"2\"} 2.5\n",
                ["waiting": 3.5]
            ),
            ("waiting{path=\"a}b\\\"} 7\",x=\"\\\\\"} 2 # {id=\"1\"} 9\n", ["waiting": 2]),
            ("waiting_total 9\nnot_waiting 8\nwaiting{} 1", ["waiting": 1]),
            (
                "vllm:num_requests_running{engine=\"0\",model_name=\"m\"} 4.0\nwaiting 0\n",
                ["vllm:num_requests_running": 4, "waiting": 0]
            ),
            ("# TYPE waiting gauge\n", ["waiting": 0]), ("# HELP waiting 5\n# waiting 5\n", [:]), ("", [:]),
            ("\n\n\0\u{fffd}\n", [:]),
        ] as [(String, [String: Double])])
    func sums(text: String, expected: [String: Double]) throws {
        #expect(try MetricsText.sums(Array(text.utf8), of: Self.names) == expected)
    }

    @Test(
        "is not believed where it is no count",
        arguments: [
            "waiting NaN", "waiting +Inf", "waiting -1", "waiting", "waiting{a=\"", "waiting{a=\"}",
            "waiting x",
            "waiting {", "waiting 1e999", "waiting " + String(repeating: "1", count: 1000),
        ])
    func nonsense(text: String) {
        guard text != "waiting" else {
            // Without a value it is not a sample of anything.
            #expect((try? MetricsText.sums(Array(text.utf8), of: Self.names)) == [:])
            return
        }
        #expect(throws: MetricsText.Fault.self) { try MetricsText.sums(Array(text.utf8), of: Self.names) }
    }

    @Test("comes to an end on any octets")
    func anything() {
        var state: UInt64 = 7
        let letters = Array("waiting{}\"\\ #\n\t0.e+-NTYPE".utf8) + [0, 255]
        for _ in 0..<2_000 {
            let text = (0..<80).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return letters[Int(state >> 33) % letters.count]
            }
            let sums = (try? MetricsText.sums(Array("waiting".utf8) + text, of: Self.names)) ?? [:]
            #expect(sums.values.allSatisfy { $0 >= 0 && $0.isFinite })
        }
    }

    // MARK: Which metrics

    private func source(_ spec: JSON) throws -> LoadSource? {
        let server: ModelServer = Make.server(spec: spec).typed()
        return LoadSource(of: try server.validSpec())
    }

    @Test("of our server and the presets is known, of others it is what the user says")
    func sources() throws {
        var spec = Make.spec()
        #expect(
            try source(spec)
                == LoadSource(
                    port: 8080, path: "/metrics",
                    gauges: [
                        "ganglion_model_server_requests_running", "ganglion_model_server_queue_length",
                    ],
                    counter: "ganglion_model_server_requests_total"))
        spec["runtime"] = ["preset": "vllm", "port": 9000]
        #expect(try source(spec)?.port == 9000)
        #expect(
            try source(spec)?.gauges == ["vllm:num_requests_running", "vllm:num_requests_waiting"])
        spec["runtime"] = ["preset": "custom"]
        spec["template"] = ["spec": ["containers": [["name": "model-server", "image": "i"]]]]
        #expect(try source(spec) == nil)
        spec["autoscaling"] = [
            "maxReplicas": 2, "targetInFlight": 1, "metrics": ["port": 9, "path": "/m", "gauges": ["g"]],
        ]
        #expect(try source(spec) == LoadSource(port: 9, path: "/m", gauges: ["g"], counter: nil))
    }

    @Test("of a pod is what runs and what waits; a server that lacks one of them has the other")
    func load() throws {
        let source = LoadSource(port: 1, path: "/", gauges: ["r", "w"], counter: "c")
        #expect(try source.load(Array("r 2\nw 3\nc 9\n".utf8)) == PodLoad(inFlight: 5, requests: 9))
        #expect(try source.load(Array("w 3\n".utf8)) == PodLoad(inFlight: 3, requests: nil))
        #expect(throws: LoadFault.missing(["r", "w"])) { try source.load(Array("c 9\n".utf8)) }
    }
}
