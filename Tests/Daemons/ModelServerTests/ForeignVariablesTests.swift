// Variables of LMI and TorchServe: obeyed, or said.

import Testing

@testable import ModelServer

@Suite("Variables of other servers")
struct ForeignVariablesTests {
    @Test("what means something here is obeyed, by whichever server's name")
    func obeyed() throws {
        let read = try ForeignVariables([
            "SERVING_BATCH_SIZE": "3", "TS_JOB_QUEUE_SIZE": "9", "TS_DEFAULT_RESPONSE_TIMEOUT": "5",
            "TS_INFERENCE_ADDRESS": "http://0.0.0.0:8085", "SERVING_PROMETHEUS": "true",
            "TS_DISABLE_TOKEN_AUTHORIZATION": "true", "OPTION_N_POSITIONS": "5", "OPTION_ENTRYPOINT": "x",
            "OPTION_PREDICT_TIMEOUT": "7", "OTHER": "y", "OPTION_DTYPE": "", "TS_CONFIG_FILE": "/c",
        ])
        #expect(
            read.models == [
                "option.n_positions": "5", "option.entryPoint": "x", "option.predict_timeout": "7",
            ])
        #expect(read.idle == [.init(name: "SERVING_PROMETHEUS", instead: "/metrics is on --listen")])
        let file = try ServerConfigurationFile(read.server, path: "the environment")
        #expect(file.listen == "0.0.0.0:8085")
        #expect(file.batching == ["batch_size": "3", "job_queue_size": "9", "response_timeout": "5"])
        var policy = BatchPolicy()
        try policy.read(file.batching, place: "the environment")
        #expect(policy.texts == 3 && policy.queueLimit == 9 && policy.computeTimeout == .seconds(5))
        try policy.read(read.models, place: "the environment")
        #expect(policy.computeTimeout == .seconds(7))
    }

    @Test("the file comes before the environment")
    func order() throws {
        let file = try ServerConfigurationFile(["batch_size": "1", "model_store": "/a"], path: "c")
        let environment = try ServerConfigurationFile(
            ["batch_size": "2", "job_queue_size": "3", "load_models": "m=/m"], path: "the environment")
        let both = file.falling(backOn: environment)
        #expect(both.batching == ["batch_size": "1", "job_queue_size": "3"])
        #expect(both.models == ["m=/m"])
    }

    @Test(
        "what changes no answer is told with what there is in its place",
        arguments: [
            ("SERVING_MAX_WORKERS", "--copies says on how many groups a model is"),
            ("TS_METRICS_ADDRESS", "/metrics is on --listen"), ("TS_NUMBER_OF_NETTY_THREADS", "leave it out"),
            ("OPTION_GPU_MEMORY_UTILIZATION", "the cache has what memory the weights leave"),
            ("SERVING_SOMETHING_NEW", "leave it out"),
        ])
    func idle(name: String, instead: String) throws {
        let read = try ForeignVariables([name: "1"])
        #expect(read.idle == [.init(name: name, instead: instead)])
        #expect(read.server.isEmpty && read.models.isEmpty)
    }

    @Test(
        "what changes answers, or who gets any, is refused by its name",
        arguments: [
            ("OPTION_QUANTIZE", "awq", "leave it out"), ("OPTION_ENABLE_LORA", "true", "leave it out"),
            ("OPTION_MODEL_ID", "a/b", "give --model NAME=URI"),
            ("TS_SERVICE_ENVELOPE", "kserve", "send one of the bodies of docs/SERVING.md"),
            ("TS_DISABLE_TOKEN_AUTHORIZATION", "false", "give --api-keys"),
            ("SERVING_PRIVATE_KEY_FILE", "/k", "give --tls-certificate and --tls-key"),
        ])
    func refused(name: String, value: String, instead: String) {
        #expect(
            throws: ServerError(
                "\(name) does nothing on this server, which would answer otherwise than is meant: \(instead)")
        ) { try ForeignVariables([name: value]) }
    }

    @Test(
        "the operator's word for the same thing and another server's do not stand beside each other",
        arguments: [
            ("TS_LOAD_MODELS", "GANGLION_MODELS", "[]", false),
            ("SERVING_INFERENCE_ADDRESS", "GANGLION_PORT", "80", false),
            ("TS_LOAD_MODELS", "GANGLION_PORT", "80", true),
            ("TS_INFERENCE_ADDRESS", "GANGLION_PORT", "tcp://10.0.0.1:80", true),
        ])
    func own(name: String, own: String, value: String, isFine: Bool) throws {
        let variables = [name: "x", own: value]
        let read = try ForeignVariables(variables)
        #expect(((try? read.check(besides: variables)) != nil) == isFine)
    }

    @Test("two that say different things are refused, two that say the same are not")
    func contradiction() throws {
        #expect(throws: ServerError.self) {
            try ForeignVariables(["SERVING_BATCH_SIZE": "3", "TS_BATCH_SIZE": "4"])
        }
        #expect(
            try ForeignVariables(["SERVING_BATCH_SIZE": "3", "TS_BATCH_SIZE": "3"]).server
                == ["batch_size": "3"])
    }

    @Test(
        "what Kubernetes sets beside a Service of such a name is nobody's setting",
        arguments: [
            ("OPTION_SERVICE_HOST", "10.0.0.1"), ("OPTION_A_SERVICE_PORT_HTTP", "80"),
            ("SERVING_PORT", "tcp://10.0.0.1:80"), ("TS_METRICS_PORT_8082_TCP_ADDR", "10.0.0.1"),
            ("OPTION_PORT_80_TCP", "tcp://10.0.0.1:80"), ("TS_PORT_80_UDP_PROTO", "udp"),
        ])
    func links(name: String, value: String) throws {
        #expect(try ForeignVariables([name: value]) == ForeignVariables())
    }
}
