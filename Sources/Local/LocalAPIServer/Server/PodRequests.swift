// The subresources of pods that are verbs: binding, eviction, log.

internal import APIMachinery
internal import CEL
internal import HTTP
internal import JSON
internal import KubernetesAPI

extension APIServer {
    private static let success: JSON = [
        "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201,
    ]

    /// Assigns a pod to a node, once. The binding's annotations go onto the pod in the same write.
    func bind(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        let binding = try decode(request, kind: "Binding")
        let name = scope.name ?? ""
        if let own = binding.metadata?.name?.string, own != name {
            throw .badRequest("name in URL does not match name in Binding object")
        }
        let target = binding.target ?? [:]
        if let kind = target.kind?.string, !kind.isEmpty, kind != "Node" {
            throw APIError(
                500, "",
                "target.kind: Unsupported value: \(quoted(kind)): supported values: \"Node\", \"<empty>\"")
        }
        guard let node = target.name?.string, !node.isEmpty else {
            throw APIError(500, "", "target.name: Required value")
        }
        let pods = GroupResource("", "pods")
        guard let stored = state[pods, scope.objectName] else { throw .notFound(pods, name) }
        var pod = stored.json
        let uid = pod.metadata?.uid?.string ?? ""
        if let wanted = binding.metadata?.uid?.string, !wanted.isEmpty, wanted != uid {
            throw .conflict(
                pods, name,
                "StorageError: invalid object, Code: 4, Key: /registry/pods/\(scope.namespace ?? "")/\(name),"
                    + " ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: \(wanted), UID"
                    + " in object meta: \(uid)")
        }
        if let wanted = binding.metadata?.resourceVersion?.string, !wanted.isEmpty,
            wanted != pod.metadata?.resourceVersion?.string
        {
            throw .conflict(
                pods, name,
                "StorageError: invalid object, Code: 4, Key: /registry/pods/\(scope.namespace ?? "")/\(name),"
                    + " ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ResourceVersion in precondition:"
                    + " \(wanted), ResourceVersion in object meta: \(pod.metadata?.resourceVersion?.string ?? "")"
            )
        }
        func refused(_ detail: String) -> APIError {
            .conflict(GroupResource("", "pods/binding"), name, detail)
        }
        if pod.metadata?.deletionTimestamp?.string != nil {
            throw refused("pod \(name) is being deleted, cannot be assigned to a host")
        }
        if let taken = pod.spec?.nodeName?.string, !taken.isEmpty {
            throw refused("pod \(name) is already assigned to node \(quoted(taken))")
        }
        if pod.spec?.schedulingGates?.array?.isEmpty == false {
            throw refused("pod \(name) has non-empty .spec.schedulingGates")
        }
        if request.isDryRun { return .object(201, Self.success) }
        pod.spec?.nodeName = .string(node)
        let added = binding.metadata?.annotations?.object ?? [:]
        if !added.isEmpty {
            var annotations = pod.metadata?.annotations?.object ?? [:]
            annotations.merge(added) { _, new in new }
            pod.metadata?.annotations = .object(annotations)
        }
        pod.setCondition([
            "type": "PodScheduled", "status": "True", "lastProbeTime": .null,
        ])
        state.put(pods, scope.objectName, pod)
        return .object(201, Self.success)
    }

    /// Deletes a pod unless a disruption budget forbids it.
    func evict(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        let eviction = try decode(request, kind: "Eviction")
        let pods = GroupResource("", "pods")
        let name = scope.name ?? ""
        guard let pod = state[pods, scope.objectName] else { throw .notFound(pods, name) }
        try checkBudgets(pod.json, namespace: scope.namespace ?? "")
        var options = Deletion()
        options.gracePeriod = eviction.deleteOptions?.gracePeriodSeconds?.int
        if let type = catalog.types[""]?["v1"]?["pods"] {
            _ = try remove(pod, type, scope.objectName, options, dryRun: request.isDryRun)
        }
        return .object(201, Self.success)
    }

    /// Hands a request for a log to whoever runs the pod.
    func log(_ request: APIRequest, _ scope: ResourceScope) async throws(APIError) -> APIAnswer {
        let pods = GroupResource("", "pods")
        let name = scope.name ?? ""
        guard let pod = state[pods, scope.objectName]?.json else { throw .notFound(pods, name) }
        let names = ["containers", "initContainers"].flatMap { pod.spec?[$0]?.array ?? [] }
            .compactMap { $0.name?.string }
        var container = request.query["container"] ?? ""
        if container.isEmpty {
            guard pod.spec?.containers?.array?.count == 1 else {
                throw .badRequest(
                    "a container name must be specified for pod \(name), choose one of: [\(names.joined(separator: " "))]"
                )
            }
            container = names.first ?? ""
        }
        guard names.contains(container) else {
            throw .badRequest("container \(container) is not valid for pod \(name)")
        }
        guard let node = pod.spec?.nodeName?.string, !node.isEmpty, let logSource else {
            return .json(200, [], warnings: [])
        }
        let response = await logSource(
            node,
            PodLogRequest(
                namespace: scope.namespace ?? "", pod: name, uid: pod.metadata?.uid?.string ?? "",
                container: container, follow: request.flag("follow"), previous: request.flag("previous"),
                timestamps: request.flag("timestamps"),
                tailLines: request.query["tailLines"].flatMap { Int($0) },
                sinceSeconds: request.query["sinceSeconds"].flatMap { Int($0) },
                limitBytes: request.query["limitBytes"].flatMap { Int($0) }))
        return .http(response)
    }
}
