/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Records of TLS 1.2 (RFC 5246, 6.2) and TLS 1.3 (RFC 8446, 5.2): opening them. */
#ifndef KDTLS_CORE_STREAM_RECORD_H
#define KDTLS_CORE_STREAM_RECORD_H

#include "record.h"

#define KDTLS_STREAM_HEADER     5
#define KDTLS_STREAM_RECORD_MAX (KDTLS_STREAM_HEADER + 16384 + 2048)

/**
 * struct kdtls_stream_content - what was in a record
 * @type: content type; in TLS 1.3 the protected one
 * @bytes: content, where the fragment was
 * @len: bytes of it
 */
struct kdtls_stream_content {
	uint8_t type;
	const uint8_t *bytes;
	size_t len;
};

/**
 * kdtls_stream_record_open() - decrypt a record in place
 * @aead: the key
 * @version: TLS_1_2_VERSION or TLS_1_3_VERSION
 * @seq: its number
 * @bytes: the record. Spoilt; to be wiped
 * @len: of all of it
 * @content: filled in
 *
 * Return: false: it doesn't authenticate.
 */
bool kdtls_stream_record_open(const struct kdtls_aead *aead, uint16_t version,
			      uint64_t seq, uint8_t *bytes, size_t len,
			      struct kdtls_stream_content *content);

#endif
