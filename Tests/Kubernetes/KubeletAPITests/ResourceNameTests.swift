import KubeletAPI
import Testing

@Suite("Names of extended resources")
struct ResourceNameTests {
    @Test(
        "that the kubelet takes",
        arguments: [
            "aws.amazon.com/neuroncore", "aws.amazon.com/neuron", "x/Y_z-1.2", "a/b", "example.com/A_b.c-d",
        ])
    func good(name: String) { #expect(resourceNameFault(name) == nil) }

    @Test(
        "that it refuses are refused with the mend",
        arguments: [
            ("neuroncore", "must be a domain, a slash and a name, like aws.amazon.com/neuroncore"),
            ("a/b/c", "must be a domain, a slash and a name, like aws.amazon.com/neuroncore"),
            ("kubernetes.io/x", "must not be in the kubernetes.io domain"),
            ("requests.x/y", "must not begin with \"requests.\""),
            ("AWS.com/x", "must have a domain of lower-case letters, digits, - and . before the slash"),
            ("a..b/x", "must have a domain of lower-case letters, digits, - and . before the slash"),
            ("a/-x", "must have at most 63 letters, digits, -, _ and . after the slash"),
            ("a.kubernetes.io/x", "must not be in the kubernetes.io domain"),
            ("/x", "must have a domain of lower-case letters, digits, - and . before the slash"),
            ("a/b c", "must have at most 63 letters, digits, -, _ and . after the slash"),
            (
                "a/" + String(repeating: "a", count: 64),
                "must have at most 63 letters, digits, -, _ and . after the slash"
            ),
            ("a/", "must have at most 63 letters, digits, -, _ and . after the slash"),
        ])
    func bad(name: String, fault: String) { #expect(resourceNameFault(name) == fault) }
}
