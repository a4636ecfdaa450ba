// What agent and operator may do is what they do. The local cluster gives them the chart's own rules and enforces them; its
// audit log has what they asked for while everything that they are there for happens once.

import JSON
import SystemIO
import TestSupport
import Testing

/// One after the other with the suite's own: two clusters at a time would give their Services one address.
extension SystemTests {
    @Suite("Rights of agent and operator")
    struct RightsTests {
        private func waiting(_ name: String) -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name)}
            spec:
              schedulerName: ganglion-operator
              containers:
                - name: main
                  image: ganglion.dev/shell
                  resources: {limits: {aws.amazon.com/neuroncore: 4}}
            """
        }

        private let modelServer = """
            apiVersion: ganglion.dev/v1alpha1
            kind: ModelServer
            metadata: {name: m}
            spec:
              # One more than there may be.
              replicas: 2
              autoscaling: {maxReplicas: 1, targetInFlight: 1}
              disruptionBudget: {}
              neuron: {cores: 1}
              models: [{name: m, uri: "file:///nowhere"}]
            """

        /// As Kubernetes 1.37 has them.
        private let podGroups = """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata:
              name: podgroups.scheduling.k8s.io
              annotations: {api-approved.kubernetes.io: "https://github.com/kubernetes/enhancements/issues/4671"}
            spec:
              group: scheduling.k8s.io
              scope: Namespaced
              names: {plural: podgroups, singular: podgroup, kind: PodGroup, listKind: PodGroupList}
              versions:
                - name: v1beta1
                  served: true
                  storage: true
                  schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
            """

        /// The rows of a table of SECURITY.md, as rights.
        private func published(_ who: (String) -> Bool) throws -> Set<Right> {
            let text = try Files.readText(Tools.root + "/SECURITY.md")
            var rights: Set<Right> = []
            for line in text.split(separator: "\n") {
                let cells = line.split(separator: "|").map { $0.drop { $0 == " " } }.map {
                    String($0.reversed().drop { $0 == " " }.reversed())
                }
                guard cells.count == 4, who(cells[0]) else { continue }
                let named = cells[2].split(separator: " named ", maxSplits: 1).map(String.init)
                let parts = named[0].split(separator: " of ", maxSplits: 1).map(String.init)
                for verb in cells[1].split(separator: ", ") {
                    rights.insert(
                        Right(
                            verb: String(verb), group: parts.count > 1 ? parts[1] : "", resource: parts[0],
                            name: named.count > 1 ? named[1] : ""))
                }
            }
            return rights
        }

        @Test("are those that SECURITY.md tells")
        func documented() throws {
            #expect(try published { $0 == "node agent" } == ChartRights.of("node-agent"))
            #expect(try published { $0.hasPrefix("node agent, with") } == ChartRights.of("node-agent-label"))
            #expect(
                try published { $0 == "operator" }
                    == ChartRights.of("operator").union(ChartRights.of("operator-lease")))
        }

        /// Every right of the chart is used. A request that is refused fails each test that stops a cluster.
        @Test("none is unused, none is missing")
        func exact() async throws {
            let cluster = try await Cluster.start([
                "--instance-type", "inf2.xlarge", "--leader-elect", "--label-node",
                // Without it agent and operator list before they watch: both verbs are theirs for servers like this one.
                "--feature-gates", "WatchList=false",
            ])
            _ = try await cluster.kubectl(["apply", "-f", "-"], input: podGroups).succeeded()
            try await modelServers(cluster)
            try await gang(cluster)
            try await claims(cluster)
            try await placement(cluster)
            try await health(cluster)
            try await cluster.eventually("the Node is labelled") {
                try await cluster.json("get", "node", "local-0").metadata?.labels?[
                    "neuron.amazonaws.com/present"]
                    == "true"
            }
            try await foreignHands(cluster)

            let (agent, `operator`) = try AuditedUse.all(cluster.auditLog)
            let agentRights = try ChartRights.of("node-agent").union(ChartRights.of("node-agent-label"))
            #expect(unused(agentRights, by: agent) == [])
            let lease = try ChartRights.of("operator-lease")
            #expect(unused(try ChartRights.of("operator").union(lease), by: `operator`) == [])
            for right in lease {
                let anywhere = Right(verb: right.verb, group: right.group, resource: right.resource)
                #expect(`operator`.used[anywhere] == ["ganglion-system"], "\(right)")
            }
            try await cluster.stop()
        }

        private func unused(_ given: Set<Right>, by use: AuditedUse) -> [Right] {
            given.filter { right in
                let anywhere = Right(verb: right.verb, group: right.group, resource: right.resource)
                return right.name.isEmpty
                    ? use.used[anywhere] == nil : use.names[anywhere]?.contains(right.name) != true
            }.sorted()
        }

        /// A ModelServer's life, and a Service that belonged to one that is gone.
        private func modelServers(_ cluster: Cluster) async throws {
            _ = try await cluster.kubectl(["apply", "-f", "-"], input: modelServer).succeeded()
            try await cluster.eventually("its pod is bound and its Service is there") {
                let pods = try await cluster.json("get", "pods", "-l", "ganglion.dev/model-server=m")
                let services = try await cluster.kubectl(["get", "service", "m"]).status
                return pods.items?[0]?.spec?.nodeName == "local-0" && services == .exited(0)
            }
            try await cluster.eventually("the autoscaler has taken the second replica away") {
                try await cluster.json("get", "modelserver", "m").spec?.replicas == 1
            }
            try await cluster.eventually("its PodDisruptionBudget is there") {
                try await cluster.kubectl(["get", "pdb", "m"]).status == .exited(0)
            }
            _ = try await cluster.kubectl([
                "patch", "modelserver", "m", "--type=merge", "-p", #"{"spec": {"disruptionBudget": null}}"#,
            ]).succeeded()
            try await cluster.eventually("its PodDisruptionBudget is gone") {
                try await cluster.kubectl(["get", "pdb", "m"]).status != .exited(0)
            }
            _ = try await cluster.kubectl(["annotate", "modelserver", "m", "ganglion.dev/rollback-to=7"])
                .succeeded()
            try await cluster.eventually("the annotation that asks for an unknown revision is gone") {
                try await cluster.json("get", "modelserver", "m").metadata?.annotations?[
                    "ganglion.dev/rollback-to"] == nil
            }
            _ = try await cluster.kubectl(["scale", "modelserver", "m", "--replicas=0"]).succeeded()
            try await cluster.eventually("its pod is gone") {
                try await cluster.json("get", "pods").items?.array == []
            }
            // Its owner lives, so that no garbage collector takes it; the ModelServer of its own name does not.
            let server = try await cluster.json("get", "modelserver", "m")
            let service = """
                apiVersion: v1
                kind: Service
                metadata:
                  name: former
                  labels: {app.kubernetes.io/managed-by: ganglion-operator}
                  ownerReferences:
                    - apiVersion: ganglion.dev/v1alpha1
                      kind: ModelServer
                      name: former
                      uid: \(server.metadata?.uid?.string ?? "")
                      controller: true
                spec: {ports: [{port: 8080}]}
                """
            _ = try await cluster.kubectl(["apply", "-f", "-"], input: service).succeeded()
            try await cluster.eventually("the former server's Service is gone") {
                try await cluster.kubectl(["get", "service", "former"]).status != .exited(0)
            }
            _ = try await cluster.kubectl(["delete", "modelserver", "m"]).succeeded()
        }

        /// Two pods of a PodGroup: the cluster has learned of PodGroups while the operator ran.
        private func gang(_ cluster: Cluster) async throws {
            let group = """
                apiVersion: scheduling.k8s.io/v1beta1
                kind: PodGroup
                metadata: {name: pair}
                spec: {schedulingPolicy: {gang: {minCount: 2}}}
                """
            func member(_ name: String) -> String {
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: \(name)}
                spec:
                  schedulerName: ganglion-operator
                  schedulingGroup: {podGroupName: pair}
                  containers:
                    - name: main
                      image: ganglion.dev/shell
                      resources: {limits: {aws.amazon.com/neuroncore: 1}}
                """
            }
            try await cluster.eventually("PodGroups are served") {
                try await cluster.kubectl(["apply", "-f", "-"], input: group).status == .exited(0)
            }
            _ = try await cluster.kubectl(["apply", "-f", "-"], input: member("left")).succeeded()
            try await cluster.eventually("the first of the group waits for the second") {
                let pod = try await cluster.json("get", "pod", "left")
                let scheduled = pod.status?.conditions?.array?.first { $0.type == "PodScheduled" }
                return scheduled?.message?.string == "its gang pair has 1 of 2 pods yet"
            }
            _ = try await cluster.kubectl(["apply", "-f", "-"], input: member("right")).succeeded()
            try await cluster.eventually("both have their NeuronCores") {
                let pods = try await cluster.json("get", "pods").items?.array ?? []
                return pods.filter { $0.spec?.schedulingGroup != nil }.allSatisfy {
                    $0.spec?.nodeName == "local-0"
                } && pods.count >= 2
            }
            _ = try await cluster.kubectl(["delete", "pod", "left", "right", "--force"]).succeeded()
            _ = try await cluster.kubectl(["delete", "podgroup", "pair"]).succeeded()
        }

        /// Two pods with claims: for one there is a volume, for the other one is made.
        private func claims(_ cluster: Cluster) async throws {
            func claim(_ name: String, _ className: String) -> String {
                """
                apiVersion: v1
                kind: PersistentVolumeClaim
                metadata: {name: \(name)}
                spec:
                  accessModes: [ReadWriteOnce]
                  resources: {requests: {storage: 1Mi}}
                  storageClassName: \(className)
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: \(name)}
                spec:
                  schedulerName: ganglion-operator
                  containers:
                    - name: main
                      image: ganglion.dev/shell
                      args: ["-c", "touch $GANGLION_ROOT/models/\(name) && exec sleep 1000"]
                      volumeMounts: [{name: models, mountPath: /models}]
                  volumes: [{name: models, persistentVolumeClaim: {claimName: \(name)}}]
                ---

                """
            }
            let there = cluster.directory + "/models"
            try Files.makeDirectory(there)
            let volume = """
                apiVersion: storage.k8s.io/v1
                kind: StorageClass
                metadata: {name: there}
                provisioner: kubernetes.io/no-provisioner
                volumeBindingMode: WaitForFirstConsumer
                ---
                apiVersion: v1
                kind: PersistentVolume
                metadata: {name: there}
                spec:
                  accessModes: [ReadWriteOnce]
                  capacity: {storage: 1Mi}
                  storageClassName: there
                  hostPath: {path: \(there)}
                ---

                """
            _ = try await cluster.kubectl(
                ["apply", "-f", "-"], input: volume + claim("kept", "there") + claim("made", "standard")
            ).succeeded()
            try await cluster.eventually("both pods run, each with its volume") {
                let pods = try await cluster.json("get", "pods", "kept", "made").items?.array ?? []
                return pods.count == 2 && pods.allSatisfy { $0.status?.phase == "Running" }
                    && Files.exists(there + "/kept")
            }
            _ = try await cluster.kubectl(["delete", "pod", "kept", "made", "--force"]).succeeded()
            _ = try await cluster.kubectl(["delete", "pvc", "kept", "made"]).succeeded()
            try await cluster.eventually("the volume that was made is gone, and the other one stays") {
                let volumes = try await cluster.json("get", "pv").items?.array ?? []
                return volumes.count == 1 && volumes[0].status?.phase == "Released"
            }
        }

        /// A pod that fits nowhere, twice for the same reason.
        private func placement(_ cluster: Cluster) async throws {
            _ = try await cluster.kubectl(["apply", "-f", "-"], input: waiting("large")).succeeded()
            func reason() async throws -> String {
                let pod = try await cluster.json("get", "pod", "large")
                let scheduled = pod.status?.conditions?.array?.first { $0.type == "PodScheduled" }
                return scheduled?.message?.string ?? ""
            }
            try await cluster.eventually("the pod says why it waits") {
                try await reason().contains("2 of 2")
            }
            let first = try await reason()
            _ = try await cluster.kubectl(["cordon", "local-0"]).succeeded()
            try await cluster.eventually("the reason is another") {
                let now = try await reason()
                return !now.isEmpty && now != first
            }
            _ = try await cluster.kubectl(["uncordon", "local-0"]).succeeded()
            try await cluster.eventually("the reason is the first one again") { try await reason() == first }
            try await series("FailedScheduling", cluster)
        }

        /// A chip that falls ill twice.
        private func health(_ cluster: Cluster) async throws {
            let counter =
                cluster.directory
                + "/neuron/sys/devices/virtual/neuron_device/neuron0/stats/hardware/mem_ecc_uncorrected"
            for (count, healthy) in [(1, false), (0, true), (1, false)] {
                try Files.write(counter, Array("\(count)\n".utf8))
                try await cluster.eventually("the chip is \(healthy ? "healthy" : "ill")") {
                    let node = try await cluster.json("get", "neuronnode", "local-0")
                    return node.status?.chips?[0]?.health?.string == (healthy ? "Healthy" : "Unhealthy")
                }
            }
            try await series("ChipMemoryUncorrected", cluster)
        }

        private func series(_ reason: String, _ cluster: Cluster) async throws {
            try await cluster.eventually("the event \(reason) is counted") {
                let events = try await cluster.json("get", "events.events.k8s.io", "-A").items?.array ?? []
                return events.contains { $0.reason?.string == reason && ($0.series?.count?.int ?? 0) > 1 }
            }
        }

        /// What the agent's token does in other hands.
        private func foreignHands(_ cluster: Cluster) async throws {
            let token = cluster.directory + "/node-agent.kubeconfig"
            for (arguments, sentence) in [
                (
                    ["delete", "neuronnode", AuditedUse.foreignHand],
                    #"cannot delete resource "neuronnodes" in API group "ganglion.dev" at the cluster scope"#
                ),
                (
                    ["get", "secret", AuditedUse.foreignHand],
                    #"cannot get resource "secrets" in API group "" in the namespace "default""#
                ),
            ] {
                let output = try await cluster.kubectl(["--kubeconfig", token] + arguments)
                #expect(output.status == .exited(1))
                #expect(output.standardError.contains(sentence), "\(output.standardError)")
            }
            for (verb, resource, answer) in [("list", "pods", "yes"), ("delete", "pods", "no")] {
                let output = try await cluster.kubectl(
                    ["--kubeconfig", token, "auth", "can-i", verb, resource])
                #expect(output.standardOutput == answer + "\n", "\(output.standardError)")
            }
        }
    }
}
