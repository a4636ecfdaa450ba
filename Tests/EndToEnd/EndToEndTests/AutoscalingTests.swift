// A ModelServer whose load a script makes: its pods are small servers that share what stands in a file, as a Service would
// share it among them.

import JSON
import SystemIO
import Testing

extension SystemTests {
    @Suite("Autoscaling under a scripted load")
    struct AutoscalingTests {
        /// Publishes its share of the load. It is one of those that share it from its start to its end.
        private static let program = """
            import http.server, os, signal, sys
            directory = os.environ["LOAD"]
            own = os.path.join(directory, "pods", os.environ["POD_IP"])
            open(own, "w").close()
            def end(*_):
                os.remove(own)
                sys.exit(0)
            signal.signal(signal.SIGTERM, end)
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    load = float(open(os.path.join(directory, "load")).read())
                    share = load / len(os.listdir(os.path.join(directory, "pods")))
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(f'# TYPE in_flight gauge\\nin_flight{{model="m"}} {share}\\n'.encode())
                def log_message(self, *_): pass
            http.server.HTTPServer((os.environ["POD_IP"], 8080), Handler).serve_forever()
            """

        private let cluster: Cluster
        private let directory: String

        init() async throws {
            cluster = try await Cluster.start()
            directory = cluster.directory + "/load"
            try Files.makeDirectory(directory + "/pods")
        }

        private func load(_ requests: Int) throws {
            try Files.writeAtomically(directory + "/load", Array("\(requests)".utf8))
        }

        private var manifest: String {
            """
            apiVersion: ganglion.dev/v1alpha1
            kind: ModelServer
            metadata: {name: m}
            spec:
              neuron: {cores: 2}
              runtime: {preset: custom}
              models: [{name: any, uri: "file:///anything"}]
              autoscaling:
                minReplicas: 0
                maxReplicas: 10
                targetInFlight: 10
                intervalSeconds: 1
                windowSeconds: 2
                scaleUp: {stabilizationWindowSeconds: 2}
                scaleDown: {stabilizationWindowSeconds: 4}
                cooldownSeconds: 5
                metrics: {gauges: [in_flight]}
              template:
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - name: model-server
                    image: ganglion.dev/shell
                    command: [python3, -c, \(JSON.string(Self.program).text())]
                    env: [{name: LOAD, value: "\(directory)"}]
            """
        }

        private func replicas(_ count: Int, why: String) async throws {
            try await cluster.eventually("\(count) replicas, \(why)", within: .seconds(120)) {
                let server = try await cluster.json("get", "modelserver", "m")
                let seen = server.status?.autoscaling
                return server.spec?.replicas?.int == count && server.status?.replicas?.int == count
                    && seen?.reason?.string == why && seen?.desiredReplicas?.int == count
            }
        }

        /// What the autoscaler has done, in order: the replicas before and after each step. The log has all of it; of events the
        /// recorder lets through only so many about one object.
        private var steps: [(from: Int, to: Int)] {
            cluster.log(of: "operator").split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ").drop { $0 != "scaled" }.prefix(6).map(String.init)
                guard words.count == 6, words[1] == "from", let from = Int(words[2]), let to = Int(words[4])
                else { return nil }
                return (from, to)
            }
        }

        @Test(
            "follows a step, a ramp and a burst without flapping, goes to zero when idle, and comes back by hand"
        )
        func scripted() async throws {
            try load(8)
            _ = try await cluster.kubectl(["apply", "-f", "-"], input: manifest).succeeded()
            try await replicas(1, why: "OnTarget")

            // A step.
            try load(60)
            try await replicas(6, why: "OnTarget")
            // A ramp: each stage before the last one is reached.
            for requests in stride(from: 65, through: 90, by: 5) {
                try load(requests)
                try await cluster.eventually("\(requests) requests are seen") {
                    let server = try await cluster.json("get", "modelserver", "m")
                    return (server.status?.autoscaling?.inFlight?.int ?? 0) > requests - 9
                }
            }
            try await replicas(9, why: "OnTarget")
            let climb = steps
            #expect(climb.allSatisfy { $0.to > $0.from }, "\(climb)")
            #expect(climb.allSatisfy { $0.to <= max($0.from + 1, ($0.from * 3 + 1) / 2) }, "\(climb)")

            // More than there may be.
            try load(500)
            try await replicas(10, why: "AtMaximum")

            // Nothing: step by step to the last, then none.
            try load(0)
            try await replicas(0, why: "Stopped")
            let fall = steps.dropFirst(climb.count)
            #expect(fall.filter { $0.to > $0.from }.count == 1, "\(fall)")
            #expect(fall.last.map { $0 == (1, 0) } == true, "\(fall)")
            // Of the first step; later ones may come after more events than the recorder lets through about one object.
            try await cluster.eventually("a step is told in events") {
                let events = try await cluster.json("get", "events.v1.events.k8s.io")
                return (events.items?.array ?? []).contains { $0.reason == "ScaledUp" }
            }
            let condition = try await cluster.kubectl([
                "get", "modelserver", "m", "-o",
                "jsonpath={.status.conditions[?(@.type=='ScalingActive')].status}",
            ]).succeeded()
            #expect(condition == "True")

            // By hand: the annotation, and spec.replicas.
            try load(15)
            _ = try await cluster.kubectl(["annotate", "modelserver", "m", "ganglion.dev/wake=now"])
                .succeeded()
            try await replicas(2, why: "OnTarget")
            try load(0)
            try await replicas(0, why: "Stopped")
            try load(5)
            _ = try await cluster.kubectl(["scale", "modelserver", "m", "--replicas=1"]).succeeded()
            try await replicas(1, why: "OnTarget")

            _ = try await cluster.kubectl(["delete", "modelserver", "m"]).succeeded()
            try await cluster.eventually("its pods are gone") {
                try await cluster.json("get", "pods").items?.array == []
            }
            try await cluster.stop()
        }
    }
}
