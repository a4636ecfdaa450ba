import Glibc
import TestSupport
import Testing

@testable import SystemIO

@Suite("Removing a tree")
struct RemoveTreeTests {
    private let root: String

    init() throws {
        root = Scratch.path()
        try Files.makeDirectory(root + "/tree/a/b")
        try Files.makeDirectory(root + "/other")
        for name in ["tree/1", "tree/a/2", "tree/a/b/3", "other/kept"] {
            try Files.write("\(root)/\(name)", [1])
        }
    }

    @Test("takes all that is in it; links go and what they lead to stays")
    func links() throws {
        try Files.link(root + "/tree/a/out", to: root + "/other")
        try Files.link(root + "/tree/file", to: root + "/other/kept")
        try Files.link(root + "/tree/nowhere", to: "nothing")
        try Files.removeTree(root + "/tree/")
        #expect(try Files.list(root) == ["other"])
        #expect(try Files.list(root + "/other") == ["kept"])
        try Files.removeTree(root + "/tree")
        try Files.removeTree(root + "/no/such/place")
        try Files.link(root + "/link", to: "other")
        try Files.removeTree(root + "/link")
        #expect(try Files.list(root) == ["other"])
        try Files.removeTree(root)
    }

    @Test("leaves all of it where it belongs to another user")
    func owner() throws {
        let error = #expect(throws: SystemError.self) {
            try Files.removeTree(root + "/tree", ownedBy: geteuid() + 1)
        }
        #expect(error?.code == EPERM)
        #expect(error?.description.hasSuffix("(it belongs to user \(geteuid()))") == true)
        #expect(try Files.list(root + "/tree") == ["1", "a"])
        try Files.removeTree(root + "/tree", ownedBy: geteuid())
        #expect(try Files.list(root) == ["other"])
        try Files.removeTree(root)
    }

    @Test("removes no directory that it stands in", arguments: ["", "/", ".", "..", "./..", "//"])
    func nonsense(path: String) {
        #expect(throws: SystemError.self) { try Files.removeTree(path) }
    }

    @Test("is not stopped by a depth at which paths end")
    func depth() throws {
        var at = root + "/deep"
        try Files.makeDirectory(at)
        let home = try FileDescriptor.open(".", flags: O_RDONLY | O_DIRECTORY)
        defer { fchdir(home.number) }
        // 40 names of 200 octets are twice what a path may have.
        let name = String(repeating: "d", count: 200)
        try #require(chdir(at) == 0)
        for _ in 0..<40 { try #require(mkdir(name, 0o700) == 0 && chdir(name) == 0) }
        fchdir(home.number)
        at = root
        try Files.removeTree(at)
        #expect(!Files.exists(at))
    }
}

@Suite("A name that one process has")
struct NameClaimTests {
    @Test("is free again when it is given up, and is not had twice before")
    func once() throws {
        let name = "ganglion-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        var first = try NameClaim(name)
        #expect(first != nil)
        #expect(try NameClaim(name) == nil)
        #expect(try NameClaim(name + "-2") != nil)
        first?.release()
        #expect(try NameClaim(name) != nil)
        first = nil
        #expect(throws: SystemError.self) { try NameClaim(String(repeating: "x", count: 101)) }
    }
}
