// kube-scheduler's questions, as it puts them: Go's field names, null where Go has nothing.

import GanglionAPI
import HTTP
import HTTP1
import JSON
import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import Scheduling
import SchedulingTestSupport
import SystemIO
import TestSupport
import Testing

@testable import Operator

@Suite("An extender of kube-scheduler")
struct ExtenderTests {
    /// A cluster with an extender that has read it.
    private struct World {
        let cluster: LiveCluster
        let extender: Extender

        static func start(_ nodes: [String: String] = ["a": "inf2.24xlarge"]) async throws -> World {
            let cluster = try await LiveCluster.start(nodes: nodes)
            let extender = Self.extender(cluster)
            await extender.start()
            return World(cluster: cluster, extender: extender)
        }

        static func extender(_ cluster: LiveCluster) -> Extender {
            var settings = Extender.Settings()
            settings.schedulers = ["my-scheduler"]
            return Extender(cluster.client, settings: settings)
        }

        func stop() async {
            await extender.stop()
            await cluster.stop()
        }

        /// Asks over HTTP.
        func ask(_ verb: String, _ body: JSON, of other: Extender? = nil) async throws -> JSON {
            let response = await (other ?? extender).answer(
                HTTPRequest("POST", "/\(verb)", body: body.serialized()))
            #expect(response.status == 200, "\(String(decoding: response.bytes, as: UTF8.self))")
            return try JSON(parsing: response.bytes)
        }

        /// Makes a pod.
        func make(_ name: String, _ count: Int, resource: String = WellKnown.neuronCore) async throws -> JSON
        {
            try await cluster.client.create(
                .pods,
                [
                    "apiVersion": "v1", "kind": "Pod",
                    "metadata": ["name": .string(name), "namespace": "default"],
                    "spec": [
                        "schedulerName": "my-scheduler",
                        "containers": [
                            [
                                "name": "c", "image": "i",
                                "resources": ["limits": [resource: .string(String(count))]],
                            ]
                        ],
                    ],
                ])
        }

        func bind(_ pod: JSON, to node: String, of other: Extender? = nil) async throws -> String {
            let answer = try await ask(
                "bind",
                [
                    "PodName": .string(pod.meta.name), "PodNamespace": "default",
                    "PodUID": .string(pod.objectUID), "Node": .string(node),
                ], of: other)
            return answer["Error"]?.string ?? "no answer"
        }

        func cores(of name: String) async throws -> String? {
            let pod = try await cluster.client.get(.pods, ObjectKey(namespace: "default", name: name))
            return pod.meta.annotations[WellKnown.coresAnnotation]
        }
    }

    private func pod(
        _ cores: Int, resource: String = WellKnown.neuronCore, scheduler: String = "my-scheduler"
    ) -> JSON {
        [
            "metadata": ["name": "p", "namespace": "default", "uid": "u"],
            "spec": [
                "schedulerName": .string(scheduler),
                "containers": [
                    ["name": "c", "resources": ["requests": [resource: .string(String(cores))]]]
                ],
            ],
        ]
    }

    @Test("leaves out nodes without a group, those for good that can never have one")
    func filters() async throws {
        let world = try await World.start([
            "a": "inf2.24xlarge", "b": "trn1.32xlarge", "c": "inf2.xlarge",
        ])
        let answer = try await world.ask(
            "filter",
            ["Pod": pod(12), "Nodes": .null, "NodeNames": ["a", "b", "c", "unknown"]])
        #expect(answer["NodeNames"] == ["a"])
        #expect(answer["Nodes"] ?? .null == .null)
        #expect(answer["FailedNodes"] == ["unknown": "has not been seen here yet"])
        #expect(
            answer["FailedAndUnresolvableNodes"] == [
                "b": "takes groups of 1, 2, 8, 16 or 32 cores only", "c": "has only 2 cores",
            ])
        #expect(answer["Error"] == "")
        let taken = try await world.make("taken", 6)
        #expect(try await world.bind(taken, to: "a") == "")
        let later = try await world.ask(
            "filter", ["Pod": pod(12), "Nodes": .null, "NodeNames": ["a"]])
        #expect(later["NodeNames"] == [])
        #expect(later["FailedNodes"] == ["a": "has only 6 free cores"])
        await world.stop()
    }

    @Test("gives nodes that came as objects back as they came")
    func objects() async throws {
        let world = try await World.start(["a": "inf2.24xlarge", "c": "inf2.xlarge"])
        let items = ["a", "c"].map { name -> JSON in
            ["metadata": ["name": .string(name)], "future": ["field": 1]]
        }
        let body: JSON = [
            "Pod": pod(4), "NodeNames": .null, "Nodes": ["metadata": [:], "items": .array(items)],
        ]
        let answer = try await world.ask("filter", body)
        #expect(answer["Nodes"] == ["metadata": [:], "items": [items[0]]])
        #expect(answer["NodeNames"] ?? .null == .null)
        let scores = try await world.ask("prioritize", body)
        #expect(scores == [["Host": "a", "Score": 10], ["Host": "c", "Score": 0]])
        await world.stop()
    }

    @Test("scores by what the cluster loses: the best 10, the others down to 0")
    func scores() async throws {
        let world = try await World.start([
            "a": "inf2.24xlarge", "b": "inf2.24xlarge", "c": "inf2.xlarge",
        ])
        // The first chip of a is half taken: one core more breaks nothing.
        #expect(try await world.bind(try await world.make("first", 1), to: "a") == "")
        let scores = try await world.ask(
            "prioritize", ["Pod": pod(1), "Nodes": .null, "NodeNames": ["a", "b", "c"]])
        let byHost = Dictionary(
            uniqueKeysWithValues: (scores.array ?? []).map { ($0["Host"]?.string ?? "", $0["Score"]?.int) })
        #expect(byHost["a"] == 10)
        #expect(byHost["b"] == 0)
        await world.stop()
    }

    @Test("binds with the cores, once, each pod its own")
    func binds() async throws {
        let world = try await World.start()
        let pods = [try await world.make("x", 4), try await world.make("y", 4), try await world.make("z", 8)]
        #expect(try await world.bind(pods[0], to: "a") == "")
        #expect(try await world.bind(pods[1], to: "a") == "")
        #expect(try await world.cores(of: "x") == "0,1,2,3")
        #expect(try await world.cores(of: "y") == "4,5,6,7")
        #expect(try await world.bind(pods[2], to: "a") == "node a has only 4 free cores")
        // An answer that was lost is asked for again.
        await world.cluster.wait(.pods) {
            $0.contains { $0.meta.name == "x" && $0["spec"]?["nodeName"] != nil }
        }
        #expect(try await world.bind(pods[0], to: "b").contains("a") == true)
        #expect(try await world.cores(of: "x") == "0,1,2,3")
        await world.stop()
    }

    @Test("a binding that is refused takes nothing")
    func refused() async throws {
        let world = try await World.start()
        var ghost = try await world.make("x", 12)
        ghost["metadata"]?["uid"] = "another"
        #expect(try await world.bind(ghost, to: "a") == "pod default/x with uid another does not exist")
        let pod = try await world.make("y", 12)
        #expect(try await world.bind(pod, to: "a") == "")
        await world.stop()
    }

    /// A question as kube-scheduler 1.36.2 has put it.
    private func recorded(_ path: String) throws -> JSON {
        try JSON(parsing: Fixtures.octets("extender-1.36/\(path).json"))
    }

    @Test(
        "a kube-scheduler's questions are answered in its form", arguments: ["names", "objects"])
    func recordings(form: String) async throws {
        let world = try await World.start(["a": "inf2.24xlarge", "b": "inf2.24xlarge"])
        func names(_ answer: JSON) -> [String] {
            form == "names"
                ? (answer["NodeNames"]?.array ?? []).compactMap(\.string)
                : (answer["Nodes"]?["items"]?.array ?? []).map(\.meta.name)
        }
        #expect(try names(await world.ask("filter", recorded("\(form)/01-filter"))).sorted() == ["a", "b"])
        let scores = try await world.ask("prioritize", recorded("\(form)/02-prioritize"))
        #expect(scores.array?.map { $0["Score"] } == [10, 10])
        var uids: [JSON] = []
        for (pod, question) in [("x", "03-bind"), ("y", "05-bind")] {
            var body = try recorded("\(form)/\(question)")
            #expect(body["PodName"]?.string == pod)
            body["PodUID"] = .string(try await world.make(pod, 8).objectUID)
            #expect(try await world.ask("bind", body) == ["Error": ""])
            uids.append(body["PodUID"] ?? .null)
        }
        await world.cluster.wait(.pods) { $0.count == 2 && $0.allSatisfy { $0["spec"]?["nodeName"] != nil } }
        // Neither node has a group left, whoever was asked about.
        #expect(try names(await world.ask("filter", recorded("\(form)/01-filter"))) == [])
        // Victims of other uids are not there: nothing becomes free by them.
        let strange = try await world.ask("preempt", recorded("\(form)/06-preempt"))
        #expect(strange["NodeNameToMetaVictims"] == [:])
        await world.stop()
    }

    @Test("what was assumed for a pod that went before it was bound is free again")
    func vanished() async throws {
        // The answer to this binding never says what became of it.
        let cluster = try await LiveCluster.start(nodes: ["a": "inf2.24xlarge"]) { request, api in
            request.path.hasSuffix("/lost/binding") ? .text(500, "lost") : await api.handle(request)
        }
        let extender = World.extender(cluster)
        await extender.start()
        let lossy = World(cluster: cluster, extender: extender)
        let lost = try await lossy.make("lost", 12)
        #expect(try await lossy.bind(lost, to: "a") != "")
        let question: JSON = ["Pod": pod(12), "Nodes": .null, "NodeNames": ["a"]]
        #expect(
            try await lossy.ask("filter", question)["FailedNodes"] == ["a": "has only 0 free cores"])
        try await cluster.client.delete(
            .pods, ObjectKey(namespace: "default", name: "lost"), gracePeriod: 0)
        await cluster.wait(.pods, until: \.isEmpty)
        var answer = try await lossy.ask("filter", question)
        while answer["NodeNames"] != ["a"] {
            await Task.yield()
            answer = try await lossy.ask("filter", question)
        }
        await lossy.stop()
    }

    @Test("another extender sees what the first one bound: nothing is stored")
    func stateless() async throws {
        let world = try await World.start()
        #expect(try await world.bind(try await world.make("x", 4), to: "a") == "")
        let other = World.extender(world.cluster)
        await other.start()
        #expect(try await world.bind(try await world.make("y", 4), to: "a", of: other) == "")
        #expect(try await world.cores(of: "y") == "4,5,6,7")
        await other.stop()
        await world.stop()
    }

    @Test("whole chips for pods that ask for chips, beside pods that ask for cores")
    func chips() async throws {
        let world = try await World.start()
        #expect(try await world.bind(try await world.make("x", 1), to: "a") == "")
        let pod = try await world.make("y", 2, resource: WellKnown.neuronChip)
        #expect(try await world.bind(pod, to: "a") == "")
        #expect(try await world.cores(of: "y") == "2,3,4,5")
        let asked = self.pod(4, resource: WellKnown.neuronChip)
        let answer = try await world.ask(
            "filter", ["Pod": asked, "Nodes": .null, "NodeNames": ["a"]])
        #expect(answer["FailedNodes"] == ["a": "has only 6 free cores"])
        await world.stop()
    }

    @Test("pods of a scheduler that no node believes are refused in words, pods without cores pass")
    func schedulers() async throws {
        let world = try await World.start()
        let names: JSON = ["a"]
        let answer = try await world.ask(
            "filter", ["Pod": pod(1, scheduler: "other"), "Nodes": .null, "NodeNames": names])
        #expect(
            answer["Error"]
                == "no node would believe the cores of a pod with schedulerName other: name it in --extender-schedulers of ganglion's extender and agents"
        )
        let plain = try await world.ask(
            "filter",
            ["Pod": pod(1, resource: "cpu", scheduler: "other"), "Nodes": .null, "NodeNames": names])
        #expect(plain["NodeNames"] == names)
        await world.stop()
    }

    @Test(
        "of preemption keeps the nodes that have a group once the victims have gone, also where none need go")
    func preempts() async throws {
        let world = try await World.start(["a": "inf2.24xlarge", "b": "inf2.24xlarge", "c": "inf2.24xlarge"])
        var uids: [String: String] = [:]
        for (name, node, cores) in [("x", "a", 12), ("y", "b", 6), ("z", "b", 6)] {
            let pod = try await world.make(name, cores)
            uids[name] = pod.objectUID
            #expect(try await world.bind(pod, to: node) == "")
        }
        await world.cluster.wait(.pods) { $0.allSatisfy { $0["spec"]?["nodeName"] != nil } }
        let body: JSON = [
            "Pod": pod(12), "NodeNameToVictims": .null,
            "NodeNameToMetaVictims": [
                "a": ["Pods": [["UID": .string(uids["x"] ?? "")]], "NumPDBViolations": 1],
                "b": ["Pods": [["UID": .string(uids["y"] ?? "")]], "NumPDBViolations": 0],
                "c": ["Pods": .null, "NumPDBViolations": 0],
            ],
        ]
        let answer = try await world.ask("preempt", body)
        #expect(
            answer["NodeNameToMetaVictims"] == [
                "a": ["Pods": [["UID": .string(uids["x"] ?? "")]], "NumPDBViolations": 1],
                "c": ["Pods": [], "NumPDBViolations": 0],
            ])
        // Without nodeCacheCapable the victims come as objects.
        let objects: JSON = [
            "Pod": pod(12), "NodeNameToMetaVictims": .null,
            "NodeNameToVictims": [
                "a": ["Pods": [["metadata": ["uid": .string(uids["x"] ?? "")]]], "NumPDBViolations": 0],
                "c": ["Pods": .null, "NumPDBViolations": 0],
            ],
        ]
        let second = try await world.ask("preempt", objects)
        #expect(second["NodeNameToMetaVictims"]?["a"]?["Pods"] == [["UID": .string(uids["x"] ?? "")]])
        #expect(second["NodeNameToMetaVictims"]?["c"]?["Pods"] == [])
        await world.stop()
    }

    @Test(
        "what is no question is told so",
        arguments: [
            ("GET", "/filter", "", 405), ("POST", "/", "", 404), ("POST", "/filter", "{", 400),
            ("POST", "/bind", "{}", 400), ("POST", "/filter", #"{"NodeNames":[]}"#, 400),
        ])
    func misunderstood(method: String, path: String, body: String, status: Int) async throws {
        let cluster = try await LiveCluster.start()
        let extender = World.extender(cluster)
        let response = await extender.answer(HTTPRequest(method, path, body: Array(body.utf8)))
        #expect(response.status == status)
        await cluster.stop()
    }

    @Test("nothing is said before the cluster was read")
    func early() async throws {
        let cluster = try await LiveCluster.start()
        let extender = World.extender(cluster)
        let body: JSON = ["Pod": pod(1), "Nodes": .null, "NodeNames": ["a"]]
        let filtered = await extender.answer(HTTPRequest("POST", "/filter", body: body.serialized()))
        #expect(
            try JSON(parsing: filtered.bytes)["Error"] == "ganglion extender has not read the cluster yet")
        let scored = await extender.answer(HTTPRequest("POST", "/prioritize", body: body.serialized()))
        #expect(scored.status == 503)
        await cluster.stop()
    }
}
