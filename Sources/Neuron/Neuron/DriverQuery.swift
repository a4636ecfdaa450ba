// The one question that only the driver answers: where a chip is on the PCI bus. The node is opened write-only, which
// the driver takes as "free access": it attaches no process and waits for no reset (neuron_cdev.c). Opened for reading
// and writing it would do both.

internal import CLinux
internal import Glibc
internal import SystemIO

/// Asks the driver through a chip's device node.
enum DriverQuery {
    /// NEURON_IOCTL_DEVICE_BDF_EXT: `_IOR('N', 106, void *)`.
    private static let deviceBDF: UInt = 0x8008_4e6a

    /// Where the chip of `device` is on the PCI bus; nil when the node cannot be opened, as in a container without
    /// devices, or is none of the driver's.
    static func pciAddress(device: String) -> PCIAddress? {
        // Only a character device is asked; an ioctl on something else may mean anything.
        guard Files.kind(device, following: true) == .characterDevice,
            let file = try? FileDescriptor.open(device, flags: O_WRONLY | O_NONBLOCK | O_NOCTTY)
        else { return nil }
        // u32 index, relative to the opened device; out: u32 domain, u32 bus, u8 slot, u8 function; two of padding.
        var answer = [UInt8](repeating: 0, count: 16)
        let result = answer.withUnsafeMutableBytes { ganglion_ioctl(file.number, deviceBDF, $0.baseAddress) }
        return result == 0 ? address(in: answer) : nil
    }

    /// Reads the driver's answer, in the machine's byte order; nil when a number is out of its range.
    static func address(in answer: [UInt8]) -> PCIAddress? {
        guard answer.count >= 14 else { return nil }
        func word(_ offset: Int) -> UInt32 {
            answer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
        }
        guard let bus = UInt8(exactly: word(8)), answer[12] < 32, answer[13] < 8 else { return nil }
        return PCIAddress(domain: word(4), bus: bus, slot: answer[12], function: answer[13])
    }
}
