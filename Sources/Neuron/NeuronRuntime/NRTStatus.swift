// The status codes of the Neuron runtime. Numbers and names are libnrt's; the sentences say what happened and what to do
// about it (AWS's nrt-troubleshoot has the actions for errors of the hardware).

/// What a call of the runtime came to. A code that is not listed here keeps its number.
package struct NRTStatus: RawRepresentable, Hashable, Sendable {
    /// The number that libnrt returns.
    package let rawValue: UInt32

    /// The status of a number.
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// It was done.
    package static let success = NRTStatus(rawValue: 0)
    /// Something failed that has no code of its own.
    package static let failure = NRTStatus(rawValue: 1)
    /// An argument, or an artifact, that makes no sense.
    package static let invalid = NRTStatus(rawValue: 2)
    /// A handle that is none, or of something that is gone.
    package static let invalidHandle = NRTStatus(rawValue: 3)
    /// Memory or cores are missing.
    package static let resource = NRTStatus(rawValue: 4)
    /// An execution did not end in time.
    package static let timeout = NRTStatus(rawValue: 5)
    /// A fault of the hardware.
    package static let hardwareError = NRTStatus(rawValue: 6)
    /// No room in the queue.
    package static let queueFull = NRTStatus(rawValue: 7)
    /// The artifact wants more cores than there are.
    package static let notEnoughCores = NRTStatus(rawValue: 9)
    /// The artifact is of a version that the runtime does not know.
    package static let unsupportedVersion = NRTStatus(rawValue: 10)
    /// Memory of the host is missing.
    package static let hostMemory = NRTStatus(rawValue: 11)
    /// The runtime has not been opened.
    package static let uninitialized = NRTStatus(rawValue: 13)
    /// The runtime has been closed.
    package static let closed = NRTStatus(rawValue: 14)
    /// Nothing is in the queue.
    package static let queueEmpty = NRTStatus(rawValue: 15)
    /// The core does not come back without a reset.
    package static let unrecoverable = NRTStatus(rawValue: 101)
    /// Inputs that the program cannot take.
    package static let badInput = NRTStatus(rawValue: 1002)
    /// It ended, and numbers among the results are none.
    package static let numericalError = NRTStatus(rawValue: 1003)
    /// It ended with an error.
    package static let completedWithError = NRTStatus(rawValue: 1004)
    /// The core works for somebody else.
    package static let coreBusy = NRTStatus(rawValue: 1005)
    /// An index outside of a tensor.
    package static let outOfBounds = NRTStatus(rawValue: 1006)
    /// A collective has not ended.
    package static let collectivePending = NRTStatus(rawValue: 1100)
    /// A collective hangs.
    package static let collectivesError = NRTStatus(rawValue: 1200)
    /// Device memory has an error that cannot be corrected.
    package static let memoryError = NRTStatus(rawValue: 1201)
    /// On-chip memory of a core has an error that cannot be corrected.
    package static let coreMemoryError = NRTStatus(rawValue: 1202)
    /// A transfer was aborted.
    package static let transferAborted = NRTStatus(rawValue: 1203)
    /// A queue of notifications ran over.
    package static let notificationOverflow = NRTStatus(rawValue: 1204)
    /// Device memory has an error that a restart of the driver repairs.
    package static let repairableMemoryError = NRTStatus(rawValue: 1205)
    /// The network between instances failed.
    package static let networkFailure = NRTStatus(rawValue: 1206)

    /// All that are known.
    package static let all: [NRTStatus] = texts.keys.sorted().map(NRTStatus.init(rawValue:))

    /// `NRT_TIMEOUT`; of an unknown code `NRT_STATUS_4711`.
    package var name: String { Self.texts[rawValue]?.name ?? "NRT_STATUS_\(rawValue)" }

    /// What it says, as words that continue a sentence.
    package var problem: String {
        Self.texts[rawValue]?.problem ?? "the runtime gave a code that is not known"
    }

    /// What to do about it.
    package var mend: String {
        Self.texts[rawValue]?.mend ?? "look the code up in nrt_status.h of the installed runtime"
    }

    /// Whether the chip is to blame: other work on it will fail as well.
    package var isHardware: Bool {
        switch self {
        case .hardwareError, .unrecoverable, .timeout, .collectivesError, .memoryError, .coreMemoryError,
            .transferAborted, .repairableMemoryError:
            true
        default: false
        }
    }

    private static let texts: [UInt32: (name: String, problem: String, mend: String)] = [
        0: ("NRT_SUCCESS", "it was done", "nothing is to be done"),
        1: (
            "NRT_FAILURE", "the runtime failed without saying why", "read its log (NEURON_RT_LOG_LEVEL=INFO)"
        ),
        2: (
            "NRT_INVALID", "an argument or the compiled model makes no sense to the runtime",
            "compile the model for this runtime and these cores"
        ),
        3: ("NRT_INVALID_HANDLE", "a model or tensor is gone", "load the model again"),
        4: (
            "NRT_RESOURCE", "device memory or cores are missing",
            "use more cores per model, fewer models, or wait for a process to end"
        ),
        5: (
            "NRT_TIMEOUT", "an execution did not end in time",
            "replace the instance, or raise NEURON_RT_EXEC_TIMEOUT for a model that takes so long"
        ),
        6: ("NRT_HW_ERROR", "the hardware failed", "replace the instance"),
        7: ("NRT_QUEUE_FULL", "the core's queue is full", "submit less at a time"),
        9: (
            "NRT_LOAD_NOT_ENOUGH_NC", "the model was compiled for more cores than its group has",
            "give it as many cores as it was compiled for"
        ),
        10: (
            "NRT_UNSUPPORTED_NEFF_VERSION",
            "the compiled model is of a version that the runtime does not know",
            "install the runtime that belongs to the compiler, or compile the model again"
        ),
        11: ("NRT_FAIL_HOST_MEM_ALLOC", "the host has no memory left", "raise the pod's memory limit"),
        13: (
            "NRT_UNINITIALIZED", "the runtime has not been opened",
            "this is a fault of the program: report it"
        ),
        14: ("NRT_CLOSED", "the runtime has been closed", "start the process again"),
        15: ("NRT_QUEUE_EMPTY", "nothing is in the queue", "submit first"),
        101: (
            "NRT_EXEC_UNIT_UNRECOVERABLE", "a core hangs until it is reset",
            "start the process again, which resets its cores; if it comes back, replace the instance"
        ),
        1002: (
            "NRT_EXEC_BAD_INPUT", "the program cannot take these inputs",
            "compare their sizes with the model's"
        ),
        1003: (
            "NRT_EXEC_COMPLETED_WITH_NUM_ERR", "numbers among the results are none",
            "look at the inputs and at the model's weights and data type"
        ),
        1004: (
            "NRT_EXEC_COMPLETED_WITH_ERR", "the execution ended with an error",
            "read the runtime's log; if it comes back on one instance only, replace that"
        ),
        1005: ("NRT_EXEC_NC_BUSY", "the core works for another model", "try again"),
        1006: (
            "NRT_EXEC_OOB", "the program was led outside of a tensor",
            "check that the ids are below the model's vocabulary size"
        ),
        1100: ("NRT_COLL_PENDING", "a collective has not ended", "wait for the other workers"),
        1200: (
            "NRT_EXEC_HW_ERR_COLLECTIVES", "a collective hangs",
            "look at the other workers first, then replace the instance"
        ),
        1201: (
            "NRT_EXEC_HW_ERR_HBM_UE", "device memory has an error that cannot be corrected",
            "replace the instance"
        ),
        1202: (
            "NRT_EXEC_HW_ERR_NC_UE", "a core's memory has an error that cannot be corrected",
            "replace the instance"
        ),
        1203: ("NRT_EXEC_HW_ERR_DMA_ABORT", "a transfer was aborted", "replace the instance"),
        1204: (
            "NRT_EXEC_SW_NQ_OVERFLOW", "a queue of notifications ran over",
            "submit less at a time, and update the runtime"
        ),
        1205: (
            "NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE", "device memory has an error that a restart repairs",
            "reload the driver or reboot"
        ),
        1206: (
            "NRT_NETWORK_PROXY_FAILURE", "the network between instances failed", "look at EFA and its driver"
        ),
    ]
}
