/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Who makes and opens a connection's records: the kernel, or OpenSSL. */
#ifndef KDTLS_TOOL_CARRIER_H
#define KDTLS_TOOL_CARRIER_H

#include <sys/types.h>

#include "peer.h"

/**
 * struct carrier - one way
 * @name: its name
 * @begin: after the handshake
 * @send: a record; 0, -EAGAIN or another -errno
 * @receive: one of application data, without waiting: its length; -EAGAIN;
 *	-ESHUTDOWN: the server has ended it; or another -errno
 * @end: says goodbye
 */
struct carrier {
	const char *name;
	void (*begin)(struct peer *peer, const struct peer_options *opt);
	int (*send)(struct peer *peer, const void *buf, size_t len);
	ssize_t (*receive)(struct peer *peer, void *buf, size_t size);
	void (*end)(struct peer *peer);
};

extern const struct carrier carrier_kernel, carrier_userspace;

#endif
