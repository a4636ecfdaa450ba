// The command `ganglion extender`: from the command line to a server that runs until SIGTERM.

package import Arguments
internal import GanglionAPI
internal import HTTP
internal import KubernetesClient
internal import LogArguments
internal import Observability
internal import StatusEndpoints
internal import SystemIO
internal import TLS

/// The command line and life of the extender.
package enum ExtenderCommand {
    private static let listen = Option(
        "listen", default: ":12345", environment: "GANGLION_EXTENDER_LISTEN", placeholder: "ADDRESS",
        help: "Where kube-scheduler asks; :12345, as AWS's extension has it, on every address")
    private static let certificate = Option<String?>(
        "tls-certificate", placeholder: "FILE", help: "Serve HTTPS with this certificate chain (PEM)")
    private static let key = Option<String?>(
        "tls-key", placeholder: "FILE", help: "The certificate's private key (PEM)")
    private static let clientAuthority = Option<String?>(
        "tls-client-ca", placeholder: "FILE",
        help: "Answer clients with a certificate of these authorities only")
    private static let chipResource = Option(
        "chip-resource-name", default: WellKnown.neuronChip, environment: "GANGLION_CHIP_RESOURCE_NAME",
        placeholder: "NAME", help: "The extended resource of whole chips")

    /// The command.
    package static let command = Command(
        "extender",
        summary: "Give kube-scheduler the groups of NeuronCores (filter, prioritize, preempt, bind)",
        details: """
            An extender of kube-scheduler, in the place of AWS's k8s-neuron-scheduler: nodes without a group that the \
            runtime can use are left out, the best ones come first, and the binding brings the cores. It stores nothing.
            """,
        arguments: [
            PlacementOptions.kubeconfig, listen, certificate, key, clientAuthority,
            PlacementOptions.resource, chipResource, PlacementOptions.extenderSchedulers,
            PlacementOptions.metricsAddress,
        ] + LogOptions.all,
        examples: [
            .init(
                "ganglion extender --extender-schedulers my-scheduler",
                "For a second kube-scheduler by the name of my-scheduler")
        ]
    ) { values in
        try await run(values, LogOptions.logger(values))
    }

    private static func run(_ values: ArgumentValues, _ log: Logger) async throws {
        let signals = try SignalWatcher()
        let registry = MetricsRegistry()
        registry.addProcessMetrics()
        let configuration = try ClientConfiguration.load(kubeconfig: values[PlacementOptions.kubeconfig])
        let client = try await KubernetesClient.make(
            configuration, program: "ganglion-extender", metrics: ClientMetrics(registry))
        var settings = Extender.Settings()
        settings.resource = values[PlacementOptions.resource]
        settings.chipResource = values[chipResource]
        settings.schedulers = PlacementOptions.extenderSchedulers(values) ?? settings.schedulers
        settings.registry = registry
        let extender = Extender(client, settings: settings, log: log)
        let status = try PlacementOptions.statusServer(values, log: log, metrics: registry) {
            extender.checks
        }
        let server = HTTPServer(limits: Extender.limits, security: try security(values, log)) {
            await extender.answer($0)
        }
        let wanted = try SocketAddress(parsing: values[listen])
        let address = try await server.listen(on: wanted)
        await status.start()
        log.info(
            "starting",
            [
                "version": Product.version, "address": address.description,
                "server": configuration.server.authority,
                "schedulers": settings.schedulers.sorted().joined(separator: ","),
            ])
        let stopping = Task {
            _ = await signals.first()
            log.info("stopping")
            await server.shutdown()
            await extender.stop()
        }
        await extender.start()
        await stopping.value
        await status.stop()
    }

    /// Certificates are renewed in place: what the files say counts for the next connection.
    private static func security(
        _ values: ArgumentValues, _ log: Logger
    ) throws -> (any SecureLayerFactory)? {
        switch (values[certificate], values[key]) {
        case (nil, nil):
            guard values[clientAuthority] == nil else {
                throw InvalidExtenderOptions(
                    description: "--tls-client-ca is for HTTPS: give --tls-certificate and --tls-key, too")
            }
            return nil
        case (let certificate?, let key?):
            return try TLSServer.files(
                certificateChain: certificate, privateKey: key, clientAuthorities: values[clientAuthority]
            ) {
                log.warning(
                    "renewed TLS files are not taken, those from before hold", ["error": $0.description])
            }
        default:
            throw InvalidExtenderOptions(description: "--tls-certificate and --tls-key go together")
        }
    }
}

/// Options that do not go together.
struct InvalidExtenderOptions: Error, CustomStringConvertible {
    /// One sentence.
    let description: String
}
