/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* DTLS 1.2 records (RFC 6347, 4.1): finding them and opening them. */
#ifndef KDTLS_LIB_RECORD_H
#define KDTLS_LIB_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "suite.h"

#define KDTLS_RECORD_HEADER 13
#define KDTLS_RECORD_MAX    (KDTLS_RECORD_HEADER + 16384 + 2048)

/**
 * struct kdtls_record - a record in somebody's buffer
 * @bytes: its header; the fragment follows
 * @len: of both
 * @type: content type
 * @epoch: epoch
 * @seq: sequence number
 */
struct kdtls_record {
	uint8_t *bytes;
	size_t len;
	uint8_t type;
	uint16_t epoch;
	uint64_t seq;
};

/* Takes the record at *@at off; false: what's left up to @end is none. */
bool kdtls_record_next(uint8_t **at, const uint8_t *end,
		       struct kdtls_record *record);

/* struct kdtls_opener - one direction's key, ready to open records */
struct kdtls_opener;

/* NULL: OpenSSL failed; with a text. */
struct kdtls_opener *kdtls_opener_new(const struct kdtls_suite *suite,
				      const struct kdtls_key *key);
void kdtls_opener_free(struct kdtls_opener *opener);

/*
 * Decrypts in place: the fragment is spoilt, and if true is returned holds the
 * content. The caller wipes it either way. False: it doesn't authenticate.
 */
bool kdtls_opener_open(struct kdtls_opener *opener, struct kdtls_record *record);

#endif
