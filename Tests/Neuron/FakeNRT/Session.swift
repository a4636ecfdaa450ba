// A libnrt.so of the project's own, for tests: the C interface of the Neuron runtime over the fake device. It loads what
// `ganglion compile` makes. Built as a shared object of its own, which nothing else links; programs that others wrote for the
// real library can be tried against it.

internal import FakeRuntime
internal import Glibc
internal import NeuronArtifact
internal import NeuronRuntime
internal import SystemIO

/// What the process has open.
final class Session: @unchecked Sendable {
    // @unchecked: guarded by `current`'s lock, apart from executions.
    enum State {
        case unopened
        case open(Session)
        case closed
    }

    /// The one session of the process.
    static let current = Lock<State>(.unopened)

    let claim: CoreClaim
    private var groups: [Range<Int>: CoreClaim] = [:]

    init(_ claim: CoreClaim) { self.claim = claim }

    /// The session; the status where there is none.
    static func open() -> Result<Session, NRTError> {
        current.withLock { state in
            switch state {
            case .unopened: .failure(NRTError(.uninitialized, "call libnrt"))
            case .open(let session): .success(session)
            case .closed: .failure(NRTError(.closed, "call libnrt"))
            }
        }
    }

    /// Cores counted from the process's first.
    func group(_ cores: Range<Int>) throws(NRTError) -> CoreClaim {
        guard !cores.isEmpty, cores.lowerBound >= 0, cores.upperBound <= claim.cores.count else {
            throw NRTError(.invalid, "use cores \(cores)")
        }
        return Self.current.withLock { _ in
            if let group = groups[cores] { return group }
            let first = claim.cores.lowerBound
            let group = claim.part(first + cores.lowerBound..<first + cores.upperBound)
            groups[cores] = group
            return group
        }
    }

    /// The devices that the environment names.
    static func devices() throws(DeviceError) -> (NeuronDevices, CoreSelection) {
        var variables: [String: String] = [:]
        for name in ["NEURON_RT_VISIBLE_CORES", "NEURON_RT_NUM_CORES"] {
            variables[name] = getenv(name).map { String(cString: $0) }
        }
        let root = getenv("GANGLION_DEVICE_ROOT").map { String(cString: $0) } ?? "/dev"
        return (try NeuronDevices(root: root), try CoreSelection(environment: variables))
    }
}

/// A loaded model with the cores that it is on.
final class Model: Sendable {
    let program: any LoadedProgram
    let claim: CoreClaim

    init(_ program: any LoadedProgram, _ claim: CoreClaim) {
        self.program = program
        self.claim = claim
    }
}

/// A tensor, which may have no memory yet.
final class Tensor: @unchecked Sendable {
    // @unchecked: the caller's agreement, as with libnrt.
    var tensor: (any NeuronTensor)?
    var name: String

    init(_ tensor: (any NeuronTensor)?, name: String) {
        self.tensor = tensor
        self.name = name
    }
}

/// Tensors by name.
final class TensorSet: @unchecked Sendable {
    // @unchecked: as `Tensor`.
    var tensors: [String: Tensor] = [:]
}

/// Runs `body` and gives its status.
func status(_ body: () throws -> Void) -> UInt32 {
    do {
        try body()
        return 0
    } catch let error as NRTError {
        complain(error.description)
        return error.status.rawValue
    } catch {
        complain("\(error)")
        return error is DeviceError ? NRTStatus.resource.rawValue : NRTStatus.failure.rawValue
    }
}

/// Where the real library logs, at its level ERROR.
private func complain(_ sentence: String) {
    let octets = Array("nrt: \(sentence)\n".utf8)
    _ = write(2, octets, octets.count)
}

/// Hands an object out as a handle.
func handle(_ object: AnyObject) -> UnsafeMutableRawPointer { Unmanaged.passRetained(object).toOpaque() }

/// The object of a handle.
func object<Object: AnyObject>(
    _ handle: UnsafeRawPointer?, as type: Object.Type = Object.self
) throws(NRTError) -> Object {
    guard let handle else { throw NRTError(.invalidHandle, "use a handle") }
    return Unmanaged<Object>.fromOpaque(handle).takeUnretainedValue()
}

/// Takes a handle back and forgets it.
func release<Object: AnyObject>(
    _ handle: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, as type: Object.Type
) {
    guard let place = handle, let own = place.pointee else { return }
    Unmanaged<Object>.fromOpaque(own).release()
    place.pointee = nil
}
