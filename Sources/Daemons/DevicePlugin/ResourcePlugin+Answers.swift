// What the kubelet asks of one resource: which devices there are, which would be best, and what a container gets of them.

internal import GRPC
internal import KubeletAPI
internal import Observability
internal import Placement
internal import SystemIO

extension ResourcePlugin {
    /// What the plugin wants to be asked.
    static let options = DevicePluginAPI.DevicePluginOptions(getPreferredAllocationAvailable: true)

    /// The methods of our socket.
    func router() -> GRPCRouter {
        var router = GRPCRouter()
        router.unary(DevicePluginAPI.Method.getDevicePluginOptions) { (_: DevicePluginAPI.Empty, _) in
            Self.options
        }
        router.serverStreaming(DevicePluginAPI.Method.listAndWatch) {
            [weak self, lists]
            (_: DevicePluginAPI.Empty, _, writer: GRPCResponseWriter<DevicePluginAPI.ListAndWatchResponse>) in
            let values = lists.values()
            guard let stream = await self?.openStream() else { return }
            do {
                for await list in values { try await writer.write(list) }
            } catch {
                await self?.endStream(stream)
                throw error
            }
            await self?.endStream(stream)
        }
        if settings.flow == .pluginsRegistry { addRegistration(to: &router) }
        router.unary(DevicePluginAPI.Method.getPreferredAllocation) {
            [weak self] (request: DevicePluginAPI.PreferredAllocationRequest, _) in
            await self?.preferred(request) ?? DevicePluginAPI.PreferredAllocationResponse()
        }
        router.unary(DevicePluginAPI.Method.allocate) {
            [weak self] (request: DevicePluginAPI.AllocateRequest, _) in
            guard let self else { throw GRPCStatus(.unavailable, "the plugin is stopping") }
            return try await self.allocate(request)
        }
        router.unary(DevicePluginAPI.Method.preStartContainer) {
            (_: DevicePluginAPI.PreStartContainerRequest, _) in
            DevicePluginAPI.PreStartContainerResponse()
        }
        return router
    }

    private func openStream() -> Int {
        streams += 1
        receive(.streamOpened(streams))
        return streams
    }

    private func endStream(_ stream: Int) { receive(.streamEnded(stream)) }

    /// What the kubelet asks a socket that it has found.
    private func addRegistration(to router: inout GRPCRouter) {
        let info = PluginRegistrationAPI.PluginInfo(
            type: PluginRegistrationAPI.devicePlugin, name: settings.resource,
            supportedVersions: [DevicePluginAPI.version])
        router.unary(PluginRegistrationAPI.Method.getInfo) { (_: PluginRegistrationAPI.InfoRequest, _) in
            info
        }
        router.unary(PluginRegistrationAPI.Method.notifyRegistrationStatus) {
            [metrics, log, resource = settings.resource]
            (status: PluginRegistrationAPI.RegistrationStatus, _) in
            metrics.registrations.increment([resource, status.pluginRegistered ? "ok" : "failed"])
            if !status.pluginRegistered {
                // The kubelet tries again by itself, with growing pauses.
                log.warning("the kubelet does not take the registration", ["error": status.error])
            }
            return PluginRegistrationAPI.RegistrationStatusResponse()
        }
    }

    private func preferred(
        _ request: DevicePluginAPI.PreferredAllocationRequest
    ) async -> DevicePluginAPI.PreferredAllocationResponse {
        var responses: [DevicePluginAPI.ContainerPreferredAllocationResponse] = []
        for container in request.containerRequests.prefix(64) {
            let preference = await preferred(container)
            let chosenBy =
                preference.ids.isEmpty ? "none" : preference.assignedTo == nil ? "placement" : "assigned"
            metrics.preferences.increment([settings.resource, chosenBy])
            log.debug(
                "preferred",
                [
                    "size": container.allocationSize, "available": container.availableDeviceIDs.count,
                    "devices": preference.ids, "assigned_to": preference.assignedTo,
                ])
            responses.append(.init(deviceIDs: preference.ids))
        }
        return DevicePluginAPI.PreferredAllocationResponse(containerResponses: responses)
    }

    /// The kubelet hears of a pod when the agent does: the group that goes with it may be on its way. The kubelet admits
    /// nothing else meanwhile, so the wait is short, and there is none where no agent would hand over anything.
    private func preferred(
        _ request: DevicePluginAPI.ContainerPreferredAllocationRequest
    ) async -> Allocator.Preference {
        var preference = computePreference(request)
        guard agentIsThere, behaviour.assignmentWait > .zero, preference.assignedTo == nil else {
            return preference
        }
        let deadline = ContinuousClock.now + behaviour.assignmentWait
        let timer = loop.schedule(after: behaviour.assignmentWait, on: self) { $0.wakeAssignmentWaiters() }
        defer { timer.cancel() }
        while preference.assignedTo == nil, agentIsThere, !isStopped, ContinuousClock.now < deadline {
            await withCheckedContinuation { waiter in
                // Looked at again inside: the timer may have fired in between, and nobody else would wake this one.
                if agentIsThere, !isStopped, ContinuousClock.now < deadline {
                    assignmentWaiters.append(waiter)
                } else {
                    waiter.resume()
                }
            }
            preference = computePreference(request)
        }
        return preference
    }

    private func computePreference(
        _ request: DevicePluginAPI.ContainerPreferredAllocationRequest
    ) -> Allocator.Preference {
        let start = ContinuousClock.now
        defer { metrics.allocationTime.observe(ContinuousClock.now - start, ["GetPreferredAllocation"]) }
        return allocator?.preferred(request) ?? .init(ids: [], assignedTo: nil)
    }

    private func allocate(
        _ request: DevicePluginAPI.AllocateRequest
    ) async throws -> DevicePluginAPI.AllocateResponse {
        let start = ContinuousClock.now
        defer { metrics.allocationTime.observe(ContinuousClock.now - start, ["Allocate"]) }
        guard allocator != nil else { throw GRPCStatus(.unavailable, "no devices are known yet") }
        var responses: [DevicePluginAPI.ContainerAllocateResponse] = []
        for container in request.containerRequests {
            do throws(AllocationError) {
                responses.append(try await allocate(container.deviceIDs))
            } catch {
                metrics.allocations.increment([settings.resource, "refused"])
                log.error("refused", ["devices": container.deviceIDs, "error": "\(error)"])
                throw GRPCStatus(.invalidArgument, error.description)
            }
        }
        return DevicePluginAPI.AllocateResponse(containerResponses: responses)
    }

    private func allocate(
        _ ids: [String]
    ) async throws(AllocationError) -> DevicePluginAPI.ContainerAllocateResponse {
        guard let allocation = try allocator?.allocate(ids) else { throw .unknown(ids.first ?? "") }
        let again = handouts.handOut(ids, now: MonotonicClock.time)
        if !again.isEmpty { try await checkGivenOnce(again) }
        try await claim(allocation.cores)
        metrics.allocations.increment([settings.resource, allocation.unusable == nil ? "ok" : "unusable"])
        log.info("allocated", ["cores": allocation.cores.description, "chips": allocation.chips])
        if let reason = allocation.unusable {
            log.warning(
                "the runtime cannot use what the kubelet chose",
                ["cores": allocation.cores.description, "reason": "\(reason)"])
        }
        return allocation.response
    }

    /// Refuses devices that were handed out a moment ago and that a container holds by the kubelet's account. A kubelet
    /// that gives none leaves the plugin without a proof: then they are given, and the log says so.
    private func checkGivenOnce(_ ids: Set<String>) async throws(AllocationError) {
        let reader = PodResourcesReader(
            socket: settings.podResourcesSocket, timeout: .seconds(1), loop: loop)
        var fault: PodResourcesFault?
        for pause in Handouts.looks where fault == nil {
            if pause > .zero { try? await Task.sleep(for: pause) }
            let pods: [PodResourcesAPI.PodResources]
            do throws(PodResourcesFault) { pods = try await reader.read().pods } catch {
                fault = error
                continue
            }
            let live = pods.filter { !stoppedPods.contains([$0.namespace, $0.name]) }
            guard let (id, holder) = Handouts.holder(of: ids, resource: settings.resource, in: live)
            else { continue }
            await reader.close()
            metrics.givenTwice.increment([settings.resource, "refused"])
            throw .givenTwice(id, holder: holder)
        }
        await reader.close()
        guard let fault else { return }
        metrics.givenTwice.increment([settings.resource, "unverified"])
        log.error(
            "devices that were given a moment ago are given again, and the kubelet does not say who holds them",
            ["devices": ids.sorted(), "error": fault.description])
    }
}
