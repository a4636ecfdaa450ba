// Tensors, tensor sets and executions.

internal import FakeRuntime
internal import Glibc
internal import NeuronRuntime

/// `nrt_tensor_allocate` of the C interface.
@_cdecl("nrt_tensor_allocate")
public func nrtTensorAllocate(
    _ placement: UInt32, _ core: Int32, _ size: Int, _ name: UnsafePointer<CChar>?, _ out: HandleOut?
) -> UInt32 {
    status {
        let session = try Session.open().get()
        let claim = try session.group(max(0, Int(core))..<max(0, Int(core)) + 1)
        let name = name.map { String(cString: $0) } ?? ""
        let tensor = try claim.allocate(
            name, size: size, placement: TensorPlacement(rawValue: placement) ?? .host, core: 0)
        out?.pointee = handle(Tensor(tensor, name: name))
    }
}

/// `nrt_tensor_allocate_empty` of the C interface.
@_cdecl("nrt_tensor_allocate_empty")
public func nrtTensorEmpty(_ name: UnsafePointer<CChar>?, _ out: HandleOut?) -> UInt32 {
    status {
        _ = try Session.open().get()
        out?.pointee = handle(Tensor(nil, name: name.map { String(cString: $0) } ?? ""))
    }
}

/// `nrt_tensor_attach_buffer` of the C interface.
@_cdecl("nrt_tensor_attach_buffer")
public func nrtTensorAttach(
    _ tensor: UnsafeMutableRawPointer?, _ buffer: UnsafeMutableRawPointer?, _ size: Int
) -> UInt32 {
    status {
        guard let buffer else { throw NRTError(.invalid, "attach a buffer") }
        try object(tensor, as: Tensor.self).tensor = attachedTensor(buffer, size: size)
    }
}

/// `nrt_tensor_allocate_slice` of the C interface.
@_cdecl("nrt_tensor_allocate_slice")
public func nrtTensorSlice(
    _ whole: UnsafeRawPointer?, _ offset: Int, _ size: Int, _ name: UnsafePointer<CChar>?, _ out: HandleOut?
) -> UInt32 {
    status {
        let own: Tensor = try object(whole)
        guard let tensor = own.tensor, offset >= 0, size > 0, size <= tensor.size - min(offset, tensor.size)
        else { throw NRTError(.invalid, "take a slice of a tensor") }
        let slice = try tensor.slice(offset..<offset + size)
        out?.pointee = handle(Tensor(slice, name: name.map { String(cString: $0) } ?? own.name))
    }
}

/// `nrt_tensor_free` of the C interface.
@_cdecl("nrt_tensor_free")
public func nrtTensorFree(_ tensor: HandleOut?) { release(tensor, as: Tensor.self) }

/// `nrt_tensor_get_size` of the C interface.
@_cdecl("nrt_tensor_get_size")
public func nrtTensorSize(_ tensor: UnsafeRawPointer?) -> Int {
    (try? object(tensor, as: Tensor.self))?.tensor?.size ?? 0
}

/// `nrt_tensor_read` of the C interface.
@_cdecl("nrt_tensor_read")
public func nrtTensorRead(
    _ tensor: UnsafeRawPointer?, _ buffer: UnsafeMutableRawPointer?, _ offset: Int, _ size: Int
) -> UInt32 {
    status {
        guard let own = try object(tensor, as: Tensor.self).tensor, let buffer else {
            throw NRTError(.invalid, "read a tensor")
        }
        try own.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size), at: offset)
    }
}

/// `nrt_tensor_write` of the C interface.
@_cdecl("nrt_tensor_write")
public func nrtTensorWrite(
    _ tensor: UnsafeMutableRawPointer?, _ buffer: UnsafeRawPointer?, _ offset: Int, _ size: Int
) -> UInt32 {
    status {
        guard let own = try object(tensor, as: Tensor.self).tensor, let buffer else {
            throw NRTError(.invalid, "write a tensor")
        }
        try own.write(UnsafeRawBufferPointer(start: buffer, count: size), at: offset)
    }
}

/// `nrt_allocate_tensor_set` of the C interface.
@_cdecl("nrt_allocate_tensor_set")
public func nrtAllocateSet(_ out: HandleOut?) -> UInt32 {
    status {
        _ = try Session.open().get()
        out?.pointee = handle(TensorSet())
    }
}

/// `nrt_destroy_tensor_set` of the C interface.
@_cdecl("nrt_destroy_tensor_set")
public func nrtDestroySet(_ set: HandleOut?) { release(set, as: TensorSet.self) }

/// `nrt_add_tensor_to_tensor_set` of the C interface.
@_cdecl("nrt_add_tensor_to_tensor_set")
public func nrtAddTensor(
    _ set: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?, _ tensor: UnsafeMutableRawPointer?
) -> UInt32 {
    status {
        guard let name else { throw NRTError(.invalid, "add a tensor to a set") }
        try object(set, as: TensorSet.self).tensors[String(cString: name)] = try object(tensor)
    }
}

/// `nrt_get_tensor_from_tensor_set` of the C interface.
@_cdecl("nrt_get_tensor_from_tensor_set")
public func nrtGetTensor(
    _ set: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?, _ out: HandleOut?
) -> UInt32 {
    status {
        let own: TensorSet = try object(set)
        guard let name, let tensor = own.tensors[String(cString: name)] else {
            throw NRTError(.resource, "find a tensor in a set")
        }
        // The set's, not a new one: nobody frees it but through the handle that it was added by.
        out?.pointee = Unmanaged.passUnretained(tensor).toOpaque()
    }
}

/// `nrt_execute` of the C interface.
@_cdecl("nrt_execute")
public func nrtExecute(
    _ model: UnsafeMutableRawPointer?, _ inputs: UnsafeRawPointer?, _ outputs: UnsafeMutableRawPointer?
) -> UInt32 {
    status {
        let own: Model = try object(model)
        _ = try Session.open().get()
        func tensors(_ set: UnsafeRawPointer?) throws -> any NeuronTensorSet {
            try own.claim.makeTensorSet(
                try object(set, as: TensorSet.self).tensors.compactMapValues(\.tensor))
        }
        try own.program.execute(try tensors(inputs), try tensors(outputs))
    }
}

/// `nrt_get_vnc_memory_stats` of the C interface.
@_cdecl("nrt_get_vnc_memory_stats")
public func nrtMemoryStatistics(
    _ core: UInt32, _ out: UnsafeMutableRawPointer?, _ size: Int, _ written: UnsafeMutablePointer<Int>?
) -> UInt32 {
    status {
        guard let out, size >= 16 else { throw NRTError(.invalid, "tell a core's memory") }
        let session = try Session.open().get()
        let statistics = try session.claim.memoryStatistics(core: Int(core))
        out.storeBytes(of: statistics.used, as: Int.self)
        out.storeBytes(of: statistics.limit, toByteOffset: 8, as: Int.self)
        written?.pointee = 16
    }
}

/// `nrt_tensor_get_va` of the C interface.
@_cdecl("nrt_tensor_get_va")
public func nrtTensorAddress(_ tensor: UnsafeRawPointer?) -> UnsafeMutableRawPointer? {
    (try? object(tensor, as: Tensor.self))?.tensor.flatMap(tensorAddress)
}

/// `nrt_tensor_memset` of the C interface.
@_cdecl("nrt_tensor_memset")
public func nrtTensorFill(
    _ tensor: UnsafeMutableRawPointer?, _ offset: UInt64, _ value: Int32, _ size: Int
) -> UInt32 {
    status {
        guard let own = try object(tensor, as: Tensor.self).tensor, offset <= UInt64(own.size) else {
            throw NRTError(.invalid, "fill a tensor")
        }
        let octets = [UInt8](repeating: UInt8(truncatingIfNeeded: value), count: max(0, min(size, own.size)))
        guard octets.count == size else { throw NRTError(.invalid, "fill a tensor") }
        try octets.withUnsafeBytes { try own.write($0, at: Int(offset)) }
    }
}

/// `nrt_tensor_copy` of the C interface.
@_cdecl("nrt_tensor_copy")
public func nrtTensorCopy(
    _ source: UnsafeRawPointer?, _ sourceOffset: Int, _ target: UnsafeMutableRawPointer?, _ offset: Int,
    _ size: Int
) -> UInt32 {
    status {
        guard let from = try object(source, as: Tensor.self).tensor,
            let to = try object(target, as: Tensor.self).tensor, size >= 0, size <= from.size
        else { throw NRTError(.invalid, "copy a tensor") }
        var octets = [UInt8](repeating: 0, count: size)
        try octets.withUnsafeMutableBytes { try from.read(into: $0, at: sourceOffset) }
        try octets.withUnsafeBytes { try to.write($0, at: offset) }
    }
}
