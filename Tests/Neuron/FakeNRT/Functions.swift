// nrt_init to nrt_unload. Signatures are those of the public documentation.

internal import FakeRuntime
internal import Glibc
internal import NeuronArtifact
internal import NeuronRuntime
internal import SystemIO

/// A place for a handle.
public typealias HandleOut = UnsafeMutablePointer<UnsafeMutableRawPointer?>

/// `nrt_get_version` of the C interface.
@_cdecl("nrt_get_version")
public func nrtGetVersion(_ version: UnsafeMutableRawPointer?, _ size: Int) -> UInt32 {
    guard let version, size >= 32 else { return NRTStatus.invalid.rawValue }
    memset(version, 0, size)
    for (index, number) in ([2, 31, 0, 0] as [UInt64]).enumerated() {
        version.storeBytes(of: number, toByteOffset: index * 8, as: UInt64.self)
    }
    if size >= 224 { strncpy((version + 32).assumingMemoryBound(to: CChar.self), "ganglion fake", 127) }
    return 0
}

/// C strings of the names, made once and never changed.
private struct StatusNames: @unchecked Sendable {
    // @unchecked: pointers to memory that nobody writes.
    let known = Dictionary(
        uniqueKeysWithValues: NRTStatus.all.compactMap { status in
            strdup(status.name).map { (status.rawValue, UnsafePointer($0)) }
        })
    let unknown = UnsafePointer(strdup("NRT_UNKNOWN"))

    static let all = StatusNames()
}

/// `nrt_get_status_as_str` of the C interface.
@_cdecl("nrt_get_status_as_str")
public func nrtGetStatusText(_ status: UInt32) -> UnsafePointer<CChar>? {
    StatusNames.all.known[status] ?? StatusNames.all.unknown
}

/// `nrt_get_instance_info` of the C interface.
@_cdecl("nrt_get_instance_info")
public func nrtGetInstance(_ information: UnsafeMutableRawPointer?, _ size: Int) -> UInt32 {
    status {
        guard let information, size >= 32 else { throw NRTError(.invalid, "tell the instance") }
        let session = try Session.open().get()
        memset(information, 0, size)
        let families = ["inf1": 1, "trn1": 2, "inf2": 4, "trn2": 5, "trn3": 14]
        let instance = session.claim.instance
        information.storeBytes(of: UInt32(families[instance.family] ?? 0), as: UInt32.self)
        information.storeBytes(of: 9, toByteOffset: 4, as: UInt32.self)
        strncpy((information + 8).assumingMemoryBound(to: CChar.self), instance.architecture, 15)
    }
}

private func count(_ out: UnsafeMutablePointer<UInt32>?, isVisible: Bool) -> UInt32 {
    status {
        guard let out else { throw NRTError(.invalid, "count the cores") }
        if isVisible, let session = try? Session.open().get() {
            out.pointee = UInt32(session.claim.cores.count)
            return
        }
        let (devices, selection) = try Session.devices()
        switch selection {
        case .all: out.pointee = UInt32(devices.coreCount)
        case .count(let number): out.pointee = UInt32(isVisible ? number : devices.coreCount)
        case .cores(let cores): out.pointee = UInt32(isVisible ? cores.count : devices.coreCount)
        }
    }
}

/// `nrt_get_total_vnc_count` of the C interface.
@_cdecl("nrt_get_total_vnc_count")
public func nrtTotalCores(_ out: UnsafeMutablePointer<UInt32>?) -> UInt32 { count(out, isVisible: false) }
/// `nrt_get_total_nc_count` of the C interface.
@_cdecl("nrt_get_total_nc_count")
public func nrtTotalPhysical(_ out: UnsafeMutablePointer<UInt32>?) -> UInt32 { count(out, isVisible: false) }
/// `nrt_get_visible_vnc_count` of the C interface.
@_cdecl("nrt_get_visible_vnc_count")
public func nrtVisibleCores(_ out: UnsafeMutablePointer<UInt32>?) -> UInt32 { count(out, isVisible: true) }
/// `nrt_get_visible_nc_count` of the C interface.
@_cdecl("nrt_get_visible_nc_count")
public func nrtVisiblePhysical(_ out: UnsafeMutablePointer<UInt32>?) -> UInt32 { count(out, isVisible: true) }

/// `nrt_init` of the C interface.
@_cdecl("nrt_init")
public func nrtInit(
    _ framework: UInt32, _ version: UnsafePointer<CChar>?, _ fal: UnsafePointer<CChar>?
) -> UInt32 {
    status {
        try Session.current.withLock { state in
            if case .open = state { throw NRTError(.invalid, "open the runtime twice") }
            let (devices, selection) = try Session.devices()
            state = .open(Session(try devices.claim(selection)))
        }
    }
}

/// `nrt_close` of the C interface.
@_cdecl("nrt_close")
public func nrtClose() {
    Session.current.withLock { state in
        if case .open(let session) = state {
            // Tensors that nobody has freed do not keep the cores.
            session.claim.end()
            state = .closed
        }
    }
}

private func load(
    _ octets: UnsafeRawPointer?, _ size: Int, _ first: Int32, _ out: HandleOut?
) -> UInt32 {
    status {
        guard let octets, let out, size > 0 else { throw NRTError(.invalid, "load a model") }
        let session = try Session.open().get()
        let program = try CopiedProgram(UnsafeRawBufferPointer(start: octets, count: size))
        let start = max(0, Int(first))
        let claim = try session.group(start..<start + program.header.cores)
        out.pointee = handle(Model(try claim.load(.artifact(program)), claim))
    }
}

/// `nrt_load` of the C interface.
@_cdecl("nrt_load")
public func nrtLoad(
    _ octets: UnsafeRawPointer?, _ size: Int, _ first: Int32, _ count: Int32, _ out: HandleOut?
) -> UInt32 { load(octets, size, first, out) }

/// `nrt_load_collectives` of the C interface.
@_cdecl("nrt_load_collectives")
public func nrtLoadCollectives(
    _ octets: UnsafeRawPointer?, _ size: Int, _ first: Int32, _ count: Int32, _ device: UInt32,
    _ devices: UInt32, _ out: HandleOut?
) -> UInt32 { load(octets, size, first, out) }

/// `nrt_unload` of the C interface.
@_cdecl("nrt_unload")
public func nrtUnload(_ model: UnsafeMutableRawPointer?) -> UInt32 {
    status {
        let own: Model = try object(model)
        try own.program.unload()
        var model = model
        release(&model, as: Model.self)
    }
}

/// `nrt_get_model_vnc_count` of the C interface.
@_cdecl("nrt_get_model_vnc_count")
public func nrtModelCores(_ model: UnsafeRawPointer?, _ out: UnsafeMutablePointer<UInt32>?) -> UInt32 {
    status { out?.pointee = UInt32(try object(model, as: Model.self).claim.cores.count) }
}

/// `nrt_get_model_nc_count` of the C interface.
@_cdecl("nrt_get_model_nc_count")
public func nrtModelPhysical(_ model: UnsafeRawPointer?, _ out: UnsafeMutablePointer<UInt32>?) -> UInt32 {
    nrtModelCores(model, out)
}

/// `nrt_get_model_instance_count` of the C interface.
@_cdecl("nrt_get_model_instance_count")
public func nrtModelInstances(_ model: UnsafeRawPointer?, _ out: UnsafeMutablePointer<UInt32>?) -> UInt32 {
    out?.pointee = 1
    return 0
}

/// `nrt_get_model_info` of the C interface.
@_cdecl("nrt_get_model_info")
public func nrtModelInfo(
    _ model: UnsafeRawPointer?, _ out: UnsafeMutableRawPointer?, _ size: Int,
    _ written: UnsafeMutablePointer<Int>?
) -> UInt32 {
    // One number: cores.
    guard let out, size >= 4 else { return NRTStatus.invalid.rawValue }
    written?.pointee = 4
    return nrtModelCores(model, out.assumingMemoryBound(to: UInt32.self))
}

/// `nrt_get_model_tensor_info` of the C interface.
@_cdecl("nrt_get_model_tensor_info")
public func nrtModelTensors(_ model: UnsafeMutableRawPointer?, _ out: HandleOut?) -> UInt32 {
    status {
        let own: Model = try object(model)
        let tensors = own.program.inputs + own.program.outputs
        guard let array = calloc(1, 8 + tensors.count * 296), let out else {
            throw NRTError(.hostMemory, "tell a model's tensors")
        }
        array.storeBytes(of: UInt64(tensors.count), as: UInt64.self)
        for (index, tensor) in tensors.enumerated() {
            let entry = array + 8 + index * 296
            strncpy(entry.assumingMemoryBound(to: CChar.self), tensor.name, 255)
            entry.storeBytes(of: tensor.usage.rawValue, toByteOffset: 256, as: UInt32.self)
            entry.storeBytes(of: tensor.size, toByteOffset: 264, as: Int.self)
            entry.storeBytes(of: tensor.type.rawValue, toByteOffset: 272, as: UInt32.self)
            let shape = UnsafeMutablePointer<UInt32>.allocate(capacity: max(1, tensor.shape.count))
            for (place, size) in tensor.shape.enumerated() { shape[place] = UInt32(size) }
            entry.storeBytes(
                of: UnsafeMutableRawPointer(shape), toByteOffset: 280, as: UnsafeMutableRawPointer.self)
            entry.storeBytes(of: UInt32(tensor.shape.count), toByteOffset: 288, as: UInt32.self)
        }
        out.pointee = array
    }
}

/// `nrt_free_model_tensor_info` of the C interface.
@_cdecl("nrt_free_model_tensor_info")
public func nrtFreeModelTensors(_ array: UnsafeMutableRawPointer?) -> UInt32 {
    guard let array else { return NRTStatus.invalid.rawValue }
    for index in 0..<Int(array.load(as: UInt64.self)) {
        (array + 8 + index * 296).load(fromByteOffset: 280, as: UnsafeMutableRawPointer?.self)?.deallocate()
    }
    free(array)
    return 0
}
