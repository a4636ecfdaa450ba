// The command line of the suite.

package import Arguments
import Glibc
import KubernetesClient
import SystemIO

/// `ganglion-e2e`.
package enum EndToEndCommand {
    private static let kubeconfig = Option<String?>(
        "kubeconfig", placeholder: "FILE",
        help: "How to reach the API server; otherwise KUBECONFIG, the pod's files or ~/.kube/config")
    private static let context = Option<String?>(
        "context", placeholder: "NAME", help: "A context of the kubeconfig; otherwise the current one")
    private static let image = Option(
        "image", default: SuiteSettings().image, placeholder: "IMAGE",
        help: "The image of ganglion, for pods that report what they were given")
    private static let serverImage = Option<String?>(
        "model-server-image", placeholder: "IMAGE",
        help:
            "The image of the model server, whose command is /ganglion-model-server; otherwise the operator's"
    )
    private static let model = Option<String?>(
        "model", placeholder: "DIR",
        help: "A model's directory on the node; one named all-MiniLM-L6-v2 must give that model's results")
    private static let prefix = Option(
        "namespace-prefix", default: SuiteSettings().namespacePrefix, placeholder: "NAME",
        help: "What the names of the suite's namespaces begin with"
    ) { isLabel($0) && $0.utf8.count <= 20 ? nil : "must be 1 to 20 of a-z, 0-9 and -, with a letter first" }
    private static let systemNamespace = Option(
        "system-namespace", default: SuiteSettings().systemNamespace, placeholder: "NAME",
        help: "Where the chart is installed")
    private static let node = Option<String?>(
        "node", placeholder: "NAME", help: "The node to test; otherwise the one with the most NeuronCores")
    private static let filter = Option<[String]>(
        "filter", placeholder: "TEXT", help: "Run only cases with this in their name; may be repeated")
    private static let skip = Option<[String]>(
        "skip", placeholder: "TEXT", help: "Do not run cases with this in their name; may be repeated")
    private static let list = Flag("list", help: "List the cases and run none")
    private static let format = Option("format", default: ResultFormat.text, help: "How results are written")
    private static let output = Option<String?>(
        "output", placeholder: "FILE", help: "Where results are written; otherwise standard output")
    private static let timeout = Option(
        "timeout", default: SuiteSettings().timeout, help: "The longest that a case waits for one thing"
    ) { $0 > .zero ? nil : "must be longer than 0s" }
    private static let churnPods = Option(
        "churn-pods", default: SuiteSettings().churnPods, placeholder: "N", help: "Pods of the churn"
    ) { (1...100_000).contains($0) ? nil : "must be 1 to 100000" }
    private static let churnWidth = Option(
        "churn-width", default: SuiteSettings().churnWidth, placeholder: "N",
        help: "Pods of the churn at a time"
    ) { (1...200).contains($0) ? nil : "must be 1 to 200" }
    private static let fakeRoot = Option<String?>(
        "fake-root", placeholder: "DIR",
        help:
            "The node's chips are fake and their files here; otherwise in /var/lib/ganglion/fake if the NeuronNode says so"
    )
    private static let restart = Option<String?>(
        "restart-command", placeholder: "COMMAND",
        help: "Restarts a component that is no pod: $1 is device-plugin, node-agent or operator")
    private static let restartKubelet = Option<String?>(
        "kubelet-restart-command", placeholder: "COMMAND", help: "Restarts the node's kubelet")
    private static let upgrade = Option<String?>(
        "upgrade-command", placeholder: "COMMAND", help: "Upgrades the chart")
    private static let uninstall = Option<String?>(
        "uninstall-command", placeholder: "COMMAND",
        help: "Uninstalls the chart; the last case, which nothing follows")
    private static let local = Option<String?>(
        "local", placeholder: "DIR",
        help:
            "A cluster of ganglion up, by its --state-directory: stands for --kubeconfig, --fake-root and the commands"
    )
    private static let keep = Flag("keep", help: "Leave the namespaces of failed cases to look at")

    /// The exit code where there is no cluster to test (EX_UNAVAILABLE of sysexits.h).
    package static let unavailable: Int32 = 69

    /// The command.
    package static let command = Command(
        "ganglion-e2e", summary: "Check that NeuronCores work on a cluster, as its users see it",
        details: """
            Runs every case in a namespace of its own and deletes it afterwards. What cannot be done on this cluster is left \
            out and listed. Exit codes: 0 when all cases passed or were left out, 1 when one failed, 64 for a wrong command \
            line, 69 when there is no cluster to test.
            """,
        arguments: [
            kubeconfig, context, image, serverImage, model, prefix, systemNamespace, node, filter, skip, list,
            format, output, timeout, churnPods, churnWidth, fakeRoot, restart, restartKubelet, upgrade,
            uninstall,
            local, keep,
        ],
        examples: [
            .init("ganglion-e2e --kubeconfig ~/.kube/config --format junit --output e2e.xml", "all cases"),
            .init("ganglion-e2e --local /tmp/g --filter cores-", "some, on a cluster of ganglion up"),
        ]
    ) { values in
        let cases = Case.selected(filters: values[filter], skips: values[skip])
        if values[list] {
            for item in cases { print("\(item.name): \(item.sentence)") }
            return
        }
        guard !cases.isEmpty else {
            progress("ganglion-e2e: no case has such a name: --list shows all")
            exit(ArgumentError.exitCode)
        }
        // Before the cases, which take minutes: a file that cannot be written would lose what they came to.
        if let path = values[output] { try Files.write(path, []) }
        // A reader of the progress that goes away must not end the run before it has tidied up.
        signal(SIGPIPE, SIG_IGN)
        let signals = try SignalWatcher([.terminate, .interrupt, .hangup])
        let run: SuiteRun
        do {
            run = try await SuiteRun(try await client(values), settings(values)) { progress($0) }
        } catch {
            progress("ganglion-e2e: \(error)")
            exit(unavailable)
        }
        progress(run.subject)
        let work = Task { await run.run(cases) }
        let interrupt = Task {
            guard await signals.first() != nil else { return }
            progress("stopping: what was made is removed")
            work.cancel()
        }
        let results = await work.value
        interrupt.cancel()
        try write(values[format].document(results), to: values[output])
        if values[output] != nil || values[format] != .text {
            progress(results.summary)
            for line in results.leftOut { progress("left out: \(line)") }
        }
        exit(results.failures.isEmpty && results.count == cases.count ? 0 : 1)
    }

    private static func client(_ values: ArgumentValues) async throws -> KubernetesClient {
        let path = values[kubeconfig] ?? values[local].map { $0 + "/kubeconfig" }
        let configuration = try ClientConfiguration.load(kubeconfig: path, context: values[context])
        return try await KubernetesClient.make(configuration, program: "ganglion-e2e")
    }

    private static func settings(_ values: ArgumentValues) -> SuiteSettings {
        var settings = SuiteSettings()
        settings.image = values[image]
        settings.modelServerImage = values[serverImage]
        settings.model = values[model]
        settings.namespacePrefix = values[prefix]
        settings.systemNamespace = values[systemNamespace]
        settings.node = values[node]
        settings.timeout = values[timeout]
        settings.churnPods = values[churnPods]
        settings.churnWidth = values[churnWidth]
        settings.restartCommand = values[restart]
        settings.kubeletRestartCommand = values[restartKubelet]
        settings.upgradeCommand = values[upgrade]
        settings.uninstallCommand = values[uninstall]
        settings.keepsFailures = values[keep]
        if let directory = values[local] { settings.adopt(localCluster: directory) }
        if let root = values[fakeRoot] {
            settings.fakeRoot = root
            settings.isFake = true
        }
        return settings
    }

    /// Whether a text may begin a namespace's name.
    private static func isLabel(_ text: String) -> Bool {
        let letters = "a"..."z"
        return text.unicodeScalars.first.map { letters.contains(String($0)) } == true
            && text.allSatisfy {
                letters.contains(String($0)) || ("0"..."9").contains(String($0)) || $0 == "-"
            }
    }

    /// A line on standard error, at once.
    private static func progress(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    private static func write(_ document: String, to path: String?) throws {
        if let path { return try Files.write(path, Array(document.utf8)) }
        print(document, terminator: "")
        fflush(nil)
    }
}
