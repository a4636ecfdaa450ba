// Profiles and traces of the hardware, which the fake device has none of. The functions are here so that programs that link
// them start; whoever calls one is told that it is not there.

internal import NeuronRuntime

private let absent = NRTStatus.failure.rawValue

@_cdecl("nrt_profile_start")
public func nrtProfileStart(_ model: UnsafeMutableRawPointer?, _ file: UnsafePointer<CChar>?) -> UInt32 {
    absent
}
@_cdecl("nrt_profile_stop")
public func nrtProfileStop(_ file: UnsafePointer<CChar>?) -> UInt32 { absent }
@_cdecl("nrt_sys_trace_config_allocate")
public func nrtTraceConfigAllocate(_ out: HandleOut?) -> UInt32 { absent }
@_cdecl("nrt_sys_trace_config_free")
public func nrtTraceConfigFree(_ config: UnsafeMutableRawPointer?) {}
@_cdecl("nrt_sys_trace_config_set_capture_enabled_for_nc")
public func nrtTraceConfigCore(_ config: UnsafeMutableRawPointer?, _ core: UInt32, _ isOn: Bool) {}
@_cdecl("nrt_sys_trace_start")
public func nrtTraceStart(_ config: UnsafeMutableRawPointer?) -> UInt32 { absent }
@_cdecl("nrt_sys_trace_stop")
public func nrtTraceStop() -> UInt32 { absent }
@_cdecl("nrt_sys_trace_fetch_options_allocate")
public func nrtTraceOptionsAllocate(_ out: HandleOut?) -> UInt32 { absent }
@_cdecl("nrt_sys_trace_fetch_options_free")
public func nrtTraceOptionsFree(_ options: UnsafeMutableRawPointer?) {}
@_cdecl("nrt_sys_trace_fetch_options_set_nc_idx")
public func nrtTraceOptionsCore(_ options: UnsafeMutableRawPointer?, _ core: UInt64) {}
@_cdecl("nrt_sys_trace_fetch_events")
public func nrtTraceFetch(
    _ buffer: HandleOut?, _ size: UnsafeMutablePointer<Int>?, _ options: UnsafeRawPointer?
) -> UInt32 { absent }
@_cdecl("nrt_sys_trace_buffer_free")
public func nrtTraceBufferFree(_ buffer: UnsafeMutableRawPointer?) {}
