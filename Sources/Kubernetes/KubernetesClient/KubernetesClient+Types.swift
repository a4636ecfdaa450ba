// Requests on typed objects: decoded once from the answer's octets, encoded once into the request's.

public import JSON
public import KubernetesAPI

extension KubernetesClient {
    /// Reads an object.
    public func get<Object: Resource>(
        _ type: Object.Type = Object.self, _ key: ObjectKey
    ) async throws(KubernetesError) -> Object {
        try read(await perform("GET", Object.resource.path(namespace: key.namespace, name: key.name)))
    }

    /// Reads a collection, page by page.
    ///
    /// - Parameters:
    ///   - namespace: empty for all namespaces.
    ///   - labelSelector: empty for all objects.
    ///   - fieldSelector: empty for all objects.
    /// - Returns: the objects; those that are not of their type's shape stand apart.
    public func list<Object: Resource>(
        _ type: Object.Type = Object.self, namespace: String = "", labelSelector: String = "",
        fieldSelector: String = ""
    ) async throws(KubernetesError) -> ObjectList<Object> {
        var query = ["limit": "500"]
        if !labelSelector.isEmpty { query["labelSelector"] = labelSelector }
        if !fieldSelector.isEmpty { query["fieldSelector"] = fieldSelector }
        var list = ObjectList<Object>([])
        repeat {
            let page: ObjectList<Object> = try await page(Object.resource, namespace: namespace, query: query)
            list.items += page.items
            list.unreadable += page.unreadable
            list.resourceVersion = page.resourceVersion
            query["continue"] = page.continueToken
        } while query["continue"]?.isEmpty == false
        return list
    }

    /// Reads a page of a collection of any kind.
    func page<Object: APIObject>(
        _ resource: APIResource, namespace: String, query: [String: String]
    ) async throws(KubernetesError) -> ObjectList<Object> {
        let octets = try await perform("GET", resource.path(namespace: namespace), query: query)
        do throws(JSONError) { return try ObjectList(reading: octets) } catch {
            throw .malformed(error.description)
        }
    }

    /// Makes an object; its metadata says where.
    ///
    /// - Returns: the object as the server stored it.
    @discardableResult
    public func create<Object: Resource>(_ object: Object) async throws(KubernetesError) -> Object {
        let path = Object.resource.path(namespace: object.metadata.namespace)
        return try read(await perform("POST", path, body: octets(object)))
    }

    /// Creates an object, and does not look at what the server has made of it.
    public func submit<Object: Resource>(_ object: Object) async throws(KubernetesError) {
        _ = try await perform(
            "POST", Object.resource.path(namespace: object.metadata.namespace), body: octets(object))
    }

    /// Replaces an object; with a resource version only if nobody has changed it since. What the type does not know is lost.
    @discardableResult
    public func update<Object: Resource>(
        _ object: Object, subresource: String? = nil
    ) async throws(KubernetesError) -> Object {
        let path = Object.resource.path(
            namespace: object.metadata.namespace, name: object.metadata.name, subresource: subresource)
        return try read(await perform("PUT", path, body: octets(object)))
    }

    /// Replaces the status of an object.
    @discardableResult
    public func updateStatus<Object: Resource>(_ object: Object) async throws(KubernetesError) -> Object {
        try await update(object, subresource: "status")
    }

    /// Changes parts of an object.
    @discardableResult
    public func patch<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ patch: JSON, type patchType: PatchType = .merge,
        subresource: String? = nil
    ) async throws(KubernetesError) -> Object {
        let path = Object.resource.path(namespace: key.namespace, name: key.name, subresource: subresource)
        return try read(
            await perform("PATCH", path, body: patch.serialized(), contentType: patchType.rawValue))
    }

    /// Server-side apply: makes the object or brings it to what `object` says, and takes away what this manager said before
    /// and no longer says. What is empty in `object` is not said.
    ///
    /// - Parameters:
    ///   - manager: the field manager.
    ///   - force: whether fields of other managers are taken over.
    ///   - subresource: such as `status`.
    @discardableResult
    public func apply<Object: Resource>(
        _ object: Object, manager: String, force: Bool = true, subresource: String? = nil
    ) async throws(KubernetesError) -> Object {
        let path = Object.resource.path(
            namespace: object.metadata.namespace, name: object.metadata.name, subresource: subresource)
        return try read(
            await perform(
                "PATCH", path, query: ["fieldManager": manager, "force": force ? "true" : "false"],
                body: octets(object), contentType: "application/apply-patch+yaml"))
    }

    /// Deletes an object.
    ///
    /// - Parameters:
    ///   - uid: only if the object has this uid; nil for any.
    ///   - gracePeriod: seconds that the object has to end; nil for its own.
    public func delete<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, uid: String? = nil, gracePeriod: Int? = nil
    ) async throws(KubernetesError) {
        try await delete(Object.resource, key, uid: uid, gracePeriod: gracePeriod)
    }

    /// Binds a pod to a node.
    public func bind(_ binding: Binding) async throws(KubernetesError) {
        let key = binding.key
        let path = APIResource.pods.path(namespace: key.namespace, name: key.name, subresource: "binding")
        _ = try await perform("POST", path, body: octets(binding))
    }

    private func read<Value: Decodable>(_ octets: [UInt8]) throws(KubernetesError) -> Value {
        do throws(JSONError) { return try JSON.decode(from: octets) } catch {
            throw .malformed(error.description)
        }
    }

    private func octets<Value: Encodable>(_ value: Value) throws(KubernetesError) -> [UInt8] {
        do throws(JSONError) { return try JSON.encode(value) } catch { throw .malformed(error.description) }
    }
}
