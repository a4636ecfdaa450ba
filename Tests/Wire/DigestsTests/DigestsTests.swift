import Digests
import Testing

@Suite("Digests")
struct DigestsTests {
    @Test(
        "of the words of the standards' own examples",
        arguments: [
            // FIPS 180-4, RFC 1321.
            (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (.md5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            (
                .sha512, "abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            ),
        ] as [(DigestAlgorithm, String, String)])
    func digests(algorithm: DigestAlgorithm, text: String, expected: String) {
        #expect(MessageDigest.of(text.utf8, algorithm).hexadecimal == expected)
    }

    @Test("in pieces are those of the whole", arguments: [1, 7, 64, 1_000])
    func pieces(size: Int) {
        let octets = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let digest = MessageDigest(.sha256)
        var checks = CyclicCheckKind.allCases.map { CyclicCheck($0) }
        for start in stride(from: 0, to: octets.count, by: size) {
            let piece = Array(octets[start..<min(start + size, octets.count)])
            digest.update(piece)
            for index in checks.indices { checks[index].update(piece) }
        }
        #expect(digest.finish() == MessageDigest.of(octets))
        for check in checks {
            var whole = CyclicCheck(check.kind)
            whole.update(octets)
            #expect(check.octets == whole.octets)
        }
    }

    @Test(
        "HMAC of RFC 4231",
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131),
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ])
    func hmac(key: [UInt8], text: String, expected: String) {
        #expect(hmacSHA256(key: key, Array(text.utf8)).hexadecimal == expected)
    }

    @Test(
        "cyclic checks of 123456789, as the catalogue of parametrised CRC algorithms has them",
        arguments: [
            (.crc32, "cbf43926"), (.crc32c, "e3069283"), (.crc64nvme, "ae8b14860a799888"),
        ] as [(CyclicCheckKind, String)])
    func checks(kind: CyclicCheckKind, expected: String) {
        var check = CyclicCheck(kind)
        check.update(Array("123456789".utf8))
        #expect(check.octets.hexadecimal == expected)
    }
}
