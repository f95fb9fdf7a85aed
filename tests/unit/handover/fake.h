/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel that keeps what it's told, and refuses what it's asked to refuse. If
 * it has an end of a link, it sends and receives there with the keys it got.
 */
#ifndef TESTS_UNIT_HANDOVER_FAKE_H
#define TESTS_UNIT_HANDOVER_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/dtls.h>

#include "link.h"

/* The part of a key that a record needs. */
struct fake_key {
	bool set;
	const char *cipher;
	size_t tag_len;
	uint8_t key[32];
	uint8_t iv[12];
	uint16_t epoch;
	uint64_t seq;
};

/**
 * struct fake - what the library told it
 * @refuse: the option to be refused; 0: none
 * @error: with which errno
 * @times: how often
 * @calls: setsockopt() calls
 * @attached: DTLS_SO_ULP went in
 * @params: DTLS_PARAMS
 * @window: DTLS_RX_WINDOW
 * @window_len: its length
 * @tx: TLS_TX
 * @rx: TLS_RX
 * @cid: DTLS_CID
 * @limits: DTLS_LIMITS
 * @tx_records: of its own, since TLS_TX
 * @rx_failures: since TLS_RX
 * @frozen: bit TLS_TX, TLS_RX: that direction's state was taken for good
 * @detached: DTLS_DETACH_*; 0: not at all
 * @end: of a link; NULL: the real socket is asked
 * @got: numbers received since, in @rx's epoch
 * @records: opened, and not yet read
 */
struct fake {
	int refuse;
	int error;
	int times;
	int calls;
	bool attached;
	struct dtls_params params;
	struct dtls_window window;
	size_t window_len;
	struct fake_key tx;
	struct fake_key rx;
	struct dtls_cid cid;
	struct dtls_limits limits;
	uint64_t tx_records;
	uint64_t rx_failures;
	unsigned int frozen;
	unsigned int detached;
	struct end *end;
	bool got[NUMBERS];
	struct datagram *records;
};

extern struct fake fake;

/* From now on the library talks to it. */
void fake_install(void);

/* Has the number been received, here or before the hand-over? */
bool fake_has(uint64_t seq);

/* One protected record: its length. */
size_t fake_seal(const struct fake_key *key, uint64_t seq, uint8_t type,
		 const void *content, size_t len, uint8_t *record);
/* The content's length; -1: it doesn't authenticate. */
int fake_open(const struct fake_key *key, const uint8_t *record, size_t len,
	      uint8_t *content);

#endif
