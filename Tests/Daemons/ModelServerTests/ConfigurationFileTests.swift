// `config.properties`, key by key.

import Testing

@testable import ModelServer

@Suite("config.properties")
struct ConfigurationFileTests {
    @Test("keys that mean something here are obeyed")
    func keys() throws {
        let file = try ServerConfigurationFile(
            [
                "inference_address": "http://0.0.0.0:8085", "grpc_inference_port": "7070",
                "grpc_inference_address": "0.0.0.0", "model_store": "/store",
                "load_models": "a=one.tar.gz, two.tar.gz,s=s3://bucket/m", "batch_size": "4",
                "max_request_size": "2097152", "metrics_mode": "Prometheus",
            ], path: "c")
        #expect(file.listen == "0.0.0.0:8085")
        #expect(file.grpcListen == "0.0.0.0:7070")
        #expect(file.models == ["a=/store/one.tar.gz", "two=/store/two.tar.gz", "s=s3://bucket/m"])
        #expect(file.batching == ["batch_size": "4"])
        #expect(file.maximumBody == 2_097_152)
    }

    @Test(
        "what would do nothing is refused by its name",
        arguments: [
            ("management_address", "http://x:1", "management_address in c does nothing"),
            ("default_workers_per_model", "2", "default_workers_per_model in c does nothing"),
            ("metrics_mode", "log", "metrics_mode in c does nothing"),
            ("inference_address", "https://x:1", "give TLS by --tls-certificate"),
            ("load_models", "all", "name each model"),
            ("max_request_size", "0", "max_request_size in c is 0"),
        ])
    func refused(key: String, value: String, words: String) {
        let error = #expect(throws: ServerError.self) { try ServerConfigurationFile([key: value], path: "c") }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test(
        "sizes",
        arguments: [
            ("64Gi", 68_719_476_736), ("1k", 1_000), ("0", 0), ("7", 7), ("1.5Gi", nil), ("Gi", nil),
            ("-1", nil), ("9000000000Ti", nil),
        ] as [(String, Int?)])
    func sizes(text: String, octets: Int?) { #expect(OctetCount.parse(text) == octets) }
}
