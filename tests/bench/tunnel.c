// SPDX-License-Identifier: GPL-2.0
/*
 * Plain UDP and TCP through tunnels: workers of the kernel's, or processes,
 * encrypt and decrypt, so that sending and receiving can't be told apart.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "ovpn.h"
#include "program.h"

#define NETWORK  "198.51.100."
#define OVERHEAD 60 /* of WireGuard over IPv4, and more than ovpn's */
#define WAIT_US  20000000

/* Of WireGuard, the end @here of the tunnel, in its namespace. */
static int make_wireguard_end(const struct run *run, int here, int there)
{
	int err;

	if (link_enter(run->link, here))
		return -1;
	err = link_command("ip link add tunnel mtu %d type wireguard && "
			   "wg set tunnel listen-port 51820 private-key key%d "
			   "peer $(wg pubkey <key%d) allowed-ips " NETWORK
			   "0/24 "
			   "endpoint 192.0.2.%d:51820 && "
			   "ip address add " NETWORK "%d/24 dev tunnel && "
			   "ip link set tunnel up",
			   mtu_for(run->size) - OVERHEAD, here, there, there,
			   here);
	if (link_enter(run->link, LINK_NEAR))
		return -1;
	return err;
}

static int make_wireguard(struct run *run)
{
	if (link_command("modprobe -q wireguard")) {
		errno = EOPNOTSUPP;
		return -1;
	}
	errno = EIO;
	if (link_command("umask 077; for i in 1 2; do wg genkey >key$i; done"))
		return -1;
	if (make_wireguard_end(run, LINK_NEAR, LINK_FAR))
		return -1;
	return make_wireguard_end(run, LINK_FAR, LINK_NEAR);
}

/* Return: the end's own socket, or -1. */
static int make_ovpn_end(const struct run *run, int here, int there)
{
	int fd = -1;

	if (link_enter(run->link, here))
		return -1;
	if (!link_command("ip link add tunnel mtu %d type ovpn && "
			  "ip address add " NETWORK "%d/24 dev tunnel && "
			  "ip link set tunnel up",
			  mtu_for(run->size) - OVERHEAD, here))
		fd = ovpn_connect(here, there);
	if (link_enter(run->link, LINK_NEAR))
		return -1;
	return fd;
}

static int make_ovpn(struct run *run)
{
	int *fd = calloc(2, sizeof(*fd));

	run->state = fd;
	if (link_command("modprobe -q ovpn")) {
		errno = EOPNOTSUPP;
		return -1;
	}
	errno = EIO;
	fd[0] = make_ovpn_end(run, LINK_NEAR, LINK_FAR);
	fd[1] = make_ovpn_end(run, LINK_FAR, LINK_NEAR);
	return fd[0] < 0 || fd[1] < 0 ? -1 : 0;
}

static int open_stream(struct run *run)
{
	struct sockaddr_storage addr;
	socklen_t len = pair_address(NETWORK, LINK_FAR, &addr);

	if (stream_pair(run, &addr, len))
		return -1;
	return limit_wait(run->fd[1], WAIT_US);
}

static int setup_wireguard(struct run *run)
{
	return make_wireguard(run) ? -1 : pair_open_at(run, NETWORK);
}

static int setup_wireguard_stream(struct run *run)
{
	return make_wireguard(run) ? -1 : open_stream(run);
}

static int setup_ovpn(struct run *run)
{
	return make_ovpn(run) ? -1 : pair_open_at(run, NETWORK);
}

static int setup_ovpn_stream(struct run *run)
{
	return make_ovpn(run) ? -1 : open_stream(run);
}

static int setup_kernel(struct run *run)
{
	return program_join(run, "kernel") ? -1 : pair_open_at(run, NETWORK);
}

static int setup_kernel_stream(struct run *run)
{
	return program_join(run, "kernel") ? -1 : open_stream(run);
}

static int setup_userspace(struct run *run)
{
	return program_join(run, "userspace") ? -1 : pair_open_at(run, NETWORK);
}

static int setup_userspace_stream(struct run *run)
{
	return program_join(run, "userspace") ? -1 : open_stream(run);
}

static int send_any(struct run *run)
{
	return run->batch > 1 ? run_send_gso(run) : run_send_each(run);
}

static int recv_any(struct run *run)
{
	return run->batch > 1 ? run_recv_gso(run) : run_recv_each(run);
}

static void teardown(struct run *run)
{
	pair_close(run);
	device_delete(run, "tunnel");
}

static void teardown_ovpn(struct run *run)
{
	int *fd = run->state;

	teardown(run);
	for (int i = 0; i < 2; i++)
		if (fd[i] > 0)
			close(fd[i]);
	free(fd);
}

static void teardown_program(struct run *run)
{
	pair_close(run);
	program_end(run);
}

/* Datagrams and a stream through the same one. */
#define TUNNEL(_name, _cipher, _setup, _teardown)                          \
	{                                                                  \
		.name = _name,                                             \
		.cipher = _cipher,                                         \
		.is_together = 1,                                          \
		.setup = _setup,                                           \
		.send = send_any,                                          \
		.recv = recv_any,                                          \
		.teardown = _teardown,                                     \
	},                                                                 \
	{                                                                  \
		.name = _name "-stream", .cipher = _cipher, .is_batch = 1, \
		.is_together = 1, .setup = _setup##_stream,                \
		.send = run_send_stream, .recv = run_recv_stream,          \
		.teardown = _teardown,                                     \
	}

const struct mode tunnel_modes[] = {
	TUNNEL("wireguard", "CHACHA20-POLY1305", setup_wireguard, teardown),
	TUNNEL("ovpn", "AES-128-GCM", setup_ovpn, teardown_ovpn),
	TUNNEL("tunnel", "AES-128-GCM", setup_kernel, teardown_program),
	TUNNEL("tunnel-user", "AES-128-GCM", setup_userspace, teardown_program),
	{},
};
