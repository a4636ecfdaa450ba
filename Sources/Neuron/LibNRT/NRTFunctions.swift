// The C interface of libnrt, as its documentation describes it, in declarations of our own: nothing of AWS's headers is
// copied. Symbols are looked up when the library is opened, since it is no part of the build and versions differ.

import Glibc
import NeuronRuntime

/// A handle of libnrt's.
typealias NRTHandle = OpaquePointer

/// What a function is called to fill in.
typealias NRTHandleOut = UnsafeMutablePointer<NRTHandle?>

/// The functions of an opened library that are called here.
struct NRTFunctions: Sendable {
    typealias Count = @convention(c) (UnsafeMutablePointer<UInt32>) -> UInt32
    typealias Structure = @convention(c) (UnsafeMutableRawPointer, Int) -> UInt32

    let version: Structure
    let statusText: @convention(c) (UInt32) -> UnsafePointer<CChar>?
    let instance: Structure
    let visibleCores: Count
    let open: @convention(c) (UInt32, UnsafePointer<CChar>, UnsafePointer<CChar>) -> UInt32
    let close: @convention(c) () -> Void
    let load: @convention(c) (UnsafeRawPointer, Int, Int32, Int32, NRTHandleOut) -> UInt32
    let loadShared:
        @convention(c) (UnsafeRawPointer, Int, Int32, Int32, UInt32, UInt32, NRTHandleOut) -> UInt32
    let unload: @convention(c) (NRTHandle) -> UInt32
    let tensorInformation:
        @convention(c) (NRTHandle, UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> UInt32
    let freeTensorInformation: @convention(c) (UnsafeMutableRawPointer) -> UInt32
    let allocateSet: @convention(c) (NRTHandleOut) -> UInt32
    let destroySet: @convention(c) (NRTHandleOut) -> Void
    let addToSet: @convention(c) (NRTHandle, UnsafePointer<CChar>, NRTHandle) -> UInt32
    let allocateTensor: @convention(c) (UInt32, Int32, Int, UnsafePointer<CChar>?, NRTHandleOut) -> UInt32
    let allocateSlice: @convention(c) (NRTHandle, Int, Int, UnsafePointer<CChar>?, NRTHandleOut) -> UInt32
    let freeTensor: @convention(c) (NRTHandleOut) -> Void
    let read: @convention(c) (NRTHandle, UnsafeMutableRawPointer, Int, Int) -> UInt32
    let write: @convention(c) (NRTHandle, UnsafeRawPointer, Int, Int) -> UInt32
    let execute: @convention(c) (NRTHandle, NRTHandle, NRTHandle) -> UInt32
    /// Newer than the others; nil where the library lacks it.
    let memoryStatistics:
        (@convention(c) (UInt32, UnsafeMutableRawPointer, Int, UnsafeMutablePointer<Int>) -> UInt32)?

    /// Looks the functions up.
    ///
    /// - Throws: `NRTError` that names the first one that is missing.
    init(_ library: UnsafeMutableRawPointer, path: String) throws(NRTError) {
        func find<Function>(_ names: String..., as type: Function.Type = Function.self) throws(NRTError)
            -> Function
        {
            for name in names {
                if let symbol = dlsym(library, name) { return unsafeBitCast(symbol, to: type) }
            }
            throw NRTError(
                .unsupportedVersion, "open \(path)", problem: "it has no \(names[0])",
                mend: "install aws-neuronx-runtime-lib 2.20 or newer")
        }
        version = try find("nrt_get_version")
        statusText = try find("nrt_get_status_as_str")
        instance = try find("nrt_get_instance_info")
        // Before logical cores there were none but physical ones.
        visibleCores = try find("nrt_get_visible_vnc_count", "nrt_get_visible_nc_count")
        open = try find("nrt_init")
        close = try find("nrt_close")
        load = try find("nrt_load")
        loadShared = try find("nrt_load_collectives")
        unload = try find("nrt_unload")
        tensorInformation = try find("nrt_get_model_tensor_info")
        freeTensorInformation = try find("nrt_free_model_tensor_info")
        allocateSet = try find("nrt_allocate_tensor_set")
        destroySet = try find("nrt_destroy_tensor_set")
        addToSet = try find("nrt_add_tensor_to_tensor_set")
        allocateTensor = try find("nrt_tensor_allocate")
        allocateSlice = try find("nrt_tensor_allocate_slice")
        freeTensor = try find("nrt_tensor_free")
        read = try find("nrt_tensor_read")
        write = try find("nrt_tensor_write")
        execute = try find("nrt_execute")
        memoryStatistics = dlsym(library, "nrt_get_vnc_memory_stats").map {
            unsafeBitCast($0, to: Statistics.self)
        }
    }

    private typealias Statistics =
        @convention(c) (UInt32, UnsafeMutableRawPointer, Int, UnsafeMutablePointer<Int>) -> UInt32
}
