// open_inference_grpc.proto of KServe, its names, numbers and types, and of Triton's grpc_service.proto the model repository
// and streams: what clients of the Open Inference Protocol send.
//
// Made from Proto/inference/inference.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import GRPCServices

extension ProtoFile {
    /// `inference/inference.proto`
    package static let inference = ProtoFile(
        "inference/inference.proto", package: "inference",
        messages: [
            ProtoMessage("ServerLiveRequest"),
            ProtoMessage("ServerLiveResponse", [.init("live", 1, .bool)]),
            ProtoMessage("ServerReadyRequest"),
            ProtoMessage("ServerReadyResponse", [.init("ready", 1, .bool)]),
            ProtoMessage("ModelReadyRequest", [.init("name", 1, .string), .init("version", 2, .string)]),
            ProtoMessage("ModelReadyResponse", [.init("ready", 1, .bool)]),
            ProtoMessage("ServerMetadataRequest"),
            ProtoMessage("ServerMetadataResponse",
                [
                    .init("name", 1, .string),
                    .init("version", 2, .string),
                    .init("extensions", 3, .string, isRepeated: true),
                ]),
            ProtoMessage("ModelMetadataRequest", [.init("name", 1, .string), .init("version", 2, .string)]),
            ProtoMessage("ModelMetadataResponse",
                [
                    .init("name", 1, .string),
                    .init("versions", 2, .string, isRepeated: true),
                    .init("platform", 3, .string),
                    .init("inputs", 4, .message("ModelMetadataResponse.TensorMetadata"), isRepeated: true),
                    .init("outputs", 5, .message("ModelMetadataResponse.TensorMetadata"), isRepeated: true),
                ],
                messages: [
                    ProtoMessage("TensorMetadata",
                        [
                            .init("name", 1, .string),
                            .init("datatype", 2, .string),
                            .init("shape", 3, .int64, isRepeated: true),
                        ]),
                ]),
            ProtoMessage("InferParameter",
                [
                    .init("bool_param", 1, .bool, oneof: 0),
                    .init("int64_param", 2, .int64, oneof: 0),
                    .init("string_param", 3, .string, oneof: 0),
                    .init("double_param", 4, .double, oneof: 0),
                    .init("uint64_param", 5, .uint64, oneof: 0),
                ],
                oneofs: [
                    "parameter_choice",
                ]),
            ProtoMessage("InferTensorContents",
                [
                    .init("bool_contents", 1, .bool, isRepeated: true),
                    .init("int_contents", 2, .int32, isRepeated: true),
                    .init("int64_contents", 3, .int64, isRepeated: true),
                    .init("uint_contents", 4, .uint32, isRepeated: true),
                    .init("uint64_contents", 5, .uint64, isRepeated: true),
                    .init("fp32_contents", 6, .float, isRepeated: true),
                    .init("fp64_contents", 7, .double, isRepeated: true),
                    .init("bytes_contents", 8, .bytes, isRepeated: true),
                ]),
            ProtoMessage("ModelInferRequest",
                [
                    .init("model_name", 1, .string),
                    .init("model_version", 2, .string),
                    .init("id", 3, .string),
                    .init("parameters", 4, .message("ModelInferRequest.ParametersEntry"), isRepeated: true),
                    .init("inputs", 5, .message("ModelInferRequest.InferInputTensor"), isRepeated: true),
                    .init("outputs", 6, .message("ModelInferRequest.InferRequestedOutputTensor"), isRepeated: true),
                    .init("raw_input_contents", 7, .bytes, isRepeated: true),
                ],
                messages: [
                    ProtoMessage("InferInputTensor",
                        [
                            .init("name", 1, .string),
                            .init("datatype", 2, .string),
                            .init("shape", 3, .int64, isRepeated: true),
                            .init("parameters", 4, .message("InferInputTensor.ParametersEntry"), isRepeated: true),
                            .init("contents", 5, .message("InferTensorContents")),
                        ],
                        messages: [
                            .mapEntry("ParametersEntry", to: "InferParameter"),
                        ]),
                    ProtoMessage("InferRequestedOutputTensor",
                        [
                            .init("name", 1, .string),
                            .init("parameters", 2, .message("InferRequestedOutputTensor.ParametersEntry"), isRepeated: true),
                        ],
                        messages: [
                            .mapEntry("ParametersEntry", to: "InferParameter"),
                        ]),
                    .mapEntry("ParametersEntry", to: "InferParameter"),
                ]),
            ProtoMessage("ModelInferResponse",
                [
                    .init("model_name", 1, .string),
                    .init("model_version", 2, .string),
                    .init("id", 3, .string),
                    .init("parameters", 4, .message("ModelInferResponse.ParametersEntry"), isRepeated: true),
                    .init("outputs", 5, .message("ModelInferResponse.InferOutputTensor"), isRepeated: true),
                    .init("raw_output_contents", 6, .bytes, isRepeated: true),
                ],
                messages: [
                    ProtoMessage("InferOutputTensor",
                        [
                            .init("name", 1, .string),
                            .init("datatype", 2, .string),
                            .init("shape", 3, .int64, isRepeated: true),
                            .init("parameters", 4, .message("InferOutputTensor.ParametersEntry"), isRepeated: true),
                            .init("contents", 5, .message("InferTensorContents")),
                        ],
                        messages: [
                            .mapEntry("ParametersEntry", to: "InferParameter"),
                        ]),
                    .mapEntry("ParametersEntry", to: "InferParameter"),
                ]),
            ProtoMessage("ModelStreamInferResponse",
                [
                    .init("error_message", 1, .string),
                    .init("infer_response", 2, .message("ModelInferResponse")),
                ]),
            ProtoMessage("RepositoryIndexRequest",
                [
                    .init("repository_name", 1, .string),
                    .init("ready", 2, .bool),
                ]),
            ProtoMessage("RepositoryIndexResponse",
                [
                    .init("models", 1, .message("RepositoryIndexResponse.ModelIndex"), isRepeated: true),
                ],
                messages: [
                    ProtoMessage("ModelIndex",
                        [
                            .init("name", 1, .string),
                            .init("version", 2, .string),
                            .init("state", 3, .string),
                            .init("reason", 4, .string),
                        ]),
                ]),
            ProtoMessage("ModelRepositoryParameter",
                [
                    .init("bool_param", 1, .bool, oneof: 0),
                    .init("int64_param", 2, .int64, oneof: 0),
                    .init("string_param", 3, .string, oneof: 0),
                ],
                oneofs: [
                    "parameter_choice",
                ]),
            ProtoMessage("RepositoryModelLoadRequest",
                [
                    .init("repository_name", 1, .string),
                    .init("model_name", 2, .string),
                    .init("parameters", 3, .message("RepositoryModelLoadRequest.ParametersEntry"), isRepeated: true),
                ],
                messages: [
                    .mapEntry("ParametersEntry", to: "ModelRepositoryParameter"),
                ]),
            ProtoMessage("RepositoryModelLoadResponse"),
            ProtoMessage("RepositoryModelUnloadRequest",
                [
                    .init("repository_name", 1, .string),
                    .init("model_name", 2, .string),
                    .init("parameters", 3, .message("RepositoryModelUnloadRequest.ParametersEntry"), isRepeated: true),
                ],
                messages: [
                    .mapEntry("ParametersEntry", to: "ModelRepositoryParameter"),
                ]),
            ProtoMessage("RepositoryModelUnloadResponse"),
            ProtoMessage("StatisticDuration", [.init("count", 1, .uint64), .init("ns", 2, .uint64)]),
            ProtoMessage("InferStatistics",
                [
                    .init("success", 1, .message("StatisticDuration")),
                    .init("fail", 2, .message("StatisticDuration")),
                    .init("queue", 3, .message("StatisticDuration")),
                    .init("compute_input", 4, .message("StatisticDuration")),
                    .init("compute_infer", 5, .message("StatisticDuration")),
                    .init("compute_output", 6, .message("StatisticDuration")),
                    .init("cache_hit", 7, .message("StatisticDuration")),
                    .init("cache_miss", 8, .message("StatisticDuration")),
                ]),
            ProtoMessage("ModelStatistics",
                [
                    .init("name", 1, .string),
                    .init("version", 2, .string),
                    .init("last_inference", 3, .uint64),
                    .init("inference_count", 4, .uint64),
                    .init("execution_count", 5, .uint64),
                    .init("inference_stats", 6, .message("InferStatistics")),
                ]),
            ProtoMessage("ModelStatisticsRequest", [.init("name", 1, .string), .init("version", 2, .string)]),
            ProtoMessage("ModelStatisticsResponse",
                [
                    .init("model_stats", 1, .message("ModelStatistics"), isRepeated: true),
                ]),
        ],
        services: [
            ProtoService("GRPCInferenceService",
                [
                    .init("ServerLive", "ServerLiveRequest", "ServerLiveResponse"),
                    .init("ServerReady", "ServerReadyRequest", "ServerReadyResponse"),
                    .init("ModelReady", "ModelReadyRequest", "ModelReadyResponse"),
                    .init("ServerMetadata", "ServerMetadataRequest", "ServerMetadataResponse"),
                    .init("ModelMetadata", "ModelMetadataRequest", "ModelMetadataResponse"),
                    .init("ModelInfer", "ModelInferRequest", "ModelInferResponse"),
                    .init("ModelStreamInfer", "ModelInferRequest", "ModelStreamInferResponse", clientStreaming: true, serverStreaming: true),
                    .init("ModelStatistics", "ModelStatisticsRequest", "ModelStatisticsResponse"),
                    .init("RepositoryIndex", "RepositoryIndexRequest", "RepositoryIndexResponse"),
                    .init("RepositoryModelLoad", "RepositoryModelLoadRequest", "RepositoryModelLoadResponse"),
                    .init("RepositoryModelUnload", "RepositoryModelUnloadRequest", "RepositoryModelUnloadResponse"),
                ]),
        ])
}
