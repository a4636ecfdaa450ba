import Testing

@testable import NeuronRuntime

@Suite("Status codes of the Neuron runtime")
struct NRTStatusTests {
    /// nrt_status.h, as facts of the field have it.
    private static let names: [UInt32: String] = [
        0: "NRT_SUCCESS", 1: "NRT_FAILURE", 2: "NRT_INVALID", 3: "NRT_INVALID_HANDLE", 4: "NRT_RESOURCE",
        5: "NRT_TIMEOUT", 6: "NRT_HW_ERROR", 7: "NRT_QUEUE_FULL", 9: "NRT_LOAD_NOT_ENOUGH_NC",
        10: "NRT_UNSUPPORTED_NEFF_VERSION", 11: "NRT_FAIL_HOST_MEM_ALLOC", 13: "NRT_UNINITIALIZED",
        14: "NRT_CLOSED", 15: "NRT_QUEUE_EMPTY", 101: "NRT_EXEC_UNIT_UNRECOVERABLE",
        1002: "NRT_EXEC_BAD_INPUT", 1003: "NRT_EXEC_COMPLETED_WITH_NUM_ERR",
        1004: "NRT_EXEC_COMPLETED_WITH_ERR", 1005: "NRT_EXEC_NC_BUSY", 1006: "NRT_EXEC_OOB",
        1100: "NRT_COLL_PENDING", 1200: "NRT_EXEC_HW_ERR_COLLECTIVES", 1201: "NRT_EXEC_HW_ERR_HBM_UE",
        1202: "NRT_EXEC_HW_ERR_NC_UE", 1203: "NRT_EXEC_HW_ERR_DMA_ABORT", 1204: "NRT_EXEC_SW_NQ_OVERFLOW",
        1205: "NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE", 1206: "NRT_NETWORK_PROXY_FAILURE",
    ]

    @Test("each has its name, a sentence of its own and what to do about it")
    func all() {
        #expect(Dictionary(uniqueKeysWithValues: NRTStatus.all.map { ($0.rawValue, $0.name) }) == Self.names)
        #expect(Set(NRTStatus.all.map(\.problem)).count == NRTStatus.all.count)
        #expect(NRTStatus.all.allSatisfy { !$0.mend.isEmpty })
    }

    @Test("one that is not known keeps its number")
    func unknown() {
        let error = NRTError(NRTStatus(rawValue: 4_711), "execute tiny on cores 0-1")
        #expect(
            error.description
                == "cannot execute tiny on cores 0-1 (NRT_STATUS_4711 4711): the runtime gave a code that is not known: "
                + "look the code up in nrt_status.h of the installed runtime")
    }

    @Test("an error gives figures where there are some")
    func figures() {
        let error = NRTError(.resource, "load tiny", problem: "16 GiB are missing")
        #expect(
            error.description
                == "cannot load tiny (NRT_RESOURCE 4): 16 GiB are missing: use more cores per model, fewer models, or "
                + "wait for a process to end")
    }

    @Test("faults of the chip are told from faults of the program")
    func hardware() {
        #expect(
            NRTStatus.all.filter(\.isHardware).map(\.rawValue) == [5, 6, 101, 1200, 1201, 1202, 1203, 1205])
    }

    @Test("a tensor's size follows from type and shape")
    func sizes() {
        #expect(TensorInformation("ids", .input, .int64, shape: [4, 128]).size == 4_096)
        #expect(TensorInformation("states", .output, .bfloat16, shape: [2, 3, 5]).size == 60)
        #expect(TensorType(rawValue: 10) == .float32 && TensorType(rawValue: 7) == .float16)
    }
}
