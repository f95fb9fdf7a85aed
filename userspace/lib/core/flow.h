/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * One direction of a TLS connection, as its bytes pass on their way between the
 * network and the TLS library: where in a record it is, how many protected ones
 * there were, and the last of them, which proves the count.
 */
#ifndef KDTLS_CORE_FLOW_H
#define KDTLS_CORE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "stream_record.h"

/**
 * struct kdtls_flow - zeroed it's at its beginning
 * @header: of the record that is passing
 * @header_len: bytes of it that have passed
 * @left: bytes of the record's fragment that are to come
 * @is_kept: that record goes into @last
 * @changes: ChangeCipherSpec records. The first is in clear; what follows it is
 *	protected in TLS 1.2. In TLS 1.3 it means nothing, and protected is what
 *	says that it's data (RFC 8446, 5 and 5.2)
 * @records: complete protected records. A second ClientHello of TLS 1.3 may be
 *	among them, hence there it's an upper bound only
 * @broken: these aren't TLS records, or there was no memory
 * @first: the first bytes of the first such record's fragment: its explicit
 *	nonce, if it has one
 * @last: the last such record
 */
struct kdtls_flow {
	uint8_t header[KDTLS_STREAM_HEADER];
	size_t header_len;
	size_t left;
	bool is_kept;
	unsigned int changes;
	uint64_t records;
	bool broken;
	uint8_t first[8];
	struct kdtls_buffer last;
};

/* Of @len bytes that may pass, how many do without reaching beyond a record. */
size_t kdtls_flow_limit(const struct kdtls_flow *flow, size_t len);

/* So many bytes pass. */
void kdtls_flow_pass(struct kdtls_flow *flow, const uint8_t *bytes, size_t len);

/* A record has begun and isn't complete. */
bool kdtls_flow_is_within(const struct kdtls_flow *flow);

/**
 * kdtls_flow_is_at() - did the last record have this number?
 * @flow: between two records
 * @opener: the key of the direction
 * @version: TLS_1_2_VERSION or TLS_1_3_VERSION
 * @seq: the number
 * @scratch: KDTLS_STREAM_RECORD_MAX bytes, to be wiped: holds the content
 * @content: filled in, if so
 */
bool kdtls_flow_is_at(const struct kdtls_flow *flow,
		      const struct kdtls_aead *opener, uint16_t version,
		      uint64_t seq, uint8_t *scratch,
		      struct kdtls_stream_content *content);

void kdtls_flow_free(struct kdtls_flow *flow);

#endif
