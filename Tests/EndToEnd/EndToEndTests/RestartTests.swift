import Glibc
import JSON
import SystemIO
import Testing

/// Processes die, in any order, while pods run: nothing is given twice, nothing is lost, and the resource is back.
@Suite(
    "Components that die", .serialized,
    .enabled(if: Tools.isAvailable, "kubectl or the executables are missing: run make test"))
struct RestartTests {
    private static let components = ["device-plugin", "node-agent", "kubelet", "operator"]

    private func pod(_ name: String, cores: Int) -> String {
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: \(name)}
        spec:
          containers:
          - name: main
            image: ganglion.dev/shell
            command: [/bin/sh, -c, "exec sleep 3600"]
            resources: {limits: {aws.amazon.com/neuroncore: \(cores)}}
        """
    }

    /// The pods' own process: the same one before and after, or the pod has been lost.
    private func containers(_ cluster: Cluster) async throws -> [String: String] {
        var result: [String: String] = [:]
        for pod in try await cluster.json("get", "pods").items?.array ?? [] {
            let status = pod.status?.containerStatuses?[0]
            result[pod.metadata?.name?.string ?? ""] =
                "\(status?.containerID?.string ?? "-") \(status?.restartCount?.int ?? -1) \(pod.status?.phase?.string ?? "-")"
        }
        return result
    }

    /// Kills a component and waits until another process has taken its place.
    private func kill(_ component: String, _ cluster: Cluster) async throws {
        let old = try #require(cluster.pid(of: component))
        let process = try ChildProcess(existing: old)
        process.send(.kill)
        _ = await process.wait()
        try await cluster.eventually("\(component) is back", within: .seconds(20)) {
            guard let pid = cluster.pid(of: component), pid != old else { return false }
            return (try? ChildProcess(existing: pid)) != nil
        }
    }

    private func allocatable(_ cluster: Cluster) async throws -> String? {
        try await cluster.json("get", "node", "local-0").status?.allocatable?["aws.amazon.com/neuroncore"]?
            .string
    }

    /// What each pod holds, checked: no core twice, no pod without.
    private func holdings(_ cluster: Cluster, _ expected: [String: Int]) async throws -> [String: [Int]] {
        var holders: [String: [Int]] = [:]
        try await cluster.eventually("the kubelet accounts for all pods", within: .seconds(30)) {
            guard let read = try? await PodResourcesView.read(cluster) else { return false }
            holders = read
            return read.count == expected.count
        }
        let all = holders.values.flatMap { $0 }
        #expect(Set(all).count == all.count, "a core was given twice: \(holders)")
        for (name, cores) in expected { #expect(holders["default/\(name)/main"]?.count == cores) }
        return holders
    }

    @Test("each component alone, all orders of two, and all at once")
    func anyOrder() async throws {
        let cluster = try await Cluster.start()
        var expected = ["a": 4, "b": 2, "c": 1]
        for (name, cores) in expected.sorted(by: { $0.key < $1.key }) {
            _ = try await cluster.kubectl(["apply", "-f", "-"], input: pod(name, cores: cores)).succeeded()
        }
        _ = try await cluster.kubectl(["wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s"])
            .succeeded()
        let before = try await containers(cluster)
        let held = try await holdings(cluster, expected)

        var rounds = Self.components.map { [$0] }
        for first in Self.components {
            for second in Self.components where first != second { rounds.append([first, second]) }
        }
        rounds.append(Self.components)
        rounds.append(Self.components.reversed())
        for (index, round) in rounds.enumerated() {
            for component in round { try await kill(component, cluster) }
            try await cluster.eventually("the resource is back after \(round)", within: .seconds(30)) {
                try await allocatable(cluster) == "24"
            }
            #expect(try await holdings(cluster, expected) == held, "after \(round)")
            #expect(try await containers(cluster) == before, "after \(round)")
            // The node still takes pods, and gives their cores back.
            let name = "round-\(index)"
            _ = try await cluster.kubectl(["apply", "-f", "-"], input: pod(name, cores: 2)).succeeded()
            _ = try await cluster.kubectl(["wait", "--for=condition=Ready", "pod/\(name)", "--timeout=60s"])
                .succeeded()
            expected[name] = 2
            _ = try await holdings(cluster, expected)
            _ = try await cluster.kubectl(["delete", "pod", name, "--grace-period=1"]).succeeded()
            expected[name] = nil
            try await cluster.eventually("the cores of \(name) are free") {
                try await PodResourcesView.read(cluster).count == expected.count
            }
        }
        try await cluster.stop()
    }

    @Test("a pod that ends while the kubelet is down gives its cores back")
    func endsMeanwhile() async throws {
        let cluster = try await Cluster.start(["--instance-type", "inf2.xlarge"])
        _ = try await cluster.kubectl(["apply", "-f", "-"], input: pod("first", cores: 2)).succeeded()
        _ = try await cluster.kubectl(["wait", "--for=condition=Ready", "pod/first", "--timeout=60s"])
            .succeeded()
        let kubelet = try #require(cluster.pid(of: "kubelet"))
        let process = try ChildProcess(existing: kubelet)
        _ = try await cluster.kubectl(["delete", "pod", "first", "--grace-period=1", "--wait=false"])
            .succeeded()
        process.send(.kill)
        _ = await process.wait()
        _ = try await cluster.kubectl(["apply", "-f", "-"], input: pod("second", cores: 2)).succeeded()
        _ = try await cluster.kubectl(["wait", "--for=condition=Ready", "pod/second", "--timeout=60s"])
            .succeeded()
        #expect(try await holdings(cluster, ["second": 2])["default/second/main"] == [0, 1])
        try await cluster.stop()
    }

    @Test("when ganglion up itself is killed, nothing is left running")
    func supervisorDies() async throws {
        let cluster = try await Cluster.start(["--instance-type", "inf2.xlarge"])
        _ = try await cluster.kubectl(["apply", "-f", "-"], input: pod("orphan", cores: 2)).succeeded()
        _ = try await cluster.kubectl(["wait", "--for=condition=Ready", "pod/orphan", "--timeout=60s"])
            .succeeded()
        let processes = Processes.using(cluster.directory).compactMap { try? ChildProcess(existing: $0) }
        #expect(processes.count >= 5)
        cluster.process.send(.kill)
        #expect(await cluster.process.wait() == .signalled(9))
        for process in processes { _ = await process.wait() }
        #expect(Processes.using(cluster.directory) == [])
        try Files.removeTree(cluster.directory)
    }
}

/// Processes of this machine.
enum Processes {
    /// Those with a path of this directory on their command line or in their environment.
    static func using(_ directory: String) -> [Int32] {
        ((try? Files.list("/proc")) ?? []).compactMap { Int32($0) }.filter { pid in
            guard pid != getpid() else { return false }
            let command = (try? Files.readText("/proc/\(pid)/cmdline")) ?? ""
            let environment = (try? Files.readText("/proc/\(pid)/environ")) ?? ""
            return command.contains(directory + "/") || environment.contains(directory + "/")
        }
    }
}
