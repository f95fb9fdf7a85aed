#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""openssl s_client and s_server, whose records the kernel makes and opens since
libkdtls-preload.so is loaded.
"""

import socket
import subprocess
import time

# It says where the others are.
from preloaded import WHO, Meeting, start
from harness import case, equal, main
from netns import TIMEOUT, Timeout

MARKER = "a line that nobody on the way may read"
LINES = 3
PORT = "4433"
MOVED = "AES-256-GCM, moved to the kernel\n"


def unconnected(port):
    """Has no UDP socket at @port a peer?"""
    for name in ("udp", "udp6"):
        with open(f"/proc/thread-self/net/{name}", encoding="ascii") as table:
            for line in table.readlines()[1:]:
                _, local, _, state, *_ = line.split()
                if int(local.rpartition(":")[2], 16) == port and state != "07":
                    return False
    return True


class Session(Meeting):
    """s_client and s_server."""

    def serve(self, *words, version="-dtls1_2"):
        self.server = start(
            self.pair.right, self.who[1], "openssl", "s_server", version,
            "-accept", PORT, "-cert", self.certificate.cert, "-key",
            self.certificate.key, *words)
        self.server.expect("ACCEPT\n")

    def connect(self, *words, version="-dtls1_2"):
        if self.client:
            self.client.__exit__()
        address = self.pair.right.address[socket.AF_INET]
        self.client = start(
            self.pair.left, self.who[0], "openssl", "s_client", version,
            "-connect", f"{address}:{PORT}", "-CAfile", self.certificate.cert,
            *words)

    def talk(self):
        for number in range(LINES):
            line = f"{number}: {MARKER}\n"
            self.client.say(line)
            self.server.expect(line)
            self.server.say(line)
            self.client.expect(line)

    def client_leaves(self):
        self.client.close_input()
        equal(self.client.end(), 0, "exit status of s_client")

    def expect_socket_free(self):
        """The server's isn't connected any more, or again."""
        began = time.monotonic()
        with self.pair.right.entered():
            while not unconnected(int(PORT)):
                if time.monotonic() - began > TIMEOUT:
                    raise Timeout("the socket's end")

    def expect_counted(self, least=LINES):
        super().expect_counted(least)
        equal(any(MARKER.encode() in frame for frame in self.tap.frames()),
              False, "plaintext on the wire")


@case(variants=WHO)
def client_ends_what_the_kernel_has_carried(meeting):
    meeting.serve("-naccept", "1")
    meeting.connect()
    meeting.expect_explained(MOVED)
    meeting.talk()
    meeting.client_leaves()
    equal(meeting.server.end(), 0, "exit status of s_server")
    meeting.expect_counted()


@case(variants=WHO[1:])
def server_may_connect_its_socket_itself(meeting):
    meeting.serve("-listen")
    meeting.connect()
    meeting.expect_explained(MOVED)
    meeting.talk()
    meeting.server.say("Q\n")
    equal(meeting.server.end(), 0, "exit status of s_server")
    meeting.expect_counted()


@case()
def one_socket_serves_client_after_client(meeting):
    meeting.serve("-naccept", "2")
    for _ in range(2):
        meeting.connect()
        meeting.expect_explained(MOVED)
        meeting.talk()
        meeting.client_leaves()
        meeting.server.expect("DONE\n")
        meeting.expect_socket_free()
    equal(meeting.server.end(), 0, "exit status of s_server")
    meeting.expect_counted(2 * LINES)


def expect_left(meeting, why):
    meeting.expect_explained(f"left to OpenSSL: {why}")
    meeting.talk()
    meeting.client_leaves()
    equal(meeting.server.end(), 0, "exit status of s_server")
    meeting.expect_left()


@case()
def dtls_1_0_is_left_to_openssl(meeting):
    weak = ("-cipher", "DEFAULT:@SECLEVEL=0")
    meeting.serve("-naccept", "1", *weak, version="-dtls1")
    meeting.connect(*weak, version="-dtls1")
    expect_left(meeting, "only DTLS 1.2 can be handed over\n")


@case()
def suite_without_aead_is_left_to_openssl(meeting):
    meeting.serve("-naccept", "1")
    meeting.connect("-cipher", "ECDHE-RSA-AES128-SHA")
    expect_left(meeting, "")


@case()
def without_the_module_all_is_left_to_openssl(meeting):
    subprocess.run(["modprobe", "-r", "dtls"], check=True)
    try:
        meeting.serve("-naccept", "1")
        meeting.connect()
        meeting.expect_explained("left to OpenSSL: the kernel has no DTLS: "
                                 "load the module (modprobe dtls)\n")
        meeting.talk()
        meeting.client_leaves()
        equal(meeting.server.end(), 0, "exit status of s_server")
    finally:
        subprocess.run(["modprobe", "dtls"], check=True)


if __name__ == "__main__":
    main(Session)
