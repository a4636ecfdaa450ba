// Deletes: preconditions, finalizers, the grace period of pods, and what goes with an object: its dependents, a
// namespace's contents, a definition's objects.

internal import APIMachinery
internal import CEL
internal import HTTP
internal import JSON
internal import KubernetesAPI

extension APIServer {
    func delete(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        let type = scope.type
        let options = try deleteOptions(request)
        guard let object = state[type.storage, scope.objectName] else {
            throw .notFound(type.resource, scope.name ?? "")
        }
        let result = try remove(
            object, type, scope.objectName, options, dryRun: request.isDryRun || options.isDryRun)
        if type.strategy.deleteReturnsObject || state[type.storage, scope.objectName] != nil {
            return .json(200, Self.encoded(result, type), warnings: [])
        }
        var details = APIError.details(name: scope.name ?? "", group: type.group, kind: type.plural)
        details.uid = object.json.metadata?.uid
        return .object(
            200,
            ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details])
    }

    func deleteCollection(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        let type = scope.type
        let options = try deleteOptions(request)
        let filter = try ObjectFilter(request, scope)
        var items: [JSON] = []
        for (name, object) in state.list(type.storage, namespace: scope.namespace)
        where filter.matches(name, object.json) {
            let result = try remove(object, type, name, options, dryRun: request.isDryRun)
            items.append(type.strategy.shown(result.json))
        }
        return .object(
            200,
            [
                "kind": .string(type.listKind), "apiVersion": .string(type.apiVersion),
                "metadata": ["resourceVersion": .string(String(state.revision))], "items": .array(items),
            ])
    }

    struct Deletion {
        var gracePeriod: Int?
        var uid: String?
        var resourceVersion: String?
        var propagation = "Background"
        var isDryRun = false
    }

    private func deleteOptions(_ request: APIRequest) throws(APIError) -> Deletion {
        var options = Deletion()
        options.gracePeriod = request.query["gracePeriodSeconds"].flatMap { Int($0) }
        options.propagation = request.query["propagationPolicy"] ?? options.propagation
        guard !request.body.isEmpty else { return options }
        let json = try decode(request, kind: "DeleteOptions")
        options.gracePeriod = json.gracePeriodSeconds?.int ?? options.gracePeriod
        options.propagation = json.propagationPolicy?.string ?? options.propagation
        if json.orphanDependents?.bool == true { options.propagation = "Orphan" }
        options.uid = json.preconditions?.uid?.string
        options.resourceVersion = json.preconditions?.resourceVersion?.string
        options.isDryRun = json.dryRun?.array?.contains("All") ?? false
        return options
    }

    /// Deletes an object, or marks it as being deleted.
    func remove(
        _ object: StoredObject, _ type: ResourceType, _ place: ObjectName, _ options: Deletion,
        dryRun: Bool = false
    ) throws(APIError) -> StoredObject {
        let metadata = object.json.metadata ?? [:]
        if let wanted = options.uid, let uid = metadata.uid?.string, wanted != uid {
            throw Self.preconditionFault(
                type, place,
                "the UID in the precondition (\(wanted)) does not match the UID in record (\(uid)). The"
                    + " object might have been deleted and then recreated")
        }
        if let wanted = options.resourceVersion, let version = metadata.resourceVersion?.string,
            wanted != version
        {
            throw Self.preconditionFault(
                type, place,
                "the ResourceVersion in the precondition (\(wanted)) does not match the ResourceVersion in"
                    + " record (\(version)). The object might have been modified")
        }
        if type.resource == GroupResource("", "namespaces"), Self.namespaces.contains(place.name) {
            throw .forbidden(type.resource, place.name, "this namespace may not be deleted")
        }
        if dryRun { return object }
        var json = object.json
        let isPod = type.resource == GroupResource("", "pods")
        var grace = 0
        if isPod {
            grace = options.gracePeriod ?? json.spec?.terminationGracePeriodSeconds?.int ?? 30
            let phase = json.status?.phase?.string ?? ""
            if (json.spec?.nodeName?.string ?? "").isEmpty || ["Succeeded", "Failed"].contains(phase) {
                grace = 0
            }
            grace = max(0, grace)
            if let pending = metadata.deletionGracePeriodSeconds?.int,
                metadata.deletionTimestamp?.string != nil
            {
                if grace >= pending, grace > 0 { return object }
            }
        }
        var finalizers = metadata.finalizers?.array ?? []
        let isDefinition = type.kind == "CustomResourceDefinition"
        if isDefinition { DefinitionStrategy.markTerminating(&json, &finalizers) }
        if options.propagation == "Foreground", !finalizers.contains("foregroundDeletion"),
            metadata.deletionTimestamp?.string == nil
        {
            finalizers.append("foregroundDeletion")
        }
        if options.propagation == "Orphan", let uid = metadata.uid?.string { orphanDependents(of: uid) }
        let isOnHold = !finalizers.isEmpty || grace > 0 || type.kind == "Namespace" && type.group.isEmpty
        let wasDeleting = metadata.deletionTimestamp?.string != nil
        if !wasDeleting || isPod && grace < metadata.deletionGracePeriodSeconds?.int ?? 0 {
            json.metadata?.deletionTimestamp = .string(Timestamp.now.adding(seconds: Int64(grace)).text)
            json.metadata?.deletionGracePeriodSeconds =
                isPod || isOnHold && !isDefinition ? JSON(grace) : JSON?.none
            if !finalizers.isEmpty { json.metadata?.finalizers = .array(finalizers) }
            if !wasDeleting, !isDefinition, let generation = metadata.generation?.int {
                json.metadata?.generation = JSON(generation &+ 1)
            }
            if type.kind == "Namespace", type.group.isEmpty { json.status?.phase = "Terminating" }
            if isOnHold || isPod {
                json = state.put(type.storage, place, json).json
            }
        }
        if !isOnHold { return erase(type.storage, place, lastState: json) ?? object }
        let marked = state[type.storage, place] ?? object
        switch type.resource {
        case GroupResource("", "namespaces"): empty(namespace: place.name)
        case GroupResource("apiextensions.k8s.io", "customresourcedefinitions"):
            empty(definition: place, json)
        default:
            if finalizers.contains("foregroundDeletion") { deleteDependents(of: metadata.uid?.string ?? "") }
        }
        settle()
        return marked
    }

    private static func preconditionFault(_ type: ResourceType, _ place: ObjectName, _ detail: String)
        -> APIError
    {
        APIError(
            409, "Conflict", "Operation cannot be fulfilled on \(type.kind) \(quoted(place.name)): \(detail)",
            details: APIError.details(name: place.name, group: type.group, kind: type.kind))
    }

    /// Takes an object out of the store, and its dependents with it.
    func erase(_ resource: GroupResource, _ place: ObjectName, lastState: JSON) -> StoredObject? {
        guard let object = state.remove(resource, place) else { return nil }
        if let uid = lastState.metadata?.uid?.string { deleteDependents(of: uid) }
        settle()
        return object
    }

    // MARK: Dependents

    /// Deletes what has no other owner left (background garbage collection).
    func deleteDependents(of uid: String) {
        for (resource, name) in state.dependents(of: uid) {
            guard let object = state[resource, name], let type = catalog.types(storedAs: resource).first
            else { continue }
            let references = object.json.metadata?.ownerReferences?.array ?? []
            let others = references.filter {
                guard let other = $0.uid?.string, other != uid else { return false }
                return state.isAlive(other)
            }
            if object.json.metadata?.deletionTimestamp?.string != nil { continue }
            guard others.isEmpty else {
                // It lives on with its other owners and forgets this one.
                var json = object.json
                json.metadata?.ownerReferences = .array(references.filter { $0.uid?.string != uid })
                state.put(resource, name, json)
                continue
            }
            _ = try? remove(object, type, name, Deletion())
        }
    }

    private func orphanDependents(of uid: String) {
        for (resource, name) in state.dependents(of: uid) {
            guard var json = state[resource, name]?.json else { continue }
            let rest = (json.metadata?.ownerReferences?.array ?? []).filter { $0.uid?.string != uid }
            json.metadata?.ownerReferences = rest.isEmpty ? JSON?.none : .array(rest)
            state.put(resource, name, json)
        }
    }

    // MARK: Namespaces and definitions

    private func empty(namespace: String) {
        // Whether anything is left is asked once, at the end, and not after each of thousands of events.
        isEmptying = true
        defer { isEmptying = false }
        for type in catalog.all where type.namespaced && type.storage == type.resource {
            for (name, object) in state.list(type.storage, namespace: namespace) {
                _ = try? remove(object, type, name, Deletion())
            }
        }
    }

    private func empty(definition place: ObjectName, _ json: JSON) {
        let resource = GroupResource(json.spec?.group?.string ?? "", json.spec?.names?.plural?.string ?? "")
        guard let type = catalog.types(storedAs: resource).first else { return }
        for (name, object) in state.list(resource) { _ = try? remove(object, type, name, Deletion()) }
    }

    /// Ends what waits for others to be gone: emptied namespaces, definitions, foreground deletions.
    func settle() {
        guard !isEmptying else { return }
        let namespaces = GroupResource("", "namespaces")
        for (place, object) in state.list(namespaces) where object.json.status?.phase?.string == "Terminating"
        {
            let resources = Set(catalog.all.filter(\.namespaced).map(\.storage))
            if resources.allSatisfy({ state.list($0, namespace: place.name).isEmpty }),
                (object.json.metadata?.finalizers?.array ?? []).isEmpty
            {
                state.remove(namespaces, place)
            }
        }
        let definitions = GroupResource("apiextensions.k8s.io", "customresourcedefinitions")
        for (place, object) in state.list(definitions)
        where object.json.metadata?.deletionTimestamp?.string != nil {
            let names = object.json.spec?.names ?? [:]
            let resource = GroupResource(object.json.spec?.group?.string ?? "", names.plural?.string ?? "")
            guard state.count(resource) == 0 else { continue }
            state.remove(definitions, place)
            unserve(resource, place)
        }
        for (resource, name) in state.waitingOwners {
            guard var json = state[resource, name]?.json, let uid = json.metadata?.uid?.string else {
                continue
            }
            guard state.dependents(of: uid).isEmpty else { continue }
            let rest = (json.metadata?.finalizers?.array ?? []).filter { $0 != "foregroundDeletion" }
            json.metadata?.finalizers = rest.isEmpty ? JSON?.none : .array(rest)
            if rest.isEmpty {
                _ = erase(resource, name, lastState: json)
            } else {
                state.put(resource, name, json)
            }
        }
    }
}
