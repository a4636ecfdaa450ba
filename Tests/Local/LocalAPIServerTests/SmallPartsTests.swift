import APIMachinery
import JSON
import KubernetesAPI
import Testing

@testable import CEL
@testable import LocalAPIServer

@Suite("Small parts of the API server")
struct SmallPartsTests {
    @Test(
        "label selectors",
        arguments: [
            ("app=web", true), ("app==web", true), ("app!=web", false), ("app in (web,db)", true),
            ("app notin (web)", false), ("tier", false), ("!tier", true), ("app,!tier", true),
            ("app=web,n>3", true),
            ("n<3", false), ("", true), ("tier!=front", true), ("tier notin (front)", true),
        ])
    func labels(text: String, matches: Bool) throws {
        #expect(try LabelSelector(parsing: text).matches(["app": "web", "n": "5"]) == matches)
    }

    @Test("label selectors that are none", arguments: ["a=b=c d", "in (a)", "a in b", "=x", "a,,b"])
    func badLabels(text: String) {
        #expect(throws: SelectorError.self) { try LabelSelector(parsing: text) }
    }

    @Test(
        "quantities in their canonical form",
        arguments: [
            ("1", "1"), ("1.5", "1500m"), ("1500m", "1500m"), ("1000m", "1"), ("2Gi", "2Gi"),
            ("2048Mi", "2Gi"),
            ("1e3", "1e3"), ("1000", "1k"), ("0", "0"), ("0.1", "100m"), ("100Ki", "100Ki"), ("-1", "-1"),
        ])
    func quantities(text: String, canonical: String) {
        #expect(Quantity(text)?.text == canonical)
    }

    @Test(
        "what is no quantity",
        arguments: [
            "", "x", "1Q", "1.2.3", "e3", "1e99", ".",
            "1e-9223372036854775808",
        ])
    func badQuantities(text: String) {
        #expect(Quantity(text) == nil)
    }

    @Test(
        "times",
        arguments: [
            ("2026-11-21T12:50:57Z", "2026-11-21T12:50:57.000000Z"),
            ("2026-11-21T14:50:57.5+02:00", "2026-11-21T12:50:57.500000Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"),
        ])
    func times(text: String, canonical: String) {
        #expect(Timestamp(text)?.microText == canonical)
    }

    @Test(
        "what is no time",
        arguments: ["", "2026-01-01 00:00:00", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00"])
    func badTimes(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(
        "ages as kubectl writes them",
        arguments: [
            (0, "0s"), (119, "119s"), (120, "2m"), (599, "9m59s"), (600, "10m"), (10_800, "3h"),
            (12_000, "3h20m"),
            (172_800, "2d"), (180_000, "2d2h"), (864_000, "10d"),
        ])
    func ages(seconds: Int64, text: String) {
        #expect(Age.humanDuration(seconds: seconds) == text)
    }

    @Test(
        "JSON paths of printer columns",
        arguments: [
            (".spec.cores", ["4"]), (".status.conditions[?(@.type==\"Ready\")].status", ["True"]),
            (".spec.models[*].name", ["a", "b"]), (".spec.models[0].name", ["a"]), (".spec.absent", []),
            (".metadata.labels.app\\.x", ["y"]), (".spec['cores']", ["4"]),
        ])
    func paths(text: String, values: [String]) throws {
        let object: JSON = [
            "metadata": ["labels": ["app.x": "y"]],
            "spec": ["cores": 4, "models": [["name": "a"], ["name": "b"]]],
            "status": [
                "conditions": [["type": "Placed", "status": "False"], ["type": "Ready", "status": "True"]]
            ],
        ]
        let path = try #require(JSONPath(text))
        #expect(path.values(in: object).map { $0.string ?? $0.text() } == values)
    }

    @Test(
        "odd Accept headers are read, not crashed on",
        arguments: ["a/b; ;q=1", "a/b;=", ";", ",,", "a/b;q=0.5;"])
    func mediaTypes(header: String) {
        #expect(MediaType.list(header).allSatisfy { $0.type == "a/b" || $0.type.isEmpty })
    }

    @Test("sums that a client may make too large stay inside their type")
    func sums() {
        let large = JSON(Int.max)
        let pod: JSON = [
            "spec": ["containers": [[:], [:]]],
            "status": ["containerStatuses": [["restartCount": large], ["restartCount": large]]],
        ]
        let cells = PodColumns.columns.map { $0.cell(pod) }
        #expect(cells[3] == "-2")
    }

    @Test(
        "restarts are those of init containers until they are through, then those of sidecars and containers",
        arguments: [
            // An init container fails; what comes after it has not run.
            ([(4, ["waiting": ["reason": "CrashLoopBackOff"]], false), (9, [:], false)], 0, "4"),
            // The first is through after one restart, the second runs.
            ([(1, ["terminated": ["exitCode": 0]], true), (2, ["running": [:]], false)], 0, "3"),
            ([(5, ["terminated": ["exitCode": 0]], true)], 3, "3"),
        ] as [([(restarts: Int, state: JSON, ready: Bool)], Int, String)])
    func restarts(initial: [(restarts: Int, state: JSON, ready: Bool)], own: Int, shown: String) {
        func status(_ name: String, _ restarts: Int, _ state: JSON, _ ready: Bool) -> JSON {
            [
                "name": .string(name), "restartCount": JSON(restarts), "state": state, "ready": .bool(ready),
                "started": .bool(ready),
            ]
        }
        let names = initial.indices.map { "i\($0)" }
        let pod: JSON = [
            "spec": [
                "containers": [["name": "c"]],
                "initContainers": .array(names.map { ["name": .string($0)] }),
            ],
            "status": [
                "initContainerStatuses": .array(
                    zip(names, initial).map { status($0, $1.restarts, $1.state, $1.ready) }),
                "containerStatuses": [status("c", own, ["running": [:]], true)],
            ],
        ]
        #expect(PodColumns.columns[3].cell(pod) == .string(shown))
        // A sidecar's restarts count for as long as the pod is there.
        var sidecar = pod
        sidecar[path: ["spec", "initContainers"]] = [["name": "i0", "restartPolicy": "Always"]]
        sidecar[path: ["status", "initContainerStatuses"]] = [status("i0", 7, ["running": [:]], true)]
        #expect(PodColumns.columns[3].cell(sidecar) == .string("\(7 + own)"))
    }

    @Test("continue tokens come back")
    func tokens() throws {
        let token = ContinueToken(revision: 1_839, after: "p0")
        #expect(token.text == "eyJydiI6MTgzOSwic3RhcnQiOiIvcDBcdTAwMDAiLCJ2IjoibWV0YS5rOHMuaW8vdjEifQ")
        #expect(try ContinueToken(parsing: token.text) == token)
        #expect(
            try ContinueToken(parsing: "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoicDFcdTAwMDAifQ")
                == ContinueToken(revision: -1, after: "p1"))
    }

    @Test("a protobuf body of kubectl: ConfigMap")
    func protobuf() {
        // k8s\0, Unknown{TypeMeta{v1, ConfigMap}, raw: ConfigMap{metadata{name: x, namespace: ""}, data{a: b}}}
        let raw: [UInt8] = [0x0a, 5, 0x0a, 1, 0x78, 0x1a, 0, 0x12, 6, 0x0a, 1, 0x61, 0x12, 1, 0x62]
        let meta: [UInt8] = [0x0a, 2, 0x76, 0x31, 0x12, 9] + Array("ConfigMap".utf8)
        let body = [0x6b, 0x38, 0x73, 0, 0x0a, UInt8(meta.count)] + meta + [0x12, UInt8(raw.count)] + raw
        #expect(
            ProtobufBodies.parse(body)
                == ["kind": "ConfigMap", "apiVersion": "v1", "metadata": ["name": "x"], "data": ["a": "b"]])
        for cut in 4..<body.count { #expect(ProtobufBodies.parse(Array(body[..<cut]))?.data == nil) }
    }
}
