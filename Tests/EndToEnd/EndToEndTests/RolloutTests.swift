// A ModelServer whose template changes, with its pods as processes.

import JSON
import Testing

extension SystemTests {
    @Suite("Rollouts on the local cluster")
    struct RolloutTests {
        private static let program = """
            import http.server, os
            http.server.HTTPServer(
                (os.environ["POD_IP"], 8080), http.server.SimpleHTTPRequestHandler).serve_forever()
            """

        private func manifest(cores: Int, unavailable: Int, color: String) -> String {
            """
            apiVersion: ganglion.dev/v1alpha1
            kind: ModelServer
            metadata: {name: m}
            spec:
              replicas: 2
              neuron: {cores: \(cores)}
              runtime: {preset: custom}
              models: [{name: any, uri: "file:///anything"}]
              rollout: {maxSurge: 1, maxUnavailable: \(unavailable)}
              template:
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - name: model-server
                    image: ganglion.dev/shell
                    command: [python3, -c, \(JSON.string(Self.program).text())]
                    env: [{name: COLOR, value: \(color)}]
            """
        }

        private func apply(_ manifest: String, _ cluster: Cluster) async throws {
            _ = try await cluster.kubectl(["apply", "-f", "-"], input: manifest).succeeded()
        }

        /// Two pods, both ready and of one color, and no others.
        private func serves(_ color: String, _ cluster: Cluster) async throws {
            try await cluster.eventually("two pods of \(color) serve", within: .seconds(120)) {
                let server = try await cluster.json("get", "modelserver", "m")
                let pods = try await cluster.json("get", "pods").items?.array ?? []
                let colors = pods.compactMap { pod in
                    pod.spec?.containers?[0]?.env?.array?.first { $0.name == "COLOR" }?.value?.string
                }
                return colors == [color, color] && server.status?.readyReplicas == 2
                    && server.status?.observedGeneration == server.metadata?.generation
                    && server.status?.updatedReplicas == 2
            }
        }

        @Test(
            "with free groups no replica is ever missing, and the annotation goes back to the revision before"
        )
        func surge() async throws {
            let cluster = try await Cluster.start()
            try await apply(manifest(cores: 4, unavailable: 0, color: "red"), cluster)
            try await serves("red", cluster)
            try await apply(manifest(cores: 4, unavailable: 0, color: "blue"), cluster)
            try await serves("blue", cluster)
            _ = try await cluster.kubectl(["annotate", "modelserver", "m", "ganglion.dev/rollback-to=0"])
                .succeeded()
            try await serves("red", cluster)
            let deletions = cluster.log(of: "operator").split(separator: "\n").filter {
                $0.contains("deleted pod")
            }
            // Each went because its replica had another that served.
            #expect(deletions.count == 4)
            #expect(deletions.allSatisfy { $0.contains("has the pod") }, "\(deletions)")
            try await cluster.stop()
        }

        @Test("without a free group the pod that serves makes room for the next one")
        func full() async throws {
            let cluster = try await Cluster.start()
            try await apply(manifest(cores: 12, unavailable: 1, color: "red"), cluster)
            try await serves("red", cluster)
            try await apply(manifest(cores: 12, unavailable: 1, color: "blue"), cluster)
            try await serves("blue", cluster)
            try await cluster.stop()
        }
    }
}
