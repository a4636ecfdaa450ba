"""The tail of a model server whose model costs nothing, at half of its maximum: the maximum is wrk's, a closed loop of 32
connections; the tail that of an open loop at a constant rate and at random times (open_loop.c).

    serving_tail.py PROGRAM DEVICES [--realtime] [--seconds N]

--realtime gives server and clients the scheduler's real-time class (chrt, as root), so that other processes of the machine are not
measured with them.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = """
wrk.method = "POST"
wrk.body = '{"inputs":"a"}'
wrk.headers["Content-Type"] = "application/json"
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("devices")
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    prefix = ["chrt", "-f", "20"] if options.realtime else []
    with tempfile.TemporaryDirectory() as directory:
        loop, script = f"{directory}/open_loop", f"{directory}/post.lua"
        subprocess.run(["cc", "-O2", "-o", loop, f"{HERE}/open_loop.c", "-lm"], check=True)
        with open(script, "w") as file:
            file.write(SCRIPT)
        server = subprocess.Popen(
            [*prefix, options.program, "--listen", "127.0.0.1:0", "--device-root", options.devices, "--model",
             "same=identity:BYTES"], stderr=subprocess.PIPE, text=True)
        try:
            port = next(
                re.search(r"address=127\.0\.0\.1:(\d+)", line)[1] for line in server.stderr if " listening " in line)
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/ping").close()
                    break
                except OSError:
                    time.sleep(0.05)
            url = f"http://127.0.0.1:{port}/predictions/same"
            text = subprocess.run(
                [*prefix, "wrk", "-t1", "-c32", f"-d{options.seconds}s", "-s", script, url], check=True,
                capture_output=True, text=True).stdout
            most = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
            print(f"closed loop: {most:,.0f} requests a second", flush=True)
            for kind in ("constant", "poisson"):
                print(f"{kind}: ", end="", flush=True)
                subprocess.run(
                    [*prefix, loop, port, str(int(most / 2)), "64", str(options.seconds)]
                    + (["poisson"] if kind == "poisson" else []), check=True)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
