// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/socket.h>

#include "relay.h"

#define HEADER 13

static int bound_socket(int family)
{
	struct sockaddr_in6 addr = {
		.sin6_family = family,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct sockaddr_in *v4 = (void *)&addr;
	socklen_t len = sizeof(addr);
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (family == AF_INET) {
		len = sizeof(*v4);
		*v4 = (struct sockaddr_in) {
			.sin_family = family,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
	}
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len))
		err(1, "socket");
	return fd;
}

static void connect_to(int fd, int other)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (getsockname(other, (struct sockaddr *)&addr, &len) ||
	    connect(fd, (struct sockaddr *)&addr, len))
		err(1, "connect");
}

void relay_open(struct relay *r, int family)
{
	int i;

	memset(r, 0, sizeof(*r));
	r->last = &r->first;
	for (i = 0; i < ENDS; i++) {
		r->near[i] = bound_socket(family);
		r->ends[i] = bound_socket(family);
		connect_to(r->near[i], r->ends[i]);
		connect_to(r->ends[i], r->near[i]);
	}
}

int relay_move(struct relay *r, int end)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int fd;

	if (getsockname(r->near[end], (struct sockaddr *)&addr, &len))
		err(1, "getsockname");
	fd = bound_socket(addr.ss_family);
	connect_to(fd, r->near[end]);
	connect_to(r->near[end], fd);
	r->ends[end] = fd;
	return fd;
}

void relay_close(struct relay *r)
{
	struct sent *d;
	int i;

	for (i = 0; i < ENDS; i++)
		close(r->near[i]);
	while ((d = r->first)) {
		r->first = d->next;
		free(d);
	}
}

static struct sent *keep(struct relay *r, int from, const uint8_t *bytes,
			 size_t len)
{
	struct sent *d = malloc(sizeof(*d) + len);

	if (!d)
		err(1, "malloc");
	*d = (struct sent) { .from = from, .len = len };
	memcpy(d->bytes, bytes, len);
	*r->last = d;
	r->last = &d->next;
	return d;
}

void relay_replay(const struct relay *r, const struct sent *d)
{
	send(r->near[!d->from], d->bytes, d->len, 0);
}

void relay_carry(struct relay *r)
{
	uint8_t bytes[65536];
	struct sent *d;
	ssize_t n;
	int i;

	for (i = 0; i < ENDS; i++)
		while ((n = recv(r->near[i], bytes, sizeof(bytes), 0)) >= 0) {
			d = keep(r, i, bytes, n);
			if (!r->loses || !r->loses(r->arg, d))
				relay_replay(r, d);
		}
}

static size_t be(const uint8_t *p, int len)
{
	size_t v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

static size_t record_len(const uint8_t *p, size_t left)
{
	size_t len = left < HEADER ? left : HEADER + be(p + 11, 2);

	return len < left ? len : left;
}

bool sent_has(const struct sent *d, uint8_t type, uint16_t epoch)
{
	size_t at, len;

	for (at = 0; at < d->len; at += len) {
		len = record_len(d->bytes + at, d->len - at);
		if (d->bytes[at] == type && be(d->bytes + at + 3, 2) == epoch)
			return true;
	}
	return false;
}

/**
 * struct used - a protected record
 * @from: its direction
 * @bytes: all of it
 * @len: how many
 */
struct used {
	int from;
	const uint8_t *bytes;
	size_t len;
};

static bool is_reuse(const struct used *a, const struct used *b)
{
	if (a->from != b->from ||
	    (a->len == b->len && !memcmp(a->bytes, b->bytes, a->len)))
		return false;
	return !memcmp(a->bytes + 3, b->bytes + 3, 8) ||
	       !memcmp(a->bytes + HEADER, b->bytes + HEADER, 8);
}

bool relay_saw_reuse(const struct relay *r)
{
	static struct used all[4096];
	const struct sent *d;
	size_t count = 0, at, len, i;
	bool reused = false;

	for (d = r->first; d; d = d->next)
		for (at = 0; at < d->len; at += len) {
			len = record_len(d->bytes + at, d->len - at);
			if (!be(d->bytes + at + 3, 2))
				continue;
			if (count == sizeof(all) / sizeof(all[0]))
				errx(1, "too many records to compare");
			all[count++] = (struct used) {
				.from = d->from,
				.bytes = d->bytes + at,
				.len = len,
			};
			for (i = 0; i + 1 < count; i++)
				reused |= is_reuse(&all[i], &all[count - 1]);
		}
	return reused;
}
