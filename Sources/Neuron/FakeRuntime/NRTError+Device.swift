// The devices say what is wrong in a sentence of their own; behind the seam it has a status, too.

import NeuronRuntime

extension NRTError {
    /// An error of the devices under a status; its sentence has problem and mend already.
    init(_ status: NRTStatus, _ action: String, _ error: DeviceError) {
        let text = error.description
        let cut = text.range(at: ": ")
        self.init(
            status, action, problem: cut.map { String(text[..<$0.lowerBound]) } ?? text,
            mend: cut.map { String(text[$0.upperBound...]) })
    }
}

extension String {
    /// Where a text comes last.
    fileprivate func range(at separator: String) -> Range<Index>? { ranges(of: separator).last }
}
