/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What another process needs to go on with an association, as bytes. */
#ifndef KDTLS_CORE_BLOB_H
#define KDTLS_CORE_BLOB_H

#include <stddef.h>
#include <stdint.h>
#include <linux/dtls.h>

#include "flight.h"
#include "suite.h"

/**
 * struct kdtls_blob - all of it; holds keys: to be wiped
 * @cipher_type: the AEAD
 * @payload_max: content that the peer takes in a record, bytes
 * @params: of the socket
 * @limits: how much the keys may still be used
 * @cid: connection IDs
 * @tx: the sending key
 * @rx: the receiving key
 * @tx_next: first number that wasn't used for sending
 * @window: what was received
 * @flight_ms: how long somebody waits for the last flight yet; 0: no flight
 * @flight: that; its buffer is the caller's, or points into the bytes read
 */
struct kdtls_blob {
	uint16_t cipher_type;
	uint32_t payload_max;
	struct dtls_params params;
	struct dtls_limits limits;
	struct dtls_cid cid;
	struct kdtls_key tx;
	struct kdtls_key rx;
	uint64_t tx_next;
	struct dtls_window window;
	uint32_t flight_ms;
	struct kdtls_flight flight;
};

/* How many bytes it makes. */
size_t kdtls_blob_len(struct kdtls_blob *blob);

/* Writes as many. */
void kdtls_blob_write(struct kdtls_blob *blob, uint8_t *bytes);

/* 0; -EINVAL: that's none; -EPROTONOSUPPORT: of another version; with a text. */
int kdtls_blob_read(struct kdtls_blob *blob, const uint8_t *bytes, size_t len);

void kdtls_blob_wipe(struct kdtls_blob *blob);

#endif
