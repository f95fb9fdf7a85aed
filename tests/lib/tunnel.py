# SPDX-License-Identifier: GPL-2.0
"""kdtls-tunnel between hosts of a routed network: its configuration, its
programs, and what goes through it."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import tempfile

from netns import readable
from pki import Authority
from programs import BUILT, Program
from routed import ANY, Routed

BINARY = os.path.join(BUILT, "kdtls-tunnel")
PORT = 4433
NAME = "vpn.example"
DEVICE = "kdtls0"
INSIDE = {socket.AF_INET: "10.9.0.1", socket.AF_INET6: "fd09::1"}
COUNTERS = "rx", "tx", "source", "malformed", "too big", "full"
# So that a test needn't wait for what takes minutes elsewhere.
SHORT = {"keepalive": 1, "dead-after": 4}
PSK = {"laptop": "000102030405060708090a0b0c0d0e0f",
       "phone": "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"}


def text_of(**sections):
    """A file: sections of options, each option one value or several."""
    lines = []
    for section, options in sections.items():
        lines.append(f"[{section}]")
        for name, values in options.items():
            for value in values if isinstance(values, list) else [values]:
                lines.append(f"{name} = {value}")
    return "\n".join(lines) + "\n"


class Tunnel(Program):
    """The program at one end."""

    def __init__(self, host, path, device=None):
        """@device: where there are others on @host: its own."""
        super().__init__(host, BINARY, "--config", path)
        self.host, self.device = host, device

    def status(self, field):
        """Of /proc/PID/status"""
        with open(f"/proc/{self.process.pid}/status",
                  encoding="ascii") as stream:
            return re.search(rf"^{field}:\s*(.*)$", stream.read(), re.M)[1]

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def socket(self, family, kind=socket.SOCK_DGRAM, protocol=0):
        """Whose packets go by this tunnel, even where there are others."""
        sock = self.host.socket(family, kind, protocol)
        if self.device:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                            self.device.encode())
        return sock

    def udp(self, family, port=0):
        """At its address inside."""
        sock = self.socket(family)
        sock.bind((self.inside[family], port))
        return sock

    def tell(self, number):
        self.process.send_signal(number)

    def counters(self, name=""):
        """Of what it says of @name, or of the only one, when it's asked."""
        self.read_all()
        self.tell(signal.SIGUSR1)
        while True:
            found = re.match(rf"{name}.* port \d+ rx (.*)$", self.line())
            if found:
                return dict(zip(COUNTERS, map(int, re.findall(r"\d+",
                                                              found[1]))))

    def read_all(self):
        """What it has said until now is done with."""
        out = self.process.stdout
        os.set_blocking(out.fileno(), False)
        while data := out.read(65536):
            self.said += data
        os.set_blocking(out.fileno(), True)
        self.read_to = len(self.said)

    def has_said(self, text):
        """Since it was asked, or waited for, the last time."""
        begin = self.read_to
        self.read_all()
        return text.encode() in self.said[begin:]

    def stop(self, number=signal.SIGTERM):
        """The exit status."""
        self.tell(number)
        return self.end()


class Server(Tunnel):
    """Ready when it's made."""

    def __init__(self, host, path):
        super().__init__(host, path)
        self.inside = INSIDE
        self.crypto = self.expect(f"device {DEVICE}, crypto in ")


class Client(Tunnel):
    """Connected when it's made."""

    def __init__(self, host, path):
        super().__init__(host, path)
        self.inside, self.mtu, self.crypto = {}, 0, ""
        self.connected()

    def connected(self):
        """Wait until it says so, and with what."""
        self.expect("connected to ")
        said = self.said[:self.read_to].decode().splitlines()[-1]
        line = re.match(r".*connected to (\S+) port (\d+): (.*), mtu (\d+), "
                        r"(\S+) (in .*)$", said)
        for address in line[3].split():
            bare = address.partition("/")[0]
            family = socket.AF_INET6 if ":" in bare else socket.AF_INET
            self.inside[family] = bare
        self.mtu, self.cipher, self.crypto = int(line[4]), line[5], line[6]

    def connected_again(self):
        """By a handshake of its own accord; with the same addresses, or it
        would have ended."""
        self.expect("new keys\n")


class Bed:
    """A network with a server's host and clients' hosts, keys, and programs;
    a context manager that leaves nothing."""

    def __init__(self, hosts=1):
        self.held = contextlib.ExitStack()
        self.net = Routed()
        self.count = hosts
        self.files = 0

    def __enter__(self):
        make_tun_known()
        self.folder = self.held.enter_context(
            tempfile.TemporaryDirectory())
        # Whom the program becomes reads a list of revoked ones.
        os.chmod(self.folder, 0o755)
        self.held.enter_context(self.net)
        self.server_host, *self.hosts = self.net.add(1 + self.count)
        self.ca = Authority(self.folder)
        self.ca.issue("server", [NAME, *self.server_host.address.values()])
        for name in "laptop", "phone":
            self.ca.issue(name)
        self.write("keys", "".join(f"{name} {key}\n"
                                   for name, key in PSK.items()))
        for name, key in PSK.items():
            self.write(f"{name}.psk", f"{name} {key}\n")
        return self

    def __exit__(self, *_):
        self.held.close()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(text)
        return path

    def config(self, **sections):
        """A new file's path."""
        self.files += 1
        return self.write(f"{self.files}.conf", text_of(**sections))

    def server_config(self, family, psk=False, server=None, hosts=None,
                      **common):
        """@server, @common: options beside those that it needs."""
        keys = ({"psk": "keys"} if psk else credentials("server"))
        at = ANY[family]
        return self.config(
            tunnel={**SHORT, **keys, **_options(common)},
            server={"listen": f"{bracketed(at)}:{PORT}",
                    "address": ["10.9.0.1/24", "fd09::1/64"],
                    **(server or {})},
            **{f"host {name}": {"address": addresses}
               for name, addresses in (hosts or {}).items()})

    def client_config(self, family, name="laptop", psk=False, client=None,
                      **common):
        keys = ({"psk": f"{name}.psk"} if psk else credentials(name))
        at = bracketed(self.server_host.address[family])
        named = {} if psk else {"server-name": NAME}
        return self.config(
            tunnel={**SHORT, **keys, **_options(common)},
            client={"server": f"{at}:{PORT}", **named, **(client or {})})

    def server(self, family=socket.AF_INET, **options):
        return Server(self.server_host, self.server_config(family, **options))

    def client(self, family=socket.AF_INET, host=None, **options):
        return Client(host or self.hosts[0],
                      self.client_config(family, **options))

    @contextlib.contextmanager
    def joined(self, family=socket.AF_INET, server=None, client=None,
               **options):
        """Both ends, connected; @server, @client: options of one of them."""
        with self.server(family, **options, **(server or {})) as one, \
                self.client(family, **options, **(client or {})) as other:
            yield one, other


def make_tun_known():
    """As udev does at a machine's start, which the guest hasn't got."""
    subprocess.run(["modprobe", "-q", "tun"], check=False)


def credentials(name):
    return {"cert": f"{name}.pem", "key": f"{name}.key", "ca": "ca.pem"}


def bracketed(address):
    return f"[{address}]" if ":" in address else address


def _options(words):
    """dead_after is dead-after there."""
    return {name.replace("_", "-"): value for name, value in words.items()}


def drained(sock):
    """All datagrams that wait there."""
    found = []
    with contextlib.suppress(BlockingIOError):
        while True:
            found.append(sock.recv(65536, socket.MSG_DONTWAIT))
    return found


def received(sock, what="a datagram"):
    readable(sock, what)
    return sock.recv(65536)
