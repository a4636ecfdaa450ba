// What the API server will not have, and what it only cannot do now. The first is said where users look, the second is tried
// again without a word.

internal import KubernetesAPI
internal import KubernetesClient
internal import Scheduling

extension KubernetesError {
    /// Whether the same request will be refused again until somebody changes the object, or what forbids it.
    ///
    /// A webhook that refuses chooses the code itself, and one that cannot be called is a 500.
    var isRefusal: Bool {
        guard case .status(let status) = self else { return false }
        if status.message.contains("admission webhook") && status.message.contains("denied the request") {
            return true
        }
        switch status.code {
        // Who we are is no matter of this object's; a conflict or a want of patience goes by.
        case 401, 408, 409, 429: return false
        case 400..<500: return true
        default: return status.message.contains("failed calling webhook")
        }
    }

    /// What a condition says of it.
    var refusalSentence: String {
        "\("\(self)".prefix(900)): correct spec.template, or what forbids it"
    }

    /// Whether a trial was refused for what does not stand in the way of the real request: a webhook that does not know
    /// trials, a name that is taken until the other pod is gone, or a quota in which there is room when it is.
    ///
    /// - Parameter pod: the one that goes first.
    func isHarmless(replacing pod: PodInfo) -> Bool {
        guard case .status(let status) = self else { return false }
        return isAlreadyExists || status.message.contains("does not support dry run")
            || QuotaExcess(status.message)?.fits(without: pod.pod) == true
    }
}

/// What a ResourceQuota's refusal says (apiserver resourcequota checkRequest): `exceeded quota: NAME, requested:
/// pods=1,requests.cpu=2, used: pods=3,requests.cpu=3, limited: pods=3,requests.cpu=4`. It names what does not fit alone.
struct QuotaExcess: Equatable {
    private(set) var requested: [String: Quantity] = [:]
    private(set) var used: [String: Quantity] = [:]
    private(set) var limited: [String: Quantity] = [:]

    /// Reads a refusal; nil where it is another.
    init?(_ message: String) {
        guard let start = message.firstRange(of: "exceeded quota: ") else { return nil }
        let text = message[start.upperBound...]
        guard let requests = text.firstRange(of: ", requested: "), let uses = text.firstRange(of: ", used: "),
            let limits = text.firstRange(of: ", limited: "), requests.upperBound <= uses.lowerBound,
            uses.upperBound <= limits.lowerBound
        else { return nil }
        requested = Self.list(text[requests.upperBound..<uses.lowerBound])
        used = Self.list(text[uses.upperBound..<limits.lowerBound])
        limited = Self.list(text[limits.upperBound...])
        guard !requested.isEmpty, requested.keys.allSatisfy({ used[$0] != nil && limited[$0] != nil }) else {
            return nil
        }
    }

    private static func list(_ text: Substring) -> [String: Quantity] {
        text.split(separator: ",").reduce(into: [:]) { list, part in
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, let amount = Quantity(String(pair[1])) else { return }
            list[String(pair[0])] = amount
        }
    }

    /// Whether there is room when `pod` is gone.
    func fits(without pod: Pod) -> Bool {
        let needs = PodRequirements(pod)
        return requested.allSatisfy { name, amount in
            let freed: Quantity =
                switch name {
                case "pods", "count/pods": 1
                case _ where name.hasPrefix("requests."):
                    needs.request(String(name.dropFirst("requests.".count)))
                case _ where name.hasPrefix("limits."): needs.limit(String(name.dropFirst("limits.".count)))
                default: needs.request(name)
                }
            return (used[name] ?? .zero) + amount <= (limited[name] ?? .zero) + freed
        }
    }
}
