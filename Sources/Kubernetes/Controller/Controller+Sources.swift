// Where keys come from. What is not here is an AsyncSequence, or adds to the controller's queue.

public import KubernetesAPI
public import KubernetesClient

extension Controller where Key == ObjectKey {
    /// The keys of these objects: whenever one is new, has changed or is gone.
    ///
    /// - Parameter condition: which changes count; all by default.
    public func `for`<Object: APIObject>(
        _ informer: Informer<Object>,
        where condition: @escaping @Sendable (ObjectChange<Object>) -> Bool = { _ in true }
    ) -> Controller {
        watches(informer) { condition($0) ? [$0.key] : [] }
    }

    /// The keys of the objects that control these ones (`ownerReferences`, `controller: true`).
    ///
    /// - Parameters:
    ///   - owner: what controls them; objects of other owners do not count. Another version of the same group is the same.
    ///   - condition: which changes count; all by default.
    public func owns<Object: APIObject>(
        _ informer: Informer<Object>, by owner: APIResource,
        where condition: @escaping @Sendable (ObjectChange<Object>) -> Bool = { _ in true }
    ) -> Controller {
        watches(informer) { change in
            guard condition(change) else { return [] }
            return change.object.owner(of: owner).map { [$0] } ?? []
        }
    }
}

extension Controller {
    /// The keys that `map` finds for each change of these objects: what the change may have touched.
    public func watches<Object: APIObject>(
        _ informer: Informer<Object>, map: @escaping @Sendable (ObjectChange<Object>) async -> [Key]
    ) -> Controller {
        reads(informer).adding { queue in
            for await changes in informer.store.changes() {
                for change in changes { for key in await map(change) { queue.add(key) } }
            }
        }
    }

    /// The keys that `map` finds for each element: a watch in this process, of a file, a stream of answers.
    ///
    /// - Parameter events: has one reader, and ends when it is cancelled.
    public func watches<Events: AsyncSequence & Sendable>(
        _ events: Events, map: @escaping @Sendable (Events.Element) async -> [Key]
    ) -> Controller where Events.Failure == Never, Events.Element: Sendable {
        adding { queue in
            for await event in events { for key in await map(event) { queue.add(key) } }
        }
    }

    /// The keys that `find` finds, at the start and again and again.
    ///
    /// - Parameter interval: between two times.
    public func every(
        _ interval: Duration, _ find: @escaping @Sendable () async -> [Key]
    ) -> Controller {
        adding { queue in
            while !Task.isCancelled {
                for key in await find() { queue.add(key) }
                try? await Task.sleep(for: interval)
            }
        }
    }

    /// No keys: but nothing is worked on before this copy is whole.
    public func reads(_ cache: any Cache) -> Controller {
        var controller = self
        controller.caches.append(cache)
        return controller
    }

    private func adding(_ source: @escaping @Sendable (WorkQueue<Key>) async -> Void) -> Controller {
        var controller = self
        controller.sources.append(source)
        return controller
    }
}
