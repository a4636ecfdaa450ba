// Where a chip sits on the PCI bus. Tools show it, and its directory in sysfs has the NUMA node and the near CPUs.

/// A PCI function's address.
package struct PCIAddress: Hashable, Sendable, CustomStringConvertible {
    /// The PCI domain, 0 on nearly every host.
    package var domain: UInt32
    /// The bus.
    package var bus: UInt8
    /// The device on the bus, 0 to 31.
    package var slot: UInt8
    /// The function, 0 to 7.
    package var function: UInt8

    /// An address.
    package init(domain: UInt32 = 0, bus: UInt8, slot: UInt8, function: UInt8 = 0) {
        self.domain = domain
        self.bus = bus
        self.slot = slot
        self.function = function
    }

    /// Reads `0000:00:1f.0`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count >= 4, let domain = Self.hex(parts[0], maximum: .max),
            let bus = Self.hex(parts[1], maximum: 0xff)
        else { return nil }
        let ends = parts[2].split(separator: ".", omittingEmptySubsequences: false)
        guard ends.count == 2, let slot = Self.hex(ends[0], maximum: 31),
            let function = Self.hex(ends[1], maximum: 7)
        else { return nil }
        self.init(domain: domain, bus: UInt8(bus), slot: UInt8(slot), function: UInt8(function))
    }

    /// With the domain, as the kernel names the device: `0000:00:1f.0`.
    package var description: String { Self.pad(domain, 4) + ":" + short }

    /// Without the domain: `00:1f.0`.
    package var short: String { Self.pad(UInt32(bus), 2) + ":" + Self.pad(UInt32(slot), 2) + ".\(function)" }

    private static func pad(_ number: UInt32, _ width: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    private static func hex(_ text: Substring, maximum: UInt32) -> UInt32? {
        guard (1...8).contains(text.utf8.count), text.utf8.allSatisfy({ $0 != 43 && $0 != 45 }),
            let number = UInt32(text, radix: 16), number <= maximum
        else { return nil }
        return number
    }
}
