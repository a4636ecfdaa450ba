import CLinux
import Glibc
import Placement
import SystemIO
import Testing

@testable import Neuron

@Suite("Installing a fake node on a host")
struct FakeInstallationTests {
    private func install(_ type: String, _ root: String, cores: Int? = nil) throws -> FakeInstallation {
        try FakeDevice.install(
            instanceType: type, at: root + "/fake", logicalCoreSize: cores, sysfsRoot: root + "/host")
    }

    /// Holds a chip's core as a process of a pod does, for as long as the descriptor is open.
    private func hold(_ path: String) throws -> Int32 {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        #expect(descriptor >= 0)
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_start = 4096 + 64
        lock.l_len = 1
        #expect(ganglion_fcntl_lock(descriptor, 37, &lock) == 0)  // F_OFD_SETLK
        return descriptor
    }

    @Test("writes it once, and leaves alone what is wanted and there")
    func idempotent() throws {
        try withDirectory { (root) throws in
            let fake = FakeDevice(root: root + "/fake")
            #expect(try install("inf2.24xlarge", root) == .written(fake))
            let chip = Files.identity(root + "/fake/dev/neuron0")
            #expect(try install("inf2.24xlarge", root) == .kept(fake))
            #expect(Files.identity(root + "/fake/dev/neuron0") == chip)
            #expect(Discovery(fake.settings).scan().cores.count == 12)
        }
    }

    @Test("writes it anew where a chip's file is broken, unless somebody holds a core of another")
    func broken() throws {
        try withDirectory { (root) throws in
            let fake = FakeDevice(root: root + "/fake")
            _ = try install("inf2.24xlarge", root)
            try Files.remove(root + "/fake/dev/neuron3")
            try Files.makeDirectory(root + "/fake/dev/neuron3")
            let holder = try hold(root + "/fake/dev/neuron0")
            #expect(try install("inf2.24xlarge", root) == .kept(fake))
            close(holder)
            #expect(try install("inf2.24xlarge", root) == .written(fake))
            #expect(Discovery(fake.settings).scan().chips.allSatisfy { $0.health == .healthy })
            #expect(try install("inf2.24xlarge", root) == .kept(fake))
        }
    }

    @Test("changes type or core size where nobody holds a core, and not where somebody does")
    func changes() throws {
        try withDirectory { (root) throws in
            let fake = FakeDevice(root: root + "/fake")
            #expect(try install("trn2.48xlarge", root) == .written(fake))
            #expect(try install("trn2.48xlarge", root, cores: 1) == .written(fake))
            #expect(Discovery(fake.settings).scan().cores.count == 128)
            #expect(try install("trn2.48xlarge", root, cores: 1) == .kept(fake))
            let holder = try hold(root + "/fake/dev/neuron3")
            #expect(fake.isInUse)
            #expect(try install("inf2.xlarge", root) == .inUse(fake, present: "trn2.48xlarge"))
            #expect(throws: FakeDeviceError.inUse(fake.root)) { try fake.remove() }
            #expect(Discovery(fake.settings).scan().cores.count == 128)
            close(holder)
            #expect(!fake.isInUse)
            #expect(try install("inf2.xlarge", root) == .written(fake))
            #expect(Discovery(fake.settings).scan().cores.count == 2)
        }
    }

    @Test("touches nothing where the driver is loaded", arguments: ["module/neuron", "class/neuron_device"])
    func driver(sign: String) throws {
        try withDirectory { (root) throws in
            try Files.makeDirectory(root + "/host/" + sign)
            #expect(try install("inf2.xlarge", root) == .driverIsLoaded)
            #expect(!Files.exists(root + "/fake"))
        }
    }

    @Test("goes on after an installation that was cut short")
    func cutShort() throws {
        try withDirectory { (root) throws in
            let fake = FakeDevice(root: root + "/fake")
            _ = try install("inf2.24xlarge", root)
            try Files.write(fake.root + FakeDevice.marker, Array("unfinished\n".utf8))
            try Files.remove(fake.root + "/dev/neuron5")
            #expect(fake.installed == nil)
            #expect(try install("inf2.24xlarge", root) == .written(fake))
            #expect(Discovery(fake.settings).scan().problems == [])
        }
    }

    @Test("a first file that cannot be written leaves nothing that the next installation would refuse")
    func firstWrite() throws {
        try withDirectory { (root) throws in
            // A file where the tree's directory has to be.
            try Files.makeDirectory(root + "/fake")
            try Files.write(root + "/fake" + FakeDevice.marker, Array("unfinished\n".utf8))
            #expect(try install("inf2.xlarge", root) == .written(FakeDevice(root: root + "/fake")))
        }
    }

    @Test("is undone with nothing left, and not where the files are somebody else's")
    func remove() throws {
        try withDirectory { (root) throws in
            _ = try install("inf2.xlarge", root)
            try FakeDevice(root: root + "/fake").remove()
            #expect(!Files.exists(root + "/fake"))
            #expect(throws: FakeDeviceError.notOurs(root)) { try FakeDevice(root: root).remove() }
        }
    }
}
