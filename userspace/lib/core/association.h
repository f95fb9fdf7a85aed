/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What is left in userspace of an association that was handed over. */
#ifndef KDTLS_CORE_ASSOCIATION_H
#define KDTLS_CORE_ASSOCIATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flight.h"
#include "suite.h"

struct kdtls_stream_state;
struct kdtls_transport;

/**
 * struct kdtls_early - a record that OpenSSL opened
 * @next: the one after it
 * @len: bytes of content
 * @type: content type
 * @used: bytes of it that were given out already, of a stream
 * @content: content
 */
struct kdtls_early {
	struct kdtls_early *next;
	size_t len;
	size_t used;
	uint8_t type;
	uint8_t content[];
};

/**
 * struct kdtls - one association
 * @transport: datagrams or a stream
 * @fd: the socket, the application's
 * @family: AF_INET or AF_INET6
 * @payload_max: content that a record may have, bytes
 * @suite: the AEAD
 * @keys: for kdtls_export(), if they're kept; no suite: they aren't
 * @early: records to be given out before the kernel's
 * @early_tail: where the next one is hung
 * @early_count: how many there are
 * @flight: the last flight of the handshake, if we sent it
 * @stream: of a stream what's its own; NULL: datagrams
 */
struct kdtls {
	const struct kdtls_transport *transport;
	int fd;
	int family;
	size_t payload_max;
	const struct kdtls_suite *suite;
	struct kdtls_keys keys;
	struct kdtls_early *early;
	struct kdtls_early **early_tail;
	size_t early_count;
	struct kdtls_flight flight;
	struct kdtls_stream_state *stream;
};

/* Of datagrams; NULL: no memory. */
struct kdtls *kdtls_association_new(int fd, int family);

/* The kernel has taken it: @flags: KDTLS_KEEP_KEYS or not. */
void kdtls_association_settle(struct kdtls *k, const struct kdtls_keys *keys,
			      unsigned int flags, size_t payload_max);

/* Adds a record. False: no memory, it's lost as datagrams are. */
bool kdtls_association_add(struct kdtls *k, uint8_t type, const void *content,
			   size_t len);

/* Drops the first. */
void kdtls_association_pop(struct kdtls *k);

#endif
