// Custom resources come and go with their definitions.

internal import APIMachinery
internal import CEL
internal import JSON

extension APIServer {
    private static let definitions = GroupResource("apiextensions.k8s.io", "customresourcedefinitions")

    /// Serves what a definition says. The conditions follow at once, in a change of their own.
    func serve(definition: JSON, _ place: ObjectName) {
        let types = ResourceType.custom(definition)
        guard let resource = types.first?.storage,
            catalog.types[resource.group]?["v1"]?[resource.resource]?.isCustom != false
        else { return }
        catalog.remove(resource)
        catalog.definitions[place.name] = definition
        store.register(resource)
        for type in types { catalog.add(type) }
        var json = definition
        let status = DefinitionStrategy.established(definition, now: APITime.now)
        guard json.status != status else { return }
        json.status = status
        json = FieldManager(
            rules: MergeRules(lists: ["status.conditions": ["type"]]), apiVersion: "apiextensions.k8s.io/v1",
            subresource: "status", manager: "kube-apiserver", now: APITime.now.text
        ).updated(json, from: definition, baseline: [:])
        publish(Self.definitions, store.put(Self.definitions, place, json))
    }

    /// Stops serving a resource; its watches end.
    func unserve(_ resource: GroupResource, _ place: ObjectName) {
        guard catalog.definitions.removeValue(forKey: place.name) != nil else { return }
        catalog.remove(resource)
        for (identifier, watcher) in watchers where watcher.storage == resource { finishWatcher(identifier) }
        store.unregister(resource)
    }

    /// The scale subresource of a custom resource.
    func scale(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        let type = scope.type
        guard let definition = catalog.definitions[type.resource.qualified],
            let paths = ScalePaths(definition, version: type.version)
        else { throw .unknownResource }
        guard let stored = store[type.storage, scope.objectName] else {
            throw .notFound(type.resource, scope.name ?? "")
        }
        let current = Self.scale(of: stored.json, paths)
        switch request.method {
        case "GET": return .object(200, current)
        case "PUT", "PATCH": break
        default: throw .methodNotAllowed
        }
        let wanted =
            request.method == "PUT"
            ? try decode(request, kind: "Scale") : try patched(current, request, rules: MergeRules())
        if let version = wanted.metadata?.resourceVersion?.string, !version.isEmpty,
            version != current.metadata?.resourceVersion?.string
        {
            throw .modified(type.resource, scope.name ?? "")
        }
        guard
            let replicas = wanted.spec?.replicas?.int
                ?? (wanted.spec == nil ? current.spec?.replicas?.int : 0),
            replicas >= 0
        else {
            throw .invalid(
                group: "autoscaling", kind: "Scale", name: scope.name ?? "",
                [
                    .invalid(
                        "spec.replicas", wanted.spec?.replicas ?? .null, "should be a non-negative integer")
                ])
        }
        var object = type.strategy.shown(stored.json).withType(type)
        object[path: paths.specReplicas] = JSON(replicas)
        let result = try update(scope, old: stored, new: object, request)
        return .object(200, Self.scale(of: result.json, paths))
    }

    private static func scale(of object: JSON, _ paths: ScalePaths) -> JSON {
        var metadata: JSON = [:]
        for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            metadata[key] = object.metadata?[key]
        }
        var status: JSON = ["replicas": JSON(object[path: paths.statusReplicas]?.int ?? 0)]
        if let selector = paths.selector, let text = object[path: selector]?.string {
            status.selector = .string(text)
        }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
            "spec": ["replicas": JSON(object[path: paths.specReplicas]?.int ?? 0)], "status": status,
        ]
    }
}
