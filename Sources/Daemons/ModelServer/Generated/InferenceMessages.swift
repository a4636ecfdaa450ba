// open_inference_grpc.proto of KServe, its names, numbers and types, and of Triton's grpc_service.proto the model repository
// and streams: what clients of the Open Inference Protocol send.
//
// Made from Proto/inference/inference.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import Protobuf

/// The service of the Open Inference Protocol.
package enum InferenceMethod {
    /// Whether the server lives.
    package static let serverLive = "/inference.GRPCInferenceService/ServerLive"
    /// Whether the server is ready.
    package static let serverReady = "/inference.GRPCInferenceService/ServerReady"
    /// Whether a model is ready.
    package static let modelReady = "/inference.GRPCInferenceService/ModelReady"
    /// What the server is.
    package static let serverMetadata = "/inference.GRPCInferenceService/ServerMetadata"
    /// What a model is.
    package static let modelMetadata = "/inference.GRPCInferenceService/ModelMetadata"
    /// Asks a model.
    package static let modelInfer = "/inference.GRPCInferenceService/ModelInfer"
    /// Asks models, one answer after the other (Triton).
    package static let modelStreamInfer = "/inference.GRPCInferenceService/ModelStreamInfer"
    /// How often models were asked (Triton).
    package static let modelStatistics = "/inference.GRPCInferenceService/ModelStatistics"
    /// Which models there are (Triton).
    package static let repositoryIndex = "/inference.GRPCInferenceService/RepositoryIndex"
    /// Loads a model (Triton).
    package static let repositoryModelLoad = "/inference.GRPCInferenceService/RepositoryModelLoad"
    /// Unloads a model (Triton).
    package static let repositoryModelUnload = "/inference.GRPCInferenceService/RepositoryModelUnload"
}

/// Asks whether the server lives.
package struct ServerLiveRequest: FieldMessage {
    package init() {}

    /// None.
    package mutating func fields(_ wire: inout ProtobufFields) {}
}

/// Whether the server lives.
package struct ServerLiveResponse: FieldMessage {
    /// It does.
    package var live: Bool = false

    package init() {}

    package init(live: Bool = false) { self.live = live }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &live)
    }
}

/// Asks whether the server is ready.
package struct ServerReadyRequest: FieldMessage {
    package init() {}

    /// None.
    package mutating func fields(_ wire: inout ProtobufFields) {}
}

/// Whether the server is ready.
package struct ServerReadyResponse: FieldMessage {
    /// All of its models are.
    package var ready: Bool = false

    package init() {}

    package init(ready: Bool = false) { self.ready = ready }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &ready)
    }
}

/// Asks whether a model is ready.
package struct ModelReadyRequest: FieldMessage {
    /// The model.
    package var name: String = ""
    /// Its version; empty for the one that the server chooses.
    package var version: String = ""

    package init() {}

    package init(name: String = "", version: String = "") {
        self.name = name
        self.version = version
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &name)
        try wire.field(2, &version)
    }
}

/// Whether a model is ready.
package struct ModelReadyResponse: FieldMessage {
    /// It can be asked.
    package var ready: Bool = false

    package init() {}

    package init(ready: Bool = false) { self.ready = ready }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &ready)
    }
}

/// Asks what the server is.
package struct ServerMetadataRequest: FieldMessage {
    package init() {}

    /// None.
    package mutating func fields(_ wire: inout ProtobufFields) {}
}

/// What the server is.
package struct ServerMetadataResponse: FieldMessage {
    /// Its name.
    package var name: String = ""
    /// Its version.
    package var version: String = ""
    /// Extensions of the protocol that it has.
    package var extensions: [String] = []

    package init() {}

    package init(name: String = "", version: String = "", extensions: [String] = []) {
        self.name = name
        self.version = version
        self.extensions = extensions
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &name)
        try wire.field(2, &version)
        try wire.field(3, &extensions)
    }
}

/// Asks what a model is.
package struct ModelMetadataRequest: FieldMessage {
    /// The model.
    package var name: String = ""
    /// Its version; empty for the one that the server chooses.
    package var version: String = ""

    package init() {}

    package init(name: String = "", version: String = "") {
        self.name = name
        self.version = version
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &name)
        try wire.field(2, &version)
    }
}

/// What a model is.
package struct ModelMetadataResponse: FieldMessage {
    /// An input or output.
    package struct TensorMetadata: FieldMessage {
        /// Its name.
        package var name: String = ""
        /// Its datatype.
        package var datatype: String = ""
        /// Its shape; -1 for any number.
        package var shape: [Int64] = []

        package init() {}

        package init(name: String = "", datatype: String = "", shape: [Int64] = []) {
            self.name = name
            self.datatype = datatype
            self.shape = shape
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &name)
            try wire.field(2, &datatype)
            try wire.field(3, &shape)
        }
    }

    /// Its name.
    package var name: String = ""
    /// Its versions.
    package var versions: [String] = []
    /// What computes it.
    package var platform: String = ""
    /// What it takes.
    package var inputs: [TensorMetadata] = []
    /// What it gives.
    package var outputs: [TensorMetadata] = []

    package init() {}

    package init(
        name: String = "", versions: [String] = [], platform: String = "", inputs: [TensorMetadata] = [],
        outputs: [TensorMetadata] = []
    ) {
        self.name = name
        self.versions = versions
        self.platform = platform
        self.inputs = inputs
        self.outputs = outputs
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &name)
        try wire.field(2, &versions)
        try wire.field(3, &platform)
        try wire.field(4, &inputs)
        try wire.field(5, &outputs)
    }
}

/// A parameter.
package struct InferParameter: FieldMessage {
    /// Its value.
    package enum ParameterChoice: Equatable, Sendable {
        /// Truth.
        case boolParam(Bool)
        /// A whole number.
        case int64Param(Int64)
        /// Text.
        case stringParam(String)
        /// A number.
        case doubleParam(Double)
        /// A whole number without a sign.
        case uint64Param(UInt64)
    }

    /// Its value.
    package var parameterChoice: ParameterChoice? = nil

    package init() {}

    package init(parameterChoice: ParameterChoice? = nil) { self.parameterChoice = parameterChoice }

    /// Truth.
    ///
    /// Nil while `parameterChoice` is another; to set nil changes nothing.
    package var boolParam: Bool? {
        get { if case .boolParam(let value) = parameterChoice { value } else { nil } }
        set { if let newValue { parameterChoice = .boolParam(newValue) } }
    }

    /// A whole number.
    ///
    /// Nil while `parameterChoice` is another; to set nil changes nothing.
    package var int64Param: Int64? {
        get { if case .int64Param(let value) = parameterChoice { value } else { nil } }
        set { if let newValue { parameterChoice = .int64Param(newValue) } }
    }

    /// Text.
    ///
    /// Nil while `parameterChoice` is another; to set nil changes nothing.
    package var stringParam: String? {
        get { if case .stringParam(let value) = parameterChoice { value } else { nil } }
        set { if let newValue { parameterChoice = .stringParam(newValue) } }
    }

    /// A number.
    ///
    /// Nil while `parameterChoice` is another; to set nil changes nothing.
    package var doubleParam: Double? {
        get { if case .doubleParam(let value) = parameterChoice { value } else { nil } }
        set { if let newValue { parameterChoice = .doubleParam(newValue) } }
    }

    /// A whole number without a sign.
    ///
    /// Nil while `parameterChoice` is another; to set nil changes nothing.
    package var uint64Param: UInt64? {
        get { if case .uint64Param(let value) = parameterChoice { value } else { nil } }
        set { if let newValue { parameterChoice = .uint64Param(newValue) } }
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &boolParam)
        try wire.field(2, &int64Param)
        try wire.field(3, &stringParam)
        try wire.field(4, &doubleParam)
        try wire.field(5, &uint64Param)
    }
}

/// The elements of a tensor, in the list of its datatype.
package struct InferTensorContents: FieldMessage {
    /// Of BOOL.
    package var boolContents: [Bool] = []
    /// Of INT8, INT16 and INT32.
    package var intContents: [Int32] = []
    /// Of INT64.
    package var int64Contents: [Int64] = []
    /// Of UINT8, UINT16 and UINT32.
    package var uintContents: [UInt32] = []
    /// Of UINT64.
    package var uint64Contents: [UInt64] = []
    /// Of FP32.
    package var fp32Contents: [Float] = []
    /// Of FP64.
    package var fp64Contents: [Double] = []
    /// Of BYTES.
    package var bytesContents: [[UInt8]] = []

    package init() {}

    package init(
        boolContents: [Bool] = [], intContents: [Int32] = [], int64Contents: [Int64] = [],
        uintContents: [UInt32] = [], uint64Contents: [UInt64] = [], fp32Contents: [Float] = [],
        fp64Contents: [Double] = [], bytesContents: [[UInt8]] = []
    ) {
        self.boolContents = boolContents
        self.intContents = intContents
        self.int64Contents = int64Contents
        self.uintContents = uintContents
        self.uint64Contents = uint64Contents
        self.fp32Contents = fp32Contents
        self.fp64Contents = fp64Contents
        self.bytesContents = bytesContents
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &boolContents)
        try wire.field(2, &intContents)
        try wire.field(3, &int64Contents)
        try wire.field(4, &uintContents)
        try wire.field(5, &uint64Contents)
        try wire.field(6, &fp32Contents)
        try wire.field(7, &fp64Contents)
        try wire.field(8, &bytesContents)
    }
}

/// Asks a model.
package struct ModelInferRequest: FieldMessage {
    /// An input.
    package struct InferInputTensor: FieldMessage {
        /// Its name.
        package var name: String = ""
        /// Its datatype.
        package var datatype: String = ""
        /// Its shape.
        package var shape: [Int64] = []
        /// Parameters by name.
        package var parameters: [String: InferParameter] = [:]
        /// Its elements, where they are not raw.
        package var contents: InferTensorContents? = nil

        package init() {}

        package init(
            name: String = "", datatype: String = "", shape: [Int64] = [],
            parameters: [String: InferParameter] = [:], contents: InferTensorContents? = nil
        ) {
            self.name = name
            self.datatype = datatype
            self.shape = shape
            self.parameters = parameters
            self.contents = contents
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &name)
            try wire.field(2, &datatype)
            try wire.field(3, &shape)
            try wire.field(4, &parameters)
            try wire.field(5, &contents)
        }
    }

    /// An output that is asked for.
    package struct InferRequestedOutputTensor: FieldMessage {
        /// Its name.
        package var name: String = ""
        /// Parameters by name.
        package var parameters: [String: InferParameter] = [:]

        package init() {}

        package init(name: String = "", parameters: [String: InferParameter] = [:]) {
            self.name = name
            self.parameters = parameters
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &name)
            try wire.field(2, &parameters)
        }
    }

    /// The model.
    package var modelName: String = ""
    /// Its version; empty for the one that the server chooses.
    package var modelVersion: String = ""
    /// Comes back in the reply.
    package var id: String = ""
    /// Parameters by name.
    package var parameters: [String: InferParameter] = [:]
    /// The inputs.
    package var inputs: [InferInputTensor] = []
    /// The outputs that are asked for; none for all.
    package var outputs: [InferRequestedOutputTensor] = []
    /// The octets of each input, instead of contents.
    package var rawInputContents: [[UInt8]] = []

    package init() {}

    package init(
        modelName: String = "", modelVersion: String = "", id: String = "",
        parameters: [String: InferParameter] = [:], inputs: [InferInputTensor] = [],
        outputs: [InferRequestedOutputTensor] = [], rawInputContents: [[UInt8]] = []
    ) {
        self.modelName = modelName
        self.modelVersion = modelVersion
        self.id = id
        self.parameters = parameters
        self.inputs = inputs
        self.outputs = outputs
        self.rawInputContents = rawInputContents
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &modelName)
        try wire.field(2, &modelVersion)
        try wire.field(3, &id)
        try wire.field(4, &parameters)
        try wire.field(5, &inputs)
        try wire.field(6, &outputs)
        try wire.field(7, &rawInputContents)
    }
}

/// What a model has answered.
package struct ModelInferResponse: FieldMessage {
    /// An output.
    package struct InferOutputTensor: FieldMessage {
        /// Its name.
        package var name: String = ""
        /// Its datatype.
        package var datatype: String = ""
        /// Its shape.
        package var shape: [Int64] = []
        /// Parameters by name.
        package var parameters: [String: InferParameter] = [:]
        /// Its elements, where they are not raw.
        package var contents: InferTensorContents? = nil

        package init() {}

        package init(
            name: String = "", datatype: String = "", shape: [Int64] = [],
            parameters: [String: InferParameter] = [:], contents: InferTensorContents? = nil
        ) {
            self.name = name
            self.datatype = datatype
            self.shape = shape
            self.parameters = parameters
            self.contents = contents
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &name)
            try wire.field(2, &datatype)
            try wire.field(3, &shape)
            try wire.field(4, &parameters)
            try wire.field(5, &contents)
        }
    }

    /// The model.
    package var modelName: String = ""
    /// Its version.
    package var modelVersion: String = ""
    /// As in the request.
    package var id: String = ""
    /// Parameters by name.
    package var parameters: [String: InferParameter] = [:]
    /// The outputs.
    package var outputs: [InferOutputTensor] = []
    /// The octets of each output, instead of contents.
    package var rawOutputContents: [[UInt8]] = []

    package init() {}

    package init(
        modelName: String = "", modelVersion: String = "", id: String = "",
        parameters: [String: InferParameter] = [:], outputs: [InferOutputTensor] = [],
        rawOutputContents: [[UInt8]] = []
    ) {
        self.modelName = modelName
        self.modelVersion = modelVersion
        self.id = id
        self.parameters = parameters
        self.outputs = outputs
        self.rawOutputContents = rawOutputContents
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &modelName)
        try wire.field(2, &modelVersion)
        try wire.field(3, &id)
        try wire.field(4, &parameters)
        try wire.field(5, &outputs)
        try wire.field(6, &rawOutputContents)
    }
}

/// An answer of a stream (Triton).
package struct ModelStreamInferResponse: FieldMessage {
    /// Why there is none; empty where there is one.
    package var errorMessage: String = ""
    /// The answer.
    package var inferResponse: ModelInferResponse? = nil

    package init() {}

    package init(errorMessage: String = "", inferResponse: ModelInferResponse? = nil) {
        self.errorMessage = errorMessage
        self.inferResponse = inferResponse
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &errorMessage)
        try wire.field(2, &inferResponse)
    }
}

/// Asks which models there are (Triton's repository extension).
package struct RepositoryIndexRequest: FieldMessage {
    /// Ignored: there is one repository.
    package var repositoryName: String = ""
    /// Only those that are ready.
    package var ready: Bool = false

    package init() {}

    package init(repositoryName: String = "", ready: Bool = false) {
        self.repositoryName = repositoryName
        self.ready = ready
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &repositoryName)
        try wire.field(2, &ready)
    }
}

/// Which models there are.
package struct RepositoryIndexResponse: FieldMessage {
    /// A model.
    package struct ModelIndex: FieldMessage {
        /// Its name.
        package var name: String = ""
        /// Its version.
        package var version: String = ""
        /// READY, LOADING, UNLOADING or UNAVAILABLE.
        package var state: String = ""
        /// Why it is not ready.
        package var reason: String = ""

        package init() {}

        package init(name: String = "", version: String = "", state: String = "", reason: String = "") {
            self.name = name
            self.version = version
            self.state = state
            self.reason = reason
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &name)
            try wire.field(2, &version)
            try wire.field(3, &state)
            try wire.field(4, &reason)
        }
    }

    /// All of them.
    package var models: [ModelIndex] = []

    package init() {}

    package init(models: [ModelIndex] = []) { self.models = models }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &models)
    }
}

/// A parameter of the model repository.
package struct ModelRepositoryParameter: FieldMessage {
    /// Its value.
    package enum ParameterChoice: Equatable, Sendable {
        /// Truth.
        case boolParam(Bool)
        /// A whole number.
        case int64Param(Int64)
        /// Text.
        case stringParam(String)
    }

    /// Its value.
    package var parameterChoice: ParameterChoice? = nil

    package init() {}

    package init(parameterChoice: ParameterChoice? = nil) { self.parameterChoice = parameterChoice }

    /// Truth.
    ///
    /// Nil while `parameterChoice` is another; to set nil changes nothing.
    package var boolParam: Bool? {
        get { if case .boolParam(let value) = parameterChoice { value } else { nil } }
        set { if let newValue { parameterChoice = .boolParam(newValue) } }
    }

    /// A whole number.
    ///
    /// Nil while `parameterChoice` is another; to set nil changes nothing.
    package var int64Param: Int64? {
        get { if case .int64Param(let value) = parameterChoice { value } else { nil } }
        set { if let newValue { parameterChoice = .int64Param(newValue) } }
    }

    /// Text.
    ///
    /// Nil while `parameterChoice` is another; to set nil changes nothing.
    package var stringParam: String? {
        get { if case .stringParam(let value) = parameterChoice { value } else { nil } }
        set { if let newValue { parameterChoice = .stringParam(newValue) } }
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &boolParam)
        try wire.field(2, &int64Param)
        try wire.field(3, &stringParam)
    }
}

/// Asks to load a model.
package struct RepositoryModelLoadRequest: FieldMessage {
    /// Ignored: there is one repository.
    package var repositoryName: String = ""
    /// The model.
    package var modelName: String = ""
    /// Parameters by name.
    package var parameters: [String: ModelRepositoryParameter] = [:]

    package init() {}

    package init(
        repositoryName: String = "", modelName: String = "",
        parameters: [String: ModelRepositoryParameter] = [:]
    ) {
        self.repositoryName = repositoryName
        self.modelName = modelName
        self.parameters = parameters
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &repositoryName)
        try wire.field(2, &modelName)
        try wire.field(3, &parameters)
    }
}

/// The model is loaded.
package struct RepositoryModelLoadResponse: FieldMessage {
    package init() {}

    /// None.
    package mutating func fields(_ wire: inout ProtobufFields) {}
}

/// Asks to unload a model.
package struct RepositoryModelUnloadRequest: FieldMessage {
    /// Ignored: there is one repository.
    package var repositoryName: String = ""
    /// The model.
    package var modelName: String = ""
    /// Parameters by name.
    package var parameters: [String: ModelRepositoryParameter] = [:]

    package init() {}

    package init(
        repositoryName: String = "", modelName: String = "",
        parameters: [String: ModelRepositoryParameter] = [:]
    ) {
        self.repositoryName = repositoryName
        self.modelName = modelName
        self.parameters = parameters
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &repositoryName)
        try wire.field(2, &modelName)
        try wire.field(3, &parameters)
    }
}

/// The model is unloaded.
package struct RepositoryModelUnloadResponse: FieldMessage {
    package init() {}

    /// None.
    package mutating func fields(_ wire: inout ProtobufFields) {}
}

/// How often something was done, and how long it took (Triton's statistics extension).
package struct StatisticDuration: FieldMessage {
    /// How often.
    package var count: UInt64 = 0
    /// Nanoseconds in all.
    package var ns: UInt64 = 0

    package init() {}

    package init(count: UInt64 = 0, ns: UInt64 = 0) {
        self.count = count
        self.ns = ns
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &count)
        try wire.field(2, &ns)
    }
}

/// Where the time of a model's requests went.
package struct InferStatistics: FieldMessage {
    /// Requests that were answered.
    package var success: StatisticDuration? = nil
    /// Requests that failed.
    package var fail: StatisticDuration? = nil
    /// Waiting for a group.
    package var queue: StatisticDuration? = nil
    /// Taking inputs: part of compute_infer here.
    package var computeInput: StatisticDuration? = nil
    /// Computing.
    package var computeInfer: StatisticDuration? = nil
    /// Giving outputs: part of compute_infer here.
    package var computeOutput: StatisticDuration? = nil
    /// Answers from a cache: there is none.
    package var cacheHit: StatisticDuration? = nil
    /// Answers that were put into one.
    package var cacheMiss: StatisticDuration? = nil

    package init() {}

    package init(
        success: StatisticDuration? = nil, fail: StatisticDuration? = nil, queue: StatisticDuration? = nil,
        computeInput: StatisticDuration? = nil, computeInfer: StatisticDuration? = nil,
        computeOutput: StatisticDuration? = nil, cacheHit: StatisticDuration? = nil,
        cacheMiss: StatisticDuration? = nil
    ) {
        self.success = success
        self.fail = fail
        self.queue = queue
        self.computeInput = computeInput
        self.computeInfer = computeInfer
        self.computeOutput = computeOutput
        self.cacheHit = cacheHit
        self.cacheMiss = cacheMiss
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &success)
        try wire.field(2, &fail)
        try wire.field(3, &queue)
        try wire.field(4, &computeInput)
        try wire.field(5, &computeInfer)
        try wire.field(6, &computeOutput)
        try wire.field(7, &cacheHit)
        try wire.field(8, &cacheMiss)
    }
}

/// The counts of a model.
package struct ModelStatistics: FieldMessage {
    /// Its name.
    package var name: String = ""
    /// Its version.
    package var version: String = ""
    /// Milliseconds since 1970 of the last request.
    package var lastInference: UInt64 = 0
    /// Texts or tensors.
    package var inferenceCount: UInt64 = 0
    /// Passes.
    package var executionCount: UInt64 = 0
    /// Where the time went.
    package var inferenceStats: InferStatistics? = nil

    package init() {}

    package init(
        name: String = "", version: String = "", lastInference: UInt64 = 0, inferenceCount: UInt64 = 0,
        executionCount: UInt64 = 0, inferenceStats: InferStatistics? = nil
    ) {
        self.name = name
        self.version = version
        self.lastInference = lastInference
        self.inferenceCount = inferenceCount
        self.executionCount = executionCount
        self.inferenceStats = inferenceStats
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &name)
        try wire.field(2, &version)
        try wire.field(3, &lastInference)
        try wire.field(4, &inferenceCount)
        try wire.field(5, &executionCount)
        try wire.field(6, &inferenceStats)
    }
}

/// Asks for the counts of models.
package struct ModelStatisticsRequest: FieldMessage {
    /// The model; empty for all.
    package var name: String = ""
    /// Its version; empty for all.
    package var version: String = ""

    package init() {}

    package init(name: String = "", version: String = "") {
        self.name = name
        self.version = version
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &name)
        try wire.field(2, &version)
    }
}

/// The counts of models.
package struct ModelStatisticsResponse: FieldMessage {
    /// One for each version.
    package var modelStats: [ModelStatistics] = []

    package init() {}

    package init(modelStats: [ModelStatistics] = []) { self.modelStats = modelStats }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &modelStats)
    }
}
