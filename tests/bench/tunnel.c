// SPDX-License-Identifier: GPL-2.0
/*
 * Plain UDP through a tunnel of the kernel's: workers of its own encrypt and
 * decrypt, so that sending and receiving can't be told apart.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "ovpn.h"

#define NETWORK  "198.51.100."
#define OVERHEAD 60 /* of WireGuard over IPv4, and more than ovpn's */

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

static int open_end(const struct run *run, int host)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	char text[32] = NETWORK "1";
	int fd;

	text[strlen(NETWORK)] = (char)('0' + host);
	inet_pton(AF_INET, text, &addr.sin_addr);
	if (link_enter(run->link, host))
		return -1;
	fd = bed_socket(BED_IPV4, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    link_enter(run->link, LINK_NEAR))
		return -1;
	return fd;
}

static int open_ends(struct run *run)
{
	run->fd[0] = open_end(run, LINK_NEAR);
	run->fd[1] = open_end(run, LINK_FAR);
	if (run->fd[0] < 0 || run->fd[1] < 0 || pair_connect(run))
		return -1;
	return run->batch > 1 ? enable_gro(run->fd[1]) : 0;
}

static int setup_wireguard(struct run *run)
{
	return make_wireguard(run) ? -1 : open_ends(run);
}

static int setup_ovpn(struct run *run)
{
	return make_ovpn(run) ? -1 : open_ends(run);
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
	link_command("ip link del tunnel 2>/dev/null");
	if (!link_enter(run->link, LINK_FAR))
		link_command("ip link del tunnel 2>/dev/null");
	link_enter(run->link, LINK_NEAR);
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

const struct mode tunnel_modes[] = {
	{
		.name = "wireguard",
		.cipher = "CHACHA20-POLY1305",
		.is_together = 1,
		.setup = setup_wireguard,
		.send = send_any,
		.recv = recv_any,
		.teardown = teardown,
	},
	{
		.name = "ovpn",
		.cipher = "AES-128-GCM",
		.is_together = 1,
		.setup = setup_ovpn,
		.send = send_any,
		.recv = recv_any,
		.teardown = teardown_ovpn,
	},
	{},
};
