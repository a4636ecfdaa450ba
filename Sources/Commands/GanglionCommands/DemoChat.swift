// The demo's language model: asked as OpenAI's clients ask, its answer printed as it is written.

import Glibc
import HTTP
import HTTP1
import JSON
import SystemIO

/// A conversation of one question.
struct DemoChat {
    /// Where the model server listens.
    let address: SocketAddress
    /// The model's name.
    let model: String
    /// The question.
    let question: String

    /// The request's body, as JSON.
    var body: JSON {
        [
            "model": .string(model), "stream": true, "temperature": 0, "max_tokens": 64,
            "messages": [["role": "user", "content": .string(question)]],
        ]
    }

    /// Asks, and prints the answer as it comes.
    ///
    /// - Returns: the answer.
    /// - Throws: `DemoError` where the server answers otherwise, `HTTPError` where it does not.
    func ask() async throws -> String {
        let client = HTTPClient(address)
        let request = HTTPRequest(
            "POST", "/v1/chat/completions", headers: ["content-type": "application/json"],
            body: body.serialized())
        let stream = try await client.stream(request)
        guard stream.status == 200 else {
            let text = String(decoding: try await stream.collect(), as: UTF8.self)
            throw DemoError("the question was answered with status \(stream.status): \(text)")
        }
        var answer = ""
        var pending: [UInt8] = []
        for try await octets in stream {
            pending += octets
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeSubrange(...end)
                guard line.hasPrefix("data: {") else { continue }
                let event = try JSON(parsing: Array(line.dropFirst(6).utf8))
                let text = event.choices?[0]?.delta?.content?.string ?? ""
                answer += text
                print(text, terminator: "")
                fflush(nil)
            }
        }
        print()
        await client.close()
        guard !answer.isEmpty else { throw DemoError("the model has said nothing") }
        return answer
    }
}
