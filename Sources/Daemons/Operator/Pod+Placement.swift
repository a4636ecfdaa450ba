// A cluster has ten thousand pods that are nothing to this operator but room that is taken on their nodes. Of those, the copy
// holds what that is worked out from: their environment, annotations and probes would be most of its memory.

internal import GanglionAPI
package import KubernetesAPI
package import KubernetesWire

extension Pod {
    /// What the operator reads of no pod in its copy: how containers are started, probed and confined, and what their
    /// volumes are filled with.
    package static let unreadForPlacement = OmittedFields([
        "Container.args", "Container.command", "Container.env", "Container.envFrom",
        "Container.imagePullPolicy", "Container.lifecycle", "Container.livenessProbe",
        "Container.readinessProbe", "Container.securityContext", "Container.startupProbe",
        "Container.terminationMessagePath", "Container.terminationMessagePolicy", "Container.volumeMounts",
        "Container.workingDir", "ConfigMapVolumeSource.items", "DownwardAPIVolumeSource.items",
        "PodSpec.dnsPolicy", "PodSpec.hostAliases", "PodSpec.imagePullSecrets", "PodSpec.securityContext",
        "ProjectedVolumeSource.sources", "SecretVolumeSource.items",
    ])

    /// The pod as the operator's copy has it: whole where this operator has something to do with it, otherwise what it takes
    /// of its node and how far it has come.
    package func reducedToPlacement() -> Pod {
        guard spec.schedulerName != WellKnown.scheduler,
            metadata.controller?.kind != ModelServer.resource.kind
        else { return self }
        var metadata = ObjectMetadata(name: metadata.name, namespace: metadata.namespace)
        metadata.uid = self.metadata.uid
        metadata.resourceVersion = self.metadata.resourceVersion
        metadata.creationTimestamp = self.metadata.creationTimestamp
        metadata.deletionTimestamp = self.metadata.deletionTimestamp
        // Selectors of other pods look at them.
        metadata.labels = self.metadata.labels
        // An extender's binding has brought it.
        metadata.annotations[WellKnown.coresAnnotation] =
            self.metadata.annotations[WellKnown.coresAnnotation]
        var spec = PodSpec(
            containers: self.spec.containers.map { $0.reducedToResources() },
            initContainers: self.spec.initContainers.map { $0.reducedToResources() })
        spec.nodeName = self.spec.nodeName
        spec.schedulerName = self.spec.schedulerName
        spec.schedulingGates = self.spec.schedulingGates
        spec.priority = self.spec.priority
        spec.resources = self.spec.resources
        spec.overhead = self.spec.overhead
        spec.hostNetwork = self.spec.hostNetwork
        // Of its volumes counts which claims it uses.
        spec.volumes = self.spec.volumes.compactMap { volume in
            switch volume.source {
            case .persistentVolumeClaim: volume
            case .ephemeral: Volume(name: volume.name, source: .ephemeral(EphemeralVolume()))
            default: nil
            }
        }
        // It keeps others away from where it is.
        let required = self.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution
        if let required, !required.isEmpty { spec.affinity = Affinity(podAntiAffinity: required) }
        var status = PodStatus()
        status.phase = self.status.phase
        if wasRejected {
            status.reason = self.status.reason
            metadata.ownerReferences = self.metadata.ownerReferences
        }
        status.conditions = self.status.conditions.filter { $0.type == "PodResizePending" }
        // Those that are resized in place are counted by what they have (KEP-1287), and a pod that has failed by whether
        // something of it still runs.
        let hasEnded = isTerminal
        status.containerStatuses = self.status.containerStatuses.compactMap {
            $0.reducedToResources(keepingState: hasEnded)
        }
        status.initContainerStatuses = self.status.initContainerStatuses.compactMap {
            $0.reducedToResources(keepingState: hasEnded)
        }
        return Pod(metadata, spec: spec, status: status)
    }
}

extension Container {
    fileprivate func reducedToResources() -> Container {
        Container(
            name: name, ports: ports.filter { $0.hostPort != nil }, resources: resources,
            restartPolicy: restartPolicy)
    }
}

extension ContainerStatus {
    /// Nil where nothing is counted by it.
    ///
    /// - Parameter keepsState: whether it counts that it runs.
    fileprivate func reducedToResources(keepingState keepsState: Bool) -> ContainerStatus? {
        let isRunning = keepsState && state.running != nil
        guard resources != nil || !allocatedResources.isEmpty || isRunning else { return nil }
        var status = ContainerStatus(name: name)
        if isRunning { status.state = state }
        status.resources = resources
        status.allocatedResources = allocatedResources
        return status
    }
}
