// SPDX-License-Identifier: GPL-2.0
/* Bytes through a TCP connection, as many by a call as there are. */
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

static int tcp_listen(const struct run *run,
		      const struct sockaddr_storage *addr, socklen_t len)
{
	int fd;

	if (link_enter(run->link, LINK_FAR))
		return -1;
	fd = tcp_socket();
	if (fd < 0 || bind(fd, (const struct sockaddr *)addr, len) ||
	    listen(fd, 1) || link_enter(run->link, LINK_NEAR))
		return -1;
	return fd;
}

/* From here to @addr, which is the far end's. */
int stream_pair(struct run *run, const struct sockaddr_storage *addr,
		socklen_t len)
{
	int listener = tcp_listen(run, addr, len);

	run->fd[0] = tcp_socket();
	if (listener < 0 || run->fd[0] < 0 || bed_connect(run->fd[0], listener))
		return -1;
	run->fd[1] = accept(listener, NULL, NULL);
	close(listener);
	return run->fd[1] < 0 ? -1 : 0;
}

int run_send_stream(struct run *run)
{
	return send_each(run->fd[0], run->tx, run->size * run->batch, 1);
}

int run_recv_stream(struct run *run)
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
