// What stands before a container's start: its image, its environment, its devices, its volumes. Each may be
// missing; then the container waits with a reason, and it is tried again.

internal import KubernetesAPI
internal import SystemIO

extension PodWorker {
    /// Starts a container, however long that takes.
    ///
    /// - Returns: nil when the pod was stopped first.
    func launch(_ container: PodContainer, attempt: Int) async -> ContainerProcess.Start? {
        guard await awaitClaims(), let program = await awaitImage(container) else { return nil }
        states[container.name]?.imageID = "program://" + program.path
        var pause = services.timings.backoffInitial
        while !isStopping {
            do throws(StartRefusal) {
                let spec = try await specification(container, program, attempt: attempt)
                guard !isStopping else { return nil }
                services.events.record(
                    .normal, "Created", "Container created", pod: pod, container: container)
                let start = await ContainerProcess.start(
                    spec, directory: directory.run(container.name, attempt), shim: services.shim)
                if case .running = start {
                    services.events.record(
                        .normal, "Started", "Container started", pod: pod, container: container)
                }
                return start
            } catch {
                states[container.name]?.phase = .waiting(reason: error.reason, message: error.message)
                services.events.record(
                    .warning, "Failed", "Error: " + error.message, pod: pod, container: container)
                publish()
                await self.pause(pause, group: container.name)
                pause = min(pause * 2, services.timings.backoffMaximum)
            }
        }
        return nil
    }

    /// Why a container cannot be started yet.
    private struct StartRefusal: Error {
        var reason: String
        var message: String
    }

    /// The program of the container's image; waits while the table has none. nil when the pod was stopped.
    private func awaitImage(_ container: PodContainer) async -> ImageTable.Program? {
        let name = container.name
        var pause = services.timings.backoffInitial
        while !isStopping {
            let image = container.image
            if let program = services.images.program(image) {
                services.events.record(
                    .normal, "Pulled", "Container image \"\(image)\" already present on machine", pod: pod,
                    container: container)
                return program
            }
            let refusal = services.images.refusal(image)
            for (event, message) in [("Failed", refusal), ("Failed", "Error: ErrImagePull")] {
                services.events.record(.warning, event, message, pod: pod, container: container)
            }
            states[name]?.phase = .waiting(reason: "ErrImagePull", message: refusal)
            publish()
            await self.pause(min(pause, .seconds(2)), group: name)
            let backOff = "Back-off pulling image \"\(image)\""
            services.events.record(.normal, "BackOff", backOff, pod: pod, container: container)
            states[name]?.phase = .waiting(reason: "ImagePullBackOff", message: backOff + ": " + refusal)
            publish()
            await self.pause(pause, group: name)
            pause = min(pause * 2, services.timings.backoffMaximum)
        }
        return nil
    }

    private func specification(
        _ container: PodContainer, _ program: ImageTable.Program, attempt: Int
    ) async throws(StartRefusal) -> ContainerSpec {
        let key = ContainerKey(pod: uid, container: container.name)
        let objects = await fetch(ContainerEnvironment.references(container.spec))
        let options = await services.devices.runOptions(key)
        do { try await services.devices.preStart(key) } catch {
            throw StartRefusal(reason: "PreStartHookError", message: error.description)
        }
        let home = directory.container(container.name)
        var base = services.baseEnvironment
        base["HOSTNAME"] = pod.name
        base["GANGLION_DEVICE_ROOT"] = home + "/dev"
        base["GANGLION_ROOT"] = home + "/rootfs"
        base[TerminationMessage.variable] =
            directory.run(container.name, attempt) + "/" + TerminationMessage.fileName
        let environment: [String: String]
        do {
            environment = try ContainerEnvironment.build(
                pod: pod, container: container.spec, base: base, plugins: options.environment,
                sources: EnvironmentSources(
                    podIP: record.ip, hostIP: "127.0.0.1", nodeName: services.nodeName, objects: objects))
        } catch {
            throw StartRefusal(reason: "CreateContainerConfigError", message: error.message)
        }
        do {
            try await makeFileSystem(container, options)
        } catch {
            throw StartRefusal(reason: "CreateContainerError", message: "\(error)")
        }
        let expand = { ContainerEnvironment.expand($0, environment) }
        let line: [String]
        do {
            line = try ImageTable.commandLine(
                program, command: container.spec.command.map(expand),
                arguments: container.spec.args.map(expand),
                path: environment["PATH"] ?? "")
        } catch {
            throw StartRefusal(reason: "RunContainerError", message: error.message)
        }
        let wanted = container.spec.workingDir ?? ""
        return ContainerSpec(
            path: line[0], arguments: Array(line.dropFirst()), environment: environment,
            directory: Files.kind(wanted, following: true) == .directory ? wanted : home + "/rootfs",
            log: directory.log(container.name, attempt), grace: pod.terminationGrace)
    }

    /// The data of config maps and secrets; what is not there is left out.
    private func fetch(_ objects: [DataObject]) async -> [DataObject: [String: String]] {
        var result: [DataObject: [String: String]] = [:]
        for object in objects { result[object] = await fetch(object) }
        return result
    }

    private func fetch(_ object: DataObject) async -> [String: String]? {
        let key = ObjectKey(namespace: pod.namespace, name: object.name)
        switch object.kind {
        case .configMap: return try? await services.cluster.get(ConfigMap.self, key).data
        case .secret:
            return try? await services.cluster.get(Secret.self, key).data
                .mapValues { String(decoding: Base64.decode($0) ?? [], as: UTF8.self) }
        }
    }

    /// Makes the device links and the volumes of a container.
    private func makeFileSystem(_ container: PodContainer, _ options: DeviceRunOptions) async throws {
        let home = directory.container(container.name)
        try Files.makeDirectory(home, mode: 0o755)
        try options.checkDeviceNodes()
        let (devices, rest) = options.links
        try PodDirectory.makeLinks(home + "/dev", devices)
        var mounts = rest
        for mount in container.spec.volumeMounts {
            guard let volume = pod.spec.volumes.first(where: { $0.name == mount.name }),
                let target = try await makeVolume(volume)
            else { continue }
            let path = mount.subPath.map { target + "/" + $0 } ?? target
            if claimPaths[mount.name] != nil, mount.subPath != nil {
                try Files.makeDirectory(path, mode: 0o755)
            }
            mounts[mount.mountPath] = path
        }
        try PodDirectory.makeLinks(home + "/rootfs", mounts)
    }

    /// The host's path of a volume; nil for a name that would leave the pod's directory.
    private func makeVolume(_ volume: Volume) async throws -> String? {
        guard !volume.name.contains("/"), !volume.name.hasPrefix(".") else { return nil }
        if case .hostPath(let host) = volume.source {
            if host.type == "DirectoryOrCreate" { try Files.makeDirectory(host.path, mode: 0o755) }
            return host.path
        }
        if let path = claimPaths[volume.name] { return path }
        let path = directory.path + "/volumes/" + volume.name
        try Files.makeDirectory(path, mode: 0o755)
        switch volume.source {
        case .configMap(let source):
            try await fill(path, from: DataObject(.configMap, source.name), source.optional, volume)
        case .secret(let source):
            try await fill(path, from: DataObject(.secret, source.secretName), source.optional, volume)
        case .emptyDir, .hostPath, .persistentVolumeClaim, .ephemeral, .other: break
        }
        return path
    }

    /// Makes a file of each key of a config map or a secret.
    private func fill(
        _ path: String, from object: DataObject?, _ isOptional: Bool?, _ volume: Volume
    ) async throws {
        guard let object else { return }
        guard let data = await fetch(object) else {
            if isOptional == true { return }
            throw RuntimeError(
                description:
                    "MountVolume.SetUp failed for volume \"\(volume.name)\": \(object.name) not found")
        }
        for (key, value) in data where !key.contains("/") && !key.hasPrefix("..") {
            try Files.writeAtomically(path + "/" + key, Array(value.utf8), mode: 0o644)
        }
    }
}
