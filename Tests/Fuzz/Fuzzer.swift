// ganglion-fuzz TARGET [options and directories of libFuzzer]
//
// Built by scripts/fuzz alone, with the fuzzer's instrumentation and the address sanitizer. The main function is
// libFuzzer's: it calls the two functions here (llvm, docs/LibFuzzer.rst).

internal import Glibc

/// What this process fuzzes; set once, before the fuzzer's loop.
nonisolated(unsafe) private var chosen: FuzzTarget?

/// Takes the target's name from the front of the command line. Without one, prints all names.
@c(LLVMFuzzerInitialize)
public func initialize(
    count: UnsafeMutablePointer<Int32>,
    arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> Int32 {
    var given = CommandLine.arguments
    // libFuzzer starts itself again to merge corpora, without the name: the environment keeps it.
    let variable = "GANGLION_FUZZ_TARGET"
    if let kept = getenv(variable) { given.insert(String(cString: kept), at: 1) }
    chosen = FuzzTarget.all.first { $0.name == given.dropFirst().first }
    if let chosen { setenv(variable, chosen.name, 1) }
    guard let chosen else {
        for target in FuzzTarget.all { print(target.name) }
        exit(given.count > 1 ? 2 : 0)
    }
    let forwarded = [given[0], "-max_len=\(chosen.longest)"] + given.dropFirst(2)
    let pointers = UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>.allocate(
        capacity: forwarded.count + 1)
    _ = pointers.initialize(from: forwarded.map { strdup($0) } + [nil])
    if let start = pointers.baseAddress { arguments.pointee = start }
    count.pointee = Int32(forwarded.count)
    return 0
}

/// One input.
@c(LLVMFuzzerTestOneInput)
public func runOnce(data: UnsafePointer<UInt8>?, size: Int) -> Int32 {
    chosen?.run(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}
