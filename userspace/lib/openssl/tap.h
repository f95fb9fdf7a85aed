/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The tap: filter BIOs in front of an SSL's own, and so the one place that all
 * it receives and sends passes.
 */
#ifndef KDTLS_OPENSSL_TAP_H
#define KDTLS_OPENSSL_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/ssl.h>

#include "core/flow.h"
#include "core/received.h"
#include "keys.h"
#include "secrets.h"

enum kdtls_gate {
	/* all passes */
	KDTLS_GATE_OPEN,
	/* all passes, but reading ends with a record, and doesn't wait */
	KDTLS_GATE_FINISHES,
	/* nothing is read but what is fed; what is written stays here */
	KDTLS_GATE_HOLDS,
	/* nothing is read, and writing fails */
	KDTLS_GATE_SHUT,
};

struct kdtls_tap;

/**
 * struct kdtls_tap_ops - datagrams or a stream
 * @read_limit: of @len bytes, how many may be read at once
 * @pass_in: how many of those read may go on to OpenSSL
 * @pass_out: @len bytes were written, of @size
 * @release: wipes and frees what's kept
 */
struct kdtls_tap_ops {
	size_t (*read_limit)(struct kdtls_tap *tap, size_t len);
	size_t (*pass_in)(struct kdtls_tap *tap, uint8_t *bytes, size_t len);
	void (*pass_out)(struct kdtls_tap *tap, const uint8_t *bytes,
			 size_t len, size_t size);
	void (*release)(struct kdtls_tap *tap);
};

extern const struct kdtls_tap_ops kdtls_tap_datagrams;
extern const struct kdtls_tap_ops kdtls_tap_stream;

/**
 * struct kdtls_course - what a stream's tap knows
 * @rx: the peer's bytes
 * @tx: ours
 * @is_stuck: OpenSSL has bytes of a record that it couldn't write
 * @secrets: of TLS 1.3
 */
struct kdtls_course {
	struct kdtls_flow rx;
	struct kdtls_flow tx;
	bool is_stuck;
	struct kdtls_secrets secrets;
};

/**
 * struct kdtls_tap - what the two BIOs of an SSL share
 * @ops: by what it's in front of
 * @ssl: the SSL that owns the BIOs, hence this
 * @users: BIOs that point here
 * @gate: what may pass
 * @starved: a read was turned away since the gate was closed
 * @received: what came in, by datagrams
 * @course: what came and went, by a stream
 * @fed: what the next read gives although the gate is closed
 * @fed_len: bytes of it
 * @held: what OpenSSL wrote since the gate holds
 */
struct kdtls_tap {
	const struct kdtls_tap_ops *ops;
	SSL *ssl;
	int users;
	enum kdtls_gate gate;
	bool starved;
	struct kdtls_received received;
	struct kdtls_course course;
	const uint8_t *fed;
	size_t fed_len;
	struct kdtls_buffer held;
};

/* Is there one in front of any of @ssl's BIOs? */
bool kdtls_tap_is_there(SSL *ssl);

/* The tap in front of both of @ssl's BIOs; NULL: there is none. */
struct kdtls_tap *kdtls_tap_find(SSL *ssl);

/* Puts one in front of @ssl's BIOs; NULL: no memory. */
struct kdtls_tap *kdtls_tap_insert(SSL *ssl);

/* Takes it away again, and frees it. */
void kdtls_tap_remove(struct kdtls_tap *tap);

void kdtls_tap_gate(struct kdtls_tap *tap, enum kdtls_gate gate);

/* While the gate holds: a datagram for the next read, which stays @bytes. */
void kdtls_tap_feed(struct kdtls_tap *tap, const uint8_t *bytes, size_t len);

#endif
