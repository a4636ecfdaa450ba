// Creates and updates. One pipeline for all of them: decode, prune, default, own, complete, check, store.

internal import APIMachinery
internal import CEL
internal import HTTP
internal import JSON
internal import KubernetesAPI
internal import KubernetesWire

extension APIServer {
    // MARK: Bodies

    /// The body as an object of the type.
    func decode(_ request: APIRequest, kind: String, accepted: [String] = APIServer.bodyTypes)
        throws(APIError) -> JSON
    {
        if request.contentType == ProtobufBodies.contentType, let object = ProtobufBodies.parse(request.body)
        {
            return object
        }
        guard
            request.contentType.isEmpty || request.contentType == "application/json"
                || request.contentType == "*/*"
        else { throw .unsupportedMediaType(accepted) }
        return try Self.parse(request.body, kind: kind)
    }

    static let bodyTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]

    static func parse(_ body: [UInt8], kind: String) throws(APIError) -> JSON {
        do {
            let json = try JSON(parsing: body)
            guard json.object != nil else { throw JSONError("json: cannot unmarshal into an object") }
            return json
        } catch {
            let text = String(decoding: body.prefix(1_024), as: UTF8.self)
            let why = body.isEmpty || !text.contains("}") ? "unexpected end of JSON input" : "\(error)"
            throw .badRequest(
                "the object provided is unrecognized (must be of type \(kind)): couldn't get version/kind; json parse"
                    + " error: \(why) (\(text))")
        }
    }

    /// Checks that a body is of the type it was sent to, and removes the fields that the type does not have.
    ///
    /// - Returns: a warning for each of them, where the request wants to be warned.
    static func read(
        _ object: inout JSON, _ type: ResourceType, _ request: APIRequest
    ) throws(APIError) -> [String] {
        try checkType(object, type)
        var typed = TypedDecoding()
        do throws(TypeFault) {
            if !type.isCustom, let message = BuiltInTypes.message(of: type.kind, group: type.group) {
                try typed.decode(&object, as: message)
            } else if var metadata = object.metadata, let message = BuiltInTypes.messages["ObjectMeta"] {
                object.metadata = nil
                try typed.decode(&metadata, as: message, at: "metadata")
                object.metadata = metadata
            }
        } catch {
            throw .badRequest(
                "\(type.kind) in version \(quoted(type.version)) cannot be handled as a \(type.kind): \(error)"
            )
        }
        return try report(typed.unknown + type.strategy.prune(&object), type, request)
    }

    private static func checkType(_ object: JSON, _ type: ResourceType) throws(APIError) {
        if let kind = object.kind?.string, kind != type.kind {
            throw .badRequest(
                "the kind in the data (\(kind)) does not match the expected kind (\(type.kind))")
        }
        if let version = object.apiVersion?.string, version != type.apiVersion {
            throw .badRequest(
                "the API version in the data (\(version)) does not match the expected API version (\(type.apiVersion))"
            )
        }
        if let metadata = object.metadata, metadata.object == nil, !metadata.isNull {
            throw .badRequest("the object's metadata is not an object: send metadata as a JSON object")
        }
    }

    /// Refuses or warns of unknown fields as the request asks.
    private static func report(
        _ unknown: [String], _ type: ResourceType, _ request: APIRequest
    ) throws(APIError) -> [String] {
        guard !unknown.isEmpty else { return [] }
        let sentences = unknown.map { "unknown field \(quoted($0))" }
        switch request.query["fieldValidation"] ?? "Warn" {
        case "Strict":
            throw .badRequest(
                "\(type.kind) in version \(quoted(type.version)) cannot be handled as a \(type.kind): strict decoding"
                    + " error: \(sentences.joined(separator: ", "))")
        case "Ignore": return []
        default: return sentences
        }
    }

    // MARK: Create

    func create(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        let type = scope.type
        guard type.verbs.contains("create") else { throw .methodNotAllowed }
        var object = try decode(request, kind: type.kind)
        let warnings = try Self.read(&object, type, request)
        let stored = try insert(object, type, namespace: scope.namespace, request)
        return .json(201, Self.encoded(stored, type), warnings: warnings)
    }

    /// Checks and stores a new object.
    ///
    /// - Parameter owned: managedFields are already set (server-side apply).
    func insert(
        _ object: JSON, _ type: ResourceType, namespace: String?, _ request: APIRequest, owned: Bool = false
    ) throws(APIError) -> StoredObject {
        var object = object.withType(type)
        let now = Timestamp.now
        if type.namespaced {
            guard let namespace else { throw .methodNotAllowed }
            if let own = object.metadata?.namespace?.string, !own.isEmpty, own != namespace {
                throw .badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request")
            }
            try checkNamespace(namespace, type)
        }
        if object.metadata == nil { object.metadata = [:] }
        var name = object.metadata?.name?.string ?? ""
        if name.isEmpty, let prefix = object.metadata?.generateName?.string, !prefix.isEmpty {
            name = String(prefix.prefix(58)) + ObjectNames.suffix()
        }
        if let wanted = object.metadata?.resourceVersion?.string, !wanted.isEmpty, wanted != "0" {
            throw APIError(500, "InternalError", "resourceVersion should not be set on objects to be created")
        }
        object.metadata?.name = name.isEmpty ? JSON?.none : .string(name)
        object.metadata?.namespace = type.namespaced ? .string(namespace ?? "") : JSON?.none
        try authorizeOwners(of: object, old: nil, type, ObjectName(namespace ?? "", name), request)
        for key in ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
            object.metadata?[key] = nil
        }
        object.metadata?.uid = .string(ObjectNames.uid())
        object.metadata?.creationTimestamp = .string(now.text)
        object.metadata?.generation = type.countsGeneration ? 1 : JSON?.none
        object.dropEmptyMetadata()
        type.strategy.applyDefaults(&object)
        // A node registers with its status; everything else begins without.
        if type.separatesStatus, type.kind != "Node" || type.isCustom { object.status = nil }
        if !owned {
            object = FieldManager(
                rules: type.rules, apiVersion: type.apiVersion, subresource: "",
                manager: request.fieldManager,
                now: now.text
            ).updated(object, from: nil, baseline: type.strategy.baseline)
        }
        if type.kind == "PersistentVolumeClaim", type.group.isEmpty {
            let classes = state.list(GroupResource("storage.k8s.io", "storageclasses")).map(\.1.json)
            ClaimStrategy.setDefaultClass(&object, classes: classes)
        }
        let context = WriteContext(namespace: namespace ?? "", name: name, subresource: "", now: now)
        type.strategy.prepareForCreate(&object, context)
        var faults = ObjectNames.metadataFaults(
            object.metadata ?? [:], kind: type.kind, custom: type.isCustom)
        faults += type.strategy.validate(object, old: nil, context)
        if !faults.isEmpty { throw .invalid(group: type.storage.group, kind: type.kind, name: name, faults) }
        let place = ObjectName(namespace ?? "", name)
        if state[type.storage, place] != nil { throw .alreadyExists(type.resource, name) }
        guard state.count(type.storage) < options.storeLimits.objectsPerResource else {
            throw APIError(
                507, "",
                "the local cluster holds \(state.count(type.storage)) \(type.plural), which is its limit")
        }
        if type.kind == "Service", type.group.isEmpty {
            try addresses.assign(&object, taken: takenAddresses())
        }
        let kept = type.strategy.stored(object).withType(storageType(type))
        if request.isDryRun { return StoredObject(type.strategy.shown(kept).withType(type), revision: 0) }
        let stored = state.put(type.storage, place, kept)
        created(type, place, stored.json)
        return stored
    }

    /// The type in whose form objects are kept.
    private func storageType(_ type: ResourceType) -> ResourceType {
        if type.isCustom, let strategy = type.strategy as? CustomStrategy {
            var kept = type
            kept.version = String(strategy.storedVersion.split(separator: "/").last ?? "")
            return kept
        }
        guard type.storage != type.resource else { return type }
        return catalog.types[type.storage.group]?["v1"]?[type.storage.resource] ?? type
    }

    private func checkNamespace(_ namespace: String, _ type: ResourceType) throws(APIError) {
        let resource = GroupResource("", "namespaces")
        guard let found = state[resource, ObjectName("", namespace)] else {
            throw .notFound(resource, namespace)
        }
        if found.json.status?.phase?.string == "Terminating" {
            throw .forbidden(
                type.resource, "",
                "unable to create new content in namespace \(namespace) because it is being terminated")
        }
    }

    private func takenAddresses() -> Set<String> {
        Set(state.list(GroupResource("", "services")).compactMap { $0.1.json.spec?.clusterIP?.string })
    }

    /// What follows from a creation.
    private func created(_ type: ResourceType, _ place: ObjectName, _ object: JSON) {
        switch type.resource {
        case GroupResource("", "namespaces"):
            for (resource, json) in Self.namespaceObjects(place.name, options) {
                let name = ObjectName(place.name, json.metadata?.name?.string ?? "")
                if state[resource, name] == nil { state.put(resource, name, json) }
            }
        case GroupResource("apiextensions.k8s.io", "customresourcedefinitions"):
            serve(definition: object, place)
        default: break
        }
    }

    // MARK: Update

    func replace(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        let type = scope.type
        var object = try decode(request, kind: type.kind)
        let warnings = try Self.read(&object, type, request)
        guard let old = state[type.storage, scope.objectName] else {
            throw .notFound(type.resource, scope.name ?? "")
        }
        let version = object.metadata?.resourceVersion?.string ?? ""
        if version.isEmpty || version == "0", !type.allowsUnconditionalUpdate {
            // The real server puts the resource where the kind belongs (store.go, Update).
            throw .invalid(
                group: type.group, kind: type.plural, name: scope.name ?? "",
                [.invalid("metadata.resourceVersion", 0, "must be specified for an update")])
        }
        let result = try update(scope, old: old, new: object, request)
        return .json(200, Self.encoded(result, type), warnings: warnings)
    }

    /// Checks and stores a changed object. A change that changes nothing keeps the version.
    func update(
        _ scope: ResourceScope, old: StoredObject, new: JSON, _ request: APIRequest, owned: Bool = false
    ) throws(APIError) -> StoredObject {
        let type = scope.type
        let place = scope.objectName
        let before = type.strategy.shown(old.json).withType(type)
        var object = new.withType(type)
        if object.metadata == nil { object.metadata = [:] }
        try Self.checkIdentity(object, before, place, type)
        object.dropEmptyMetadata()
        for key in [
            "name", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp",
            "deletionGracePeriodSeconds", "generateName", "resourceVersion", "selfLink",
        ] { object.metadata?[key] = before.metadata?[key] }
        try authorizeOwners(of: object, old: before, type, place, request)
        let isStatus = scope.subresource == "status"
        if isStatus {
            var whole = before
            whole.status = object.status
            if !type.isCustom {
                whole.metadata?.labels = object.metadata?.labels
                whole.metadata?.annotations = object.metadata?.annotations
            }
            whole.metadata?.managedFields = object.metadata?.managedFields
            object = whole
        } else if type.separatesStatus {
            object.status = before.status
        }
        type.strategy.applyDefaults(&object)
        let now = Timestamp.now
        let context = WriteContext(
            namespace: place.namespace, name: place.name, subresource: scope.subresource, now: now)
        type.strategy.prepareForUpdate(&object, old: before, context)
        if !owned {
            object = FieldManager(
                rules: type.rules, apiVersion: type.apiVersion,
                subresource: scope.subresource, manager: request.fieldManager, now: now.text
            ).updated(object, from: before, baseline: type.strategy.baseline)
        }
        if type.countsGeneration, !isStatus, Self.counted(object, type) != Self.counted(before, type) {
            object.metadata?.generation = JSON((before.metadata?.generation?.int ?? 0) &+ 1)
        }
        var faults = ObjectNames.metadataFaults(
            object.metadata ?? [:], kind: type.kind, custom: type.isCustom)
        faults += type.strategy.validate(object, old: before, context)
        if before.metadata?.deletionTimestamp?.string != nil {
            let known = before.metadata?.finalizers?.array ?? []
            let added = (object.metadata?.finalizers?.array ?? []).filter { !known.contains($0) }
            if !added.isEmpty {
                // validation/objectmeta.go, ValidateObjectMetaAccessorUpdate.
                faults.append(
                    .forbidden(
                        "metadata.finalizers",
                        "no new finalizers can be added if the object is being deleted, found new finalizers"
                            + " []string{\(added.map { $0.text() }.joined(separator: ", "))}"))
            }
        }
        if !faults.isEmpty { throw .invalid(group: type.group, kind: type.kind, name: place.name, faults) }
        if Self.isSame(object, before) { return old }
        let kept = type.strategy.stored(object).withType(storageType(type))
        if request.isDryRun { return StoredObject(kept, revision: old.revision) }
        if kept.metadata?.deletionTimestamp?.string != nil, (kept.metadata?.finalizers?.array ?? []).isEmpty,
            kept.metadata?.deletionGracePeriodSeconds?.int ?? 0 == 0
        {
            return erase(type.storage, place, lastState: kept) ?? old
        }
        let written = state.put(type.storage, place, kept)
        if type.resource == GroupResource("apiextensions.k8s.io", "customresourcedefinitions"), !isStatus {
            serve(definition: written.json, place)
        }
        return state[type.storage, place] ?? written
    }

    static func checkIdentity(
        _ object: JSON, _ before: JSON, _ place: ObjectName, _ type: ResourceType
    ) throws(APIError) {
        if let name = object.metadata?.name?.string, !name.isEmpty, name != place.name {
            throw .badRequest(
                "the name of the object (\(name)) does not match the name on the URL (\(place.name))")
        }
        if let namespace = object.metadata?.namespace?.string, !namespace.isEmpty,
            namespace != place.namespace
        {
            throw .badRequest(
                "the namespace of the object (\(namespace)) does not match the namespace on the URL (\(place.namespace))"
            )
        }
        if let wanted = object.metadata?.resourceVersion?.string, !wanted.isEmpty, wanted != "0",
            wanted != before.metadata?.resourceVersion?.string
        {
            throw .modified(type.resource, place.name)
        }
        let uid = before.metadata?.uid?.string ?? ""
        if let wanted = object.metadata?.uid?.string, !wanted.isEmpty, wanted != uid {
            throw .conflict(
                type.resource, place.name,
                "Precondition failed: UID in precondition: \(wanted), UID in object meta: \(uid)")
        }
    }

    /// What metadata.generation counts: everything but metadata, and but status where that is apart.
    private static func counted(_ object: JSON, _ type: ResourceType) -> JSON {
        var object = object
        object.metadata = nil
        if type.separatesStatus { object.status = nil }
        return object
    }

    /// Whether two versions differ in nothing but the times of managedFields.
    private static func isSame(_ left: JSON, _ right: JSON) -> Bool {
        func bare(_ object: JSON) -> JSON {
            var object = object
            object.metadata?.managedFields = nil
            return object
        }
        guard bare(left) == bare(right) else { return false }
        func fields(_ object: JSON) -> [ManagedEntry] {
            FieldManager.entries(of: object).map {
                var entry = $0
                entry.time = nil
                return entry
            }
        }
        let (a, b) = (fields(left), fields(right))
        return a.count == b.count && a.allSatisfy(b.contains)
    }
}

extension JSON {
    /// Removes labels, annotations and the like that are there and empty: the real server's types leave them out.
    mutating func dropEmptyMetadata() {
        for key in ["labels", "annotations", "finalizers", "ownerReferences"] {
            guard let value = self.metadata?[key] else { continue }
            if value.isNull || value.object?.isEmpty == true || value.array?.isEmpty == true {
                self.metadata?[key] = nil
            }
        }
    }
}
