// Profiles and traces of the hardware, which the fake device has none of. The functions are here so that programs that link
// them start; whoever calls one is told that it is not there.

internal import NeuronRuntime

private let absent = NRTStatus.failure.rawValue

/// `nrt_profile_start` of the C interface.
@_cdecl("nrt_profile_start")
public func nrtProfileStart(_ model: UnsafeMutableRawPointer?, _ file: UnsafePointer<CChar>?) -> UInt32 {
    absent
}
/// `nrt_profile_stop` of the C interface.
@_cdecl("nrt_profile_stop")
public func nrtProfileStop(_ file: UnsafePointer<CChar>?) -> UInt32 { absent }
/// `nrt_sys_trace_config_allocate` of the C interface.
@_cdecl("nrt_sys_trace_config_allocate")
public func nrtTraceConfigAllocate(_ out: HandleOut?) -> UInt32 { absent }
/// `nrt_sys_trace_config_free` of the C interface.
@_cdecl("nrt_sys_trace_config_free")
public func nrtTraceConfigFree(_ config: UnsafeMutableRawPointer?) {}
/// `nrt_sys_trace_config_set_capture_enabled_for_nc` of the C interface.
@_cdecl("nrt_sys_trace_config_set_capture_enabled_for_nc")
public func nrtTraceConfigCore(_ config: UnsafeMutableRawPointer?, _ core: UInt32, _ isOn: Bool) {}
/// `nrt_sys_trace_start` of the C interface.
@_cdecl("nrt_sys_trace_start")
public func nrtTraceStart(_ config: UnsafeMutableRawPointer?) -> UInt32 { absent }
/// `nrt_sys_trace_stop` of the C interface.
@_cdecl("nrt_sys_trace_stop")
public func nrtTraceStop() -> UInt32 { absent }
/// `nrt_sys_trace_fetch_options_allocate` of the C interface.
@_cdecl("nrt_sys_trace_fetch_options_allocate")
public func nrtTraceOptionsAllocate(_ out: HandleOut?) -> UInt32 { absent }
/// `nrt_sys_trace_fetch_options_free` of the C interface.
@_cdecl("nrt_sys_trace_fetch_options_free")
public func nrtTraceOptionsFree(_ options: UnsafeMutableRawPointer?) {}
/// `nrt_sys_trace_fetch_options_set_nc_idx` of the C interface.
@_cdecl("nrt_sys_trace_fetch_options_set_nc_idx")
public func nrtTraceOptionsCore(_ options: UnsafeMutableRawPointer?, _ core: UInt64) {}
/// `nrt_sys_trace_fetch_events` of the C interface.
@_cdecl("nrt_sys_trace_fetch_events")
public func nrtTraceFetch(
    _ buffer: HandleOut?, _ size: UnsafeMutablePointer<Int>?, _ options: UnsafeRawPointer?
) -> UInt32 { absent }
/// `nrt_sys_trace_buffer_free` of the C interface.
@_cdecl("nrt_sys_trace_buffer_free")
public func nrtTraceBufferFree(_ buffer: UnsafeMutableRawPointer?) {}
