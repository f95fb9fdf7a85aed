// SPDX-License-Identifier: GPL-2.0
/* The kernel's TLS over TCP, the other socket with a record layer. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "bench.h"

/* Buffers for a whole round: neither end may wait for the other. */
static int tcp_socket(void)
{
	int fd = bed_socket(BED_IPV4, SOCK_STREAM, 0);
	int room = 8 << 20, on = 1;

	if (fd < 0 || bed_room(fd) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_TCP, TCP_NODELAY, &on, sizeof(on)))
		return -1;
	return fd;
}

static int tcp_listen(const struct link *link)
{
	struct sockaddr_storage addr;
	socklen_t len = link_address(BED_IPV4, LINK_FAR, 0, &addr);
	int fd;

	if (link_enter(link, LINK_FAR))
		return -1;
	fd = tcp_socket();
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) ||
	    listen(fd, 1) || link_enter(link, LINK_NEAR))
		return -1;
	return fd;
}

static int tcp_pair(struct run *run)
{
	int listener = tcp_listen(run->link);

	run->fd[0] = tcp_socket();
	if (listener < 0 || run->fd[0] < 0 || bed_connect(run->fd[0], listener))
		return -1;
	run->fd[1] = accept(listener, NULL, NULL);
	close(listener);
	return run->fd[1] < 0 ? -1 : 0;
}

static int install_key(int fd, int direction, const struct cipher *cipher)
{
	union crypto_info ci;
	struct secret secret;
	size_t len;

	secret_make(&secret, cipher, 1);
	len = dtls_crypto_info(&ci, &secret, 0, 0);
	ci.info.version = TLS_1_2_VERSION;
	if (setsockopt(fd, SOL_TCP, TCP_ULP, "tls", sizeof("tls")))
		return -1;
	return setsockopt(fd, SOL_TLS, direction, &ci, (socklen_t)len);
}

static int setup(struct run *run)
{
	if (tcp_pair(run) || install_key(run->fd[0], TLS_TX, run->cipher))
		return -1;
	return install_key(run->fd[1], TLS_RX, run->cipher);
}

/* As much as there is by a call: records are as long as TLS makes them. */
static int send_large(struct run *run)
{
	return send_each(run->fd[0], run->tx, run->size * run->batch, 1);
}

static int recv_large(struct run *run)
{
	size_t got = 0, len = run->size * run->batch;

	while (got < len) {
		ssize_t n = recv(run->fd[1], run->rx + got, len - got, 0);

		if (n <= 0)
			return -1;
		got += (size_t)n;
	}
	return 0;
}

const struct mode ktls_modes[] = {
	{
		.name = "ktls",
		.setup = setup,
		.send = run_send_each,
		.recv = run_recv_each,
		.teardown = pair_close,
	},
	{
		.name = "ktls-large",
		.is_batch = 1,
		.setup = setup,
		.send = send_large,
		.recv = recv_large,
		.teardown = pair_close,
	},
	{},
};
