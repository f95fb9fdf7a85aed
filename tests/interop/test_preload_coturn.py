#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""coturn as Debian built it, its server and its test client, over DTLS: the
kernel makes and opens their records since libkdtls-preload.so is loaded.
"""

import re
import socket

# It says where the others are.
from preloaded import KERNEL, OPENSSL, WHO, Meeting, start
from harness import case, equal, main

MESSAGES = 10
PORT = "5349"
LOST = re.compile(rb"Total lost packets (\d+)")
SENT = re.compile(rb"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)")


class Relay(Meeting):
    """turnutils_uclient on the left talks to itself by turnserver."""

    def serve(self, *words, version=None):
        address = self.pair.right.address[socket.AF_INET]
        self.server = start(
            self.pair.right, self.who[1], "turnserver", "-v", "-n", "--no-auth",
            "--no-cli", "--no-tcp", "--no-tls", "--log-file=stdout",
            f"--pidfile={self.certificate.folder.name}/pid",
            f"--userdb={self.certificate.folder.name}/db",
            f"--listening-ip={address}", f"--relay-ip={address}",
            f"--tls-listening-port={PORT}", f"--cert={self.certificate.cert}",
            f"--pkey={self.certificate.key}", *words)
        self.server.expect(f"{address}:{PORT}")

    def connect(self, *words, version=None):
        self.client = start(
            self.pair.left, self.who[0], "turnutils_uclient", "-v", "-S", "-y",
            "-c", "-m", "1", "-n", str(MESSAGES), "-l", "200", *words,
            self.pair.right.address[socket.AF_INET])

    def expect_all_received(self):
        equal(self.client.end(), 0, "exit status of turnutils_uclient")
        equal({int(lost) for lost in LOST.findall(self.client.said)}, {0},
              "messages lost")
        sent, received = map(int, SENT.findall(self.client.said)[-1])
        equal((sent, received), (sent, sent), "messages sent and received")
        equal(sent >= MESSAGES, True, f"{sent} messages sent")


@case(variants=WHO)
def client_of_coturn_talks_through_the_kernel(relay):
    # A socket for each client; else they share one, which may have no peer.
    relay.serve("--ne=1")
    relay.connect()
    relay.expect_all_received()
    relay.expect_counted(MESSAGES)


@case(variants=((OPENSSL, KERNEL),))
def clients_that_share_a_socket_are_left_to_openssl(relay):
    relay.serve("--ne=3")
    relay.connect()
    relay.expect_all_received()
    relay.server.expect("left to OpenSSL: the socket isn't connected: it may "
                        "have many peers\n")
    relay.expect_left()


if __name__ == "__main__":
    main(Relay)
