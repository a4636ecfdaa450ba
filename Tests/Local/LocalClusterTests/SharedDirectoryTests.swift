// A directory like `/tmp`, in which others have been before.

import Glibc
import SystemIO
import TestSupport
import Testing

@testable import LocalCluster

@Suite("The directory of a local cluster, where everybody may write")
struct SharedDirectoryTests {
    /// More than the system gives.
    private static let noProcess = 999_999_999
    private let parent: String

    init() throws {
        // Short: sockets are made in it.
        parent = "/tmp/gd-\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        try Files.makeDirectory(parent)
    }

    private func path(_ process: Int, _ more: String = "") -> String {
        "\(parent)/ganglion-\(geteuid())-\(process)\(more)"
    }

    @Test(
        "is made beside what others have put there; only what gone processes of this user have left is removed"
    )
    func cleansUp() throws {
        try Files.makeDirectory(parent + "/precious")
        try Files.write(parent + "/precious/file", [1])
        try Files.makeDirectory(path(Self.noProcess) + "/kubelet")
        try Files.makeDirectory(path(Self.noProcess, "-abc"))
        // A link under our name, a file, a directory of somebody else, and one of this process.
        try Files.link(path(Self.noProcess - 1), to: parent + "/precious")
        try Files.write(path(Self.noProcess - 2), [1])
        try Files.makeDirectory(path(Self.noProcess - 3))
        let isRoot = geteuid() == 0
        if isRoot { try #require(chown(path(Self.noProcess - 3), 12_345, 12_345) == 0) }
        try Files.makeDirectory(path(Int(getpid())))
        for name in ["x", "", "-1", "0"] {
            try Files.makeDirectory("\(parent)/ganglion-\(geteuid())-\(name)")
        }
        let held = try ClusterDirectory.make(at: path(Self.noProcess - 4))

        let made = try ClusterDirectory.makeTemporary(in: parent)
        #expect(made.path.hasPrefix(path(Int(getpid()), "-")), "\(made.path)")
        #expect(!Files.exists(path(Self.noProcess)) && !Files.exists(path(Self.noProcess, "-abc")))
        #expect(Files.kind(path(Self.noProcess - 1)) == .symbolicLink)
        #expect(Files.exists(parent + "/precious/file"))
        #expect(Files.kind(path(Self.noProcess - 2)) == .file)
        #expect(Files.exists(path(Self.noProcess - 3)) == isRoot)
        #expect(Files.exists(held.kubelet), "somebody has it locked")
        #expect(try Files.list(parent).count == (isRoot ? 11 : 10))
        try held.remove()
        try made.remove()
        try Files.removeTree(parent)
    }

    @Test("has another name where a process makes a second one")
    func own() throws {
        let first = try ClusterDirectory.makeTemporary(in: parent)
        let second = try ClusterDirectory.makeTemporary(in: parent)
        #expect(first.path == path(Int(getpid())))
        #expect(second.path != first.path && second.path.hasPrefix(first.path))
        try Files.removeTree(parent)
    }
}
