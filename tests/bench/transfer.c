// SPDX-License-Identifier: GPL-2.0
/* Datagrams of equal size through a socket: one by one, by array, by segments. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include "bench.h"
#include "../selftests/message.h"

/* A record in one piece, as datagrams without records are. */
int mtu_for(size_t size)
{
	return size > 1400 ? 65535 : 1500;
}

/* What's lost is an error, not a hang. */
#define WAIT_US 20000000

int limit_wait(int fd, long us)
{
	struct timeval limit = {
		.tv_sec = us / 1000000,
		.tv_usec = us % 1000000,
	};

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

int pair_open(struct run *run)
{
	if (link_pair(run->link, BED_IPV4, run->fd))
		return -1;
	return limit_wait(run->fd[1], WAIT_US);
}

/* Of the end @host in @network, the first three numbers: "192.0.2." */
socklen_t pair_address(const char *network, int host,
		       struct sockaddr_storage *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	char text[INET_ADDRSTRLEN];

	snprintf(text, sizeof(text), "%s%d", network, host);
	memset(addr, 0, sizeof(*addr));
	in->sin_family = AF_INET;
	inet_pton(AF_INET, text, &in->sin_addr);
	return sizeof(*in);
}

/* At these addresses. */
int pair_open_at(struct run *run, const char *network)
{
	struct sockaddr_storage addr;

	for (int i = 0; i < 2; i++) {
		int host = i ? LINK_FAR : LINK_NEAR;
		socklen_t len = pair_address(network, host, &addr);

		run->fd[i] = link_socket(run->link, BED_IPV4, host, &addr, len);
		if (run->fd[i] < 0)
			return -1;
	}
	if (bed_room(run->fd[1]) || limit_wait(run->fd[1], WAIT_US) ||
	    bed_connect(run->fd[0], run->fd[1]) ||
	    bed_connect(run->fd[1], run->fd[0]))
		return -1;
	return run->batch > 1 ? enable_gro(run->fd[1]) : 0;
}

void pair_close(struct run *run)
{
	for (int i = 0; i < 2; i++)
		if (run->fd[i] >= 0)
			close(run->fd[i]);
}

/* The one of this name at each end. */
void device_delete(const struct run *run, const char *name)
{
	link_command("ip link del %s 2>/dev/null", name);
	if (!link_enter(run->link, LINK_FAR))
		link_command("ip link del %s 2>/dev/null", name);
	link_enter(run->link, LINK_NEAR);
}

/* What came is what was to come: else it isn't worth its measure. */
static int all_came(ssize_t n, size_t len)
{
	if (n == (ssize_t)len)
		return 0;
	if (n >= 0)
		errno = EPROTO;
	return -1;
}

int send_each(int fd, const uint8_t *from, size_t size, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (all_came(send(fd, from + i * size, size, 0), size))
			return -1;
	return 0;
}

int recv_each(int fd, uint8_t *to, size_t size, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (all_came(recv(fd, to + i * size, size, 0), size))
			return -1;
	return 0;
}

static void describe(struct mmsghdr *messages, struct iovec *parts,
		     const uint8_t *data, size_t size, unsigned int count)
{
	memset(messages, 0, count * sizeof(*messages));
	for (unsigned int i = 0; i < count; i++) {
		parts[i].iov_base = (uint8_t *)data + i * size;
		parts[i].iov_len = size;
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
}

int send_mmsg(int fd, const uint8_t *from, size_t size, unsigned int count)
{
	struct mmsghdr messages[BATCH_MAX];
	struct iovec parts[BATCH_MAX];

	describe(messages, parts, from, size, count);
	return all_came(sendmmsg(fd, messages, count, 0), count);
}

int recv_mmsg(int fd, uint8_t *to, size_t size, unsigned int count)
{
	struct mmsghdr messages[BATCH_MAX];
	struct iovec parts[BATCH_MAX];

	describe(messages, parts, to, size, count);
	errno = EAGAIN;
	if (recvmmsg(fd, messages, count, 0, NULL) != (int)count)
		return -1;
	for (unsigned int i = 0; i < count; i++)
		if (all_came(messages[i].msg_len, size))
			return -1;
	return 0;
}

int enable_gro(int fd)
{
	int on = 1;

	return setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on));
}

int send_gso(int fd, const uint8_t *from, size_t size, unsigned int count)
{
	return all_came(segments_send(fd, from, size * count, (uint16_t)size, 0),
			size * count);
}

/* Return: the size of the segments in what was received; 0: it's one. */
static int segment_size(struct msghdr *msg)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	int size = 0;

	if (cmsg && cmsg->cmsg_level == SOL_UDP && cmsg->cmsg_type == UDP_GRO)
		memcpy(&size, CMSG_DATA(cmsg), sizeof(size));
	return size;
}

/* One call. Return: how many bytes came, whole datagrams of @size. */
static ssize_t recv_segments(int fd, uint8_t *to, size_t size, size_t room)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { to, room };
	struct msghdr msg = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &msg, 0);
	int segment;

	if (n < 0)
		return -1;
	segment = segment_size(&msg);
	if (all_came(segment ? segment : n, size) ||
	    all_came((ssize_t)(n % size), 0))
		return -1;
	return n;
}

int recv_gso(int fd, uint8_t *to, size_t size, unsigned int count)
{
	size_t got = 0;

	while (got < size * count) {
		ssize_t n =
			recv_segments(fd, to + got, size, size * count - got);

		if (n < 0)
			return -1;
		got += (size_t)n;
	}
	return 0;
}

int run_send_each(struct run *run)
{
	return send_each(run->fd[0], run->tx, run->size, run->batch);
}

int run_recv_each(struct run *run)
{
	return recv_each(run->fd[1], run->rx, run->size, run->batch);
}

int run_send_mmsg(struct run *run)
{
	return send_mmsg(run->fd[0], run->tx, run->size, run->batch);
}

int run_recv_mmsg(struct run *run)
{
	return recv_mmsg(run->fd[1], run->rx, run->size, run->batch);
}

int run_send_gso(struct run *run)
{
	return send_gso(run->fd[0], run->tx, run->size, run->batch);
}

int run_recv_gso(struct run *run)
{
	return recv_gso(run->fd[1], run->rx, run->size, run->batch);
}
