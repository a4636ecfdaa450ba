import Glibc
import SystemIO
import TestSupport
import Testing

@Suite("A program by its name, execvp(3)")
struct ProgramPathTests {
    @Test("is the first file of the name that may be executed; a path is taken as it is")
    func find() throws {
        let directory = try TemporaryDirectory()
        let (first, second) = (directory.path + "/1", directory.path + "/2")
        try Files.makeDirectory(first + "/a")
        try Files.makeDirectory(second)
        try Files.write(first + "/b", [])
        for name in ["a", "b"] {
            try Files.write("\(second)/\(name)", [])
            #expect(chmod("\(second)/\(name)", 0o755) == 0)
        }
        let path = "\(first):\(second)"
        #expect(ProgramPath.find("a", in: path) == second + "/a", "a directory is no program")
        #expect(ProgramPath.find("b", in: path) == second + "/b", "nor is a file that may not be executed")
        #expect(ProgramPath.find("c", in: path) == nil)
        #expect(ProgramPath.find("", in: path) == nil)
        #expect(ProgramPath.find(second + "/a", in: "") == second + "/a")
        #expect(ProgramPath.find(first + "/b", in: path) == nil)
        #expect(ProgramPath.find("a", in: "") == nil)
    }
}
