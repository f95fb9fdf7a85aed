// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include "kernel.h"
#include "netlink.h"
#include "sockets.h"

struct list {
	const struct wanted_sockets *wanted;
	struct diag_socket *sockets;
	size_t count;
	size_t room;
};

static struct diag_socket *list_next(struct list *list)
{
	struct diag_socket *more;
	size_t room = list->room ? 2 * list->room : 64;

	if (list->count < list->room)
		return &list->sockets[list->count];
	more = reallocarray(list->sockets, room, sizeof(*more));
	if (!more)
		return NULL;
	list->sockets = more;
	list->room = room;
	return &more[list->count];
}

static int add(void *data, const void *attributes, size_t len)
{
	struct list *list = data;
	struct diag_socket *next = list_next(list);
	int err;

	if (!next)
		return -ENOMEM;
	err = message_socket(next, attributes, len);
	if (err)
		return err;
	if (!list->wanted->port || list->wanted->port == next->local.port)
		list->count++;
	return 0;
}

static uint64_t cookie_number(const char *text)
{
	bool is_listed = !strncmp(text, "sk:", 3);
	bool is_hex = is_listed || !strncmp(text, "0x", 2);
	const char *digits = is_listed ? text + 3 : text;
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(digits, &end, is_hex ? 16 : 10);
	if (errno || !isxdigit((unsigned char)*digits) || *end)
		fail(ENDING_USAGE,
		     "--cookie %s: write it as kdtls ss has it, e.g. sk:1003",
		     text);
	return n;
}

static int dump(struct list *list)
{
	struct netlink nl;
	const char *text = list->wanted->cookie;
	uint64_t cookie = text ? cookie_number(text) : 0;
	int err;

	kernel_want_module();
	err = netlink_open(&nl);
	if (err == -ENOENT)
		fail(ENDING_NO_DTLS,
		     "the module that's loaded lists no sockets: load one of version " KDTLS_VERSION);
	if (err)
		return err;
	err = netlink_dump(&nl, DTLS_CMD_SOCKET_GET, DTLS_A_SOCKET_COOKIE,
			   &cookie, text ? sizeof(cookie) : 0, add, list);
	netlink_close(&nl);
	/* That one is gone, or not ours to see. */
	return text && err == -ENOENT ? 0 : err;
}

struct diag_socket *sockets_get(const struct wanted_sockets *wanted,
				size_t *count)
{
	struct list list = { .wanted = wanted };
	int err = dump(&list);

	if (err)
		fail(ending_of(-err), "the kernel doesn't list its sockets: %s",
		     strerror(-err));
	*count = list.count;
	return list.sockets;
}

void sockets_address(char text[SOCKET_ADDRESS_MAX], unsigned int family,
		     const struct socket_address *address)
{
	char host[INET6_ADDRSTRLEN];

	if (!inet_ntop(family, address->bytes, host, sizeof(host)))
		snprintf(host, sizeof(host), "?");
	snprintf(text, SOCKET_ADDRESS_MAX,
		 family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, address->port);
}
