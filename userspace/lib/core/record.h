/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* DTLS 1.2 records (RFC 6347, 4.1): finding, opening and sealing them. */
#ifndef KDTLS_CORE_RECORD_H
#define KDTLS_CORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "suite.h"

#define KDTLS_RECORD_HEADER 13
#define KDTLS_RECORD_MAX    (KDTLS_RECORD_HEADER + 16384 + 2048)
/* Of any suite: header, explicit nonce, tag. */
#define KDTLS_RECORD_OVERHEAD (KDTLS_RECORD_HEADER + 8 + KDTLS_TAG_LEN)
#define KDTLS_AAD_LEN         13

/* Content types (RFC 5246, 6.2.1). */
#define KDTLS_TYPE_CCS       20
#define KDTLS_TYPE_ALERT     21
#define KDTLS_TYPE_HANDSHAKE 22
#define KDTLS_TYPE_DATA      23

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

/**
 * struct kdtls_cipher_ops - the AEADs of a TLS library
 * @create: one key, for one of the two; NULL on failure, with a text
 * @destroy: wipes and frees it; NULL is none
 * @open: decrypts @content_len bytes in place, of which the tag follows;
 *	false: it doesn't authenticate
 * @seal: encrypts in place, puts the tag behind; false: the library failed.
 *	NULL where nothing is ever sealed
 */
struct kdtls_cipher_ops {
	void *(*create)(const struct kdtls_suite *suite, const uint8_t *key,
			bool sealing);
	void (*destroy)(void *cipher);
	bool (*open)(void *cipher, const uint8_t *nonce, const uint8_t *aad,
		     size_t aad_len, uint8_t *content, size_t content_len);
	bool (*seal)(void *cipher, const uint8_t *nonce, const uint8_t *aad,
		     size_t aad_len, uint8_t *content, size_t content_len);
};

/**
 * struct kdtls_aead - one direction's key, ready to open or to seal records
 * @ops: whose AEAD it is
 * @suite: which
 * @cipher: what @ops made; NULL: none
 * @iv: the write IV
 */
struct kdtls_aead {
	const struct kdtls_cipher_ops *ops;
	const struct kdtls_suite *suite;
	void *cipher;
	uint8_t iv[KDTLS_IV_LEN];
};

/* 0 or -EIO, with a text. */
int kdtls_aead_init(struct kdtls_aead *aead, const struct kdtls_cipher_ops *ops,
		    const struct kdtls_suite *suite,
		    const struct kdtls_key *key, bool sealing);
void kdtls_aead_wipe(struct kdtls_aead *aead);

/*
 * Decrypts in place: the fragment is spoilt, and if true is returned holds the
 * content, at *@content. The caller wipes it either way. False: it doesn't
 * authenticate.
 */
bool kdtls_record_open(const struct kdtls_aead *aead,
		       struct kdtls_record *record, uint8_t **content,
		       size_t *content_len);

/*
 * Makes a record of @len bytes of @content, at @bytes, which have room for
 * KDTLS_RECORD_OVERHEAD more: its length; 0: the library failed.
 */
size_t kdtls_record_seal(const struct kdtls_aead *aead, uint8_t type,
			 uint64_t seq, const void *content, size_t len,
			 uint8_t *bytes);

#endif
