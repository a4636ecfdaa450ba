// The API server behind a client, for programs that are written against `ClusterAPI`.

internal import JSON
public import KubernetesAPI
public import SystemIO

/// An API server that a client talks to.
public struct RemoteCluster: ClusterAPI {
    private let client: KubernetesClient
    private let manager: String
    private let loop: EventLoop

    /// - Parameter manager: the field manager of what is applied.
    public init(_ client: KubernetesClient, manager: String, loop: EventLoop = .shared) {
        self.client = client
        self.manager = manager
        self.loop = loop
    }

    /// Reads one object (GET).
    public func get<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey
    ) async throws(ClusterError) -> Object {
        do throws(KubernetesError) { return try await client.get(type, key) } catch {
            throw ClusterError(error)
        }
    }

    /// GET of a collection.
    public func list<Object: Resource>(
        _ type: Object.Type, namespace: String
    ) async throws(ClusterError) -> [Object] {
        do throws(KubernetesError) { return try await client.list(type, namespace: namespace).items } catch {
            throw ClusterError(error)
        }
    }

    /// Everything there is, then each change.
    public func updates<Object: Resource>(
        of type: Object.Type, where fields: FieldSelector
    ) -> AsyncStream<ObjectUpdate<Object>> {
        let (stream, continuation) = AsyncStream.makeStream(of: ObjectUpdate<Object>.self)
        let informer = Informer<Object>(client, fieldSelector: fields.text, loop: loop)
        let following = Task {
            await informer.start()
            await informer.store.synced()
            // Taken before the list, so that no change falls between the two; what is in both is told twice.
            let changes = informer.store.changes()
            continuation.yield(.snapshot(informer.store.list()))
            for await batch in changes {
                for change in batch {
                    switch change {
                    case .added(let object), .modified(_, let object): continuation.yield(.changed(object))
                    case .deleted(let object): continuation.yield(.removed(object))
                    }
                }
            }
        }
        continuation.onTermination = { _ in
            following.cancel()
            Task { await informer.stop() }
        }
        return stream
    }

    /// Makes an object (POST).
    @discardableResult
    public func create<Object: Resource>(_ object: Object) async throws(ClusterError) -> Object {
        do throws(KubernetesError) { return try await client.create(object) } catch {
            throw ClusterError(error)
        }
    }

    /// Replaces an object (PUT); its resource version must be the current one.
    @discardableResult
    public func replace<Object: Resource>(_ object: Object) async throws(ClusterError) -> Object {
        do throws(KubernetesError) { return try await client.update(object) } catch {
            throw ClusterError(error)
        }
    }

    /// Applies the fields that are set (server-side apply, PATCH).
    @discardableResult
    public func patch<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ patch: some Encodable & Sendable, kind: PatchKind,
        subresource: String?
    ) async throws(ClusterError) -> Object {
        let body: JSON
        do throws(JSONError) { body = try JSON(encoding: patch) } catch {
            throw ClusterError(status: nil, description: error.description)
        }
        do throws(KubernetesError) {
            return try await client.patch(
                type, key, body, type: kind == .merge ? .merge : .strategic, subresource: subresource)
        } catch {
            throw ClusterError(error)
        }
    }

    /// Server-side apply, with force.
    @discardableResult
    public func apply<Object: Resource>(_ object: Object) async throws(ClusterError) -> Object {
        do throws(KubernetesError) { return try await client.apply(object, manager: manager) } catch {
            throw ClusterError(error)
        }
    }

    /// Deletes an object (DELETE).
    public func delete<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ options: DeleteOptions
    ) async throws(ClusterError) {
        do throws(KubernetesError) {
            try await client.delete(
                type, key, uid: options.preconditions?.uid, gracePeriod: options.gracePeriodSeconds)
        } catch {
            throw ClusterError(error)
        }
    }

    /// POST of a Binding.
    public func bind(_ binding: Binding) async throws(ClusterError) {
        do throws(KubernetesError) { try await client.bind(binding) } catch { throw ClusterError(error) }
    }
}

extension ClusterError {
    /// What a client's request has come to.
    fileprivate init(_ error: KubernetesError) {
        self.init(status: error.code, description: error.description)
    }
}
