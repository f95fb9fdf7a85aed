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

#include "core/received.h"
#include "keys.h"

enum kdtls_gate {
	/* datagrams pass */
	KDTLS_GATE_OPEN,
	/* nothing is read but what is fed; what is written stays here */
	KDTLS_GATE_HOLDS,
	/* nothing is read, and writing fails */
	KDTLS_GATE_SHUT,
};

/**
 * struct kdtls_tap - what the two BIOs of an SSL share
 * @ssl: the SSL that owns the BIOs, hence this
 * @users: BIOs that point here
 * @gate: what may pass
 * @starved: a read was turned away since the gate was closed
 * @received: what came in
 * @fed: what the next read gives although the gate is closed
 * @fed_len: bytes of it
 * @held: what OpenSSL wrote since the gate holds
 */
struct kdtls_tap {
	SSL *ssl;
	int users;
	enum kdtls_gate gate;
	bool starved;
	struct kdtls_received received;
	const uint8_t *fed;
	size_t fed_len;
	struct kdtls_buffer held;
};

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
