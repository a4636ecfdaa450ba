// The API server as the programs of its own process use it: without HTTP, but the same way as any other request, so that
// defaults, checks and managed fields are those that a client elsewhere would meet.

internal import APIMachinery
internal import HTTP
internal import HTTP1
internal import JSON
package import KubernetesAPI

/// A client of the API server in this process, with the rights of an administrator.
package struct InProcessClient: ClusterAPI {
    private let server: APIServer
    private let program: String

    /// A client.
    ///
    /// - Parameter program: the name under which its writes are kept, such as `kube-scheduler`.
    package init(_ server: APIServer, program: String) {
        self.server = server
        self.program = program
    }

    package func get<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey
    ) async throws(ClusterError) -> Object {
        try await send("GET", Self.path(type, key))
    }

    package func list<Object: Resource>(
        _ type: Object.Type, namespace: String
    ) async throws(ClusterError) -> [Object] {
        await server.objects(type, namespace: namespace.isEmpty ? nil : namespace)
    }

    package func updates<Object: Resource>(
        of type: Object.Type, where fields: FieldSelector
    ) -> AsyncStream<ObjectUpdate<Object>> {
        let (stream, continuation) = AsyncStream.makeStream(of: ObjectUpdate<Object>.self)
        let server = server
        let following = Task { await server.follow(type, where: fields, continuation) }
        continuation.onTermination = { _ in
            Task { if let observer = await following.value { await server.unfollow(observer) } }
        }
        return stream
    }

    @discardableResult
    package func create<Object: Resource>(_ object: Object) async throws(ClusterError) -> Object {
        let path = Object.resource.path(namespace: object.metadata.namespace)
        return try await send("POST", path, object)
    }

    @discardableResult
    package func replace<Object: Resource>(_ object: Object) async throws(ClusterError) -> Object {
        try await send("PUT", Self.path(Object.self, object.key), object)
    }

    @discardableResult
    package func patch<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ patch: some Encodable & Sendable, kind: PatchKind,
        subresource: String?
    ) async throws(ClusterError) -> Object {
        try await send("PATCH", Self.path(type, key, subresource), patch, type: kind.rawValue)
    }

    @discardableResult
    package func apply<Object: Resource>(_ object: Object) async throws(ClusterError) -> Object {
        let path = Self.path(Object.self, object.key) + "?fieldManager=\(program)&force=true"
        return try await send("PATCH", path, object, type: APIServer.applyType)
    }

    package func delete<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ options: DeleteOptions
    ) async throws(ClusterError) {
        _ = try await answer("DELETE", Self.path(type, key), options)
    }

    package func bind(_ binding: Binding) async throws(ClusterError) {
        _ = try await answer("POST", Self.path(Pod.self, binding.key, "binding"), binding)
    }

    private static func path<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ subresource: String? = nil
    ) -> String {
        Object.resource.path(namespace: key.namespace, name: key.name, subresource: subresource)
    }

    private func send<Answer: Decodable>(
        _ method: String, _ target: String, _ body: (any Encodable & Sendable)? = nil,
        type: String = "application/json"
    ) async throws(ClusterError) -> Answer {
        let octets = try await answer(method, target, body, type: type)
        do throws(JSONError) { return try JSON.decode(Answer.self, from: octets) } catch {
            throw ClusterError(status: nil, description: "the answer to \(method) \(target): \(error)")
        }
    }

    /// The octets of a successful answer.
    private func answer(
        _ method: String, _ target: String, _ body: (any Encodable & Sendable)? = nil,
        type: String = "application/json"
    ) async throws(ClusterError) -> [UInt8] {
        var octets: [UInt8] = []
        if let body {
            do throws(JSONError) { octets = try JSON.encode(body) } catch {
                throw ClusterError(status: nil, description: "\(method) \(target): \(error)")
            }
        }
        let headers: HTTPHeaders = [
            "host": "localhost", "content-type": type, "accept": "application/json", "user-agent": program,
        ]
        return try await server.perform(
            HTTPRequest(method, target, headers: headers, body: octets),
            as: APIUser("system:" + program, groups: ["system:masters"]))
    }
}

extension APIServer {
    /// Answers a request of a program in this process: it needs no token.
    func perform(_ request: HTTPRequest, as user: APIUser) async throws(ClusterError) -> [UInt8] {
        do throws(APIError) {
            switch try await route(APIRequest(request, user: user)) {
            case .json(_, let octets, _): return octets
            case .http(let response): return response.bytes
            case .watch: throw .methodNotAllowed
            }
        } catch {
            throw ClusterError(status: error.code, description: error.message)
        }
    }

    /// Objects of a kind as they are now, in the order of their keys.
    func objects<Object: Resource>(_ type: Object.Type, namespace: String?) -> [Object] {
        guard let served = served(Object.resource) else { return [] }
        return state.list(served.storage, namespace: namespace).compactMap { $0.1.typed(type, served) }
    }

    /// Tells what there is of a kind, then each change, until `unfollow`.
    ///
    /// - Returns: what `unfollow` takes; nil where there is no such kind.
    func follow<Object: Resource>(
        _ type: Object.Type, where fields: FieldSelector,
        _ continuation: AsyncStream<ObjectUpdate<Object>>.Continuation
    ) -> Int? {
        guard let served = served(Object.resource) else { return nil }
        let filter = ObjectFilter(served, fields: fields)
        let known = state.list(served.storage).filter { filter.matches($0.0, $0.1.json) }
        continuation.yield(.snapshot(known.compactMap { $0.1.typed(type, served) }))
        return state.observe(served.storage) { event in
            let isMeant = event.kind != .deleted && filter.matches(event.name, event.object.json)
            let wasMeant = event.previous.map { filter.matches(event.name, $0.json) } ?? false
            guard isMeant || wasMeant, let object = event.object.typed(type, served) else { return }
            continuation.yield(isMeant ? .changed(object) : .removed(object))
        }
    }

    /// Ends what `follow` began.
    func unfollow(_ observer: Int) { state.stopObserving(observer) }

    private func served(_ resource: APIResource) -> ResourceType? {
        catalog.types[resource.group]?[resource.version]?[resource.plural]
    }
}

extension StoredObject {
    /// The object as a value of a Swift type; nil where it is not of the type's shape, which the checks of built-in kinds
    /// have seen to.
    fileprivate func typed<Object: Resource>(_ type: Object.Type, _ served: ResourceType) -> Object? {
        if served.storage == served.resource { return decoded(as: type) }
        return try? served.strategy.shown(json).decode(type)
    }
}
