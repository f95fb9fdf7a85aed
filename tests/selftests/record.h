/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DTLS 1.2 records by another implementation than the kernel's: OpenSSL's
 * ciphers under a record layer of the tests' own.
 */
#ifndef SELFTESTS_RECORD_H
#define SELFTESTS_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RECORD_HEADER_LEN  13
#define RECORD_SEQ_MAX     ((1ULL << 48) - 1)
#define RECORD_CONTENT_MAX 16384
/* Room for any record that a test makes, the too long ones as well. */
#define RECORD_ROOM (RECORD_CONTENT_MAX + 2048 + RECORD_HEADER_LEN)

enum {
	RECORD_CCS = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_DATA = 23,
	RECORD_CID = 25, /* outside; the type proper is within */
};

#define RECORD_CID_MAX 255

/* What a cipher is called, and the lengths of its parts in bytes. */
struct cipher {
	const char *name; /* as the known-answer records call it */
	const char *evp;  /* as OpenSSL calls it */
	uint16_t type;    /* TLS_CIPHER_* or DTLS_CIPHER_* */
	size_t key_len, iv_len, explicit_len, tag_len;
	int is_ccm; /* OpenSSL wants all lengths before the rest */
};

/* One direction's secrets of one epoch, and its connection ID. */
struct secret {
	const struct cipher *cipher;
	uint8_t key[32];
	uint8_t iv[12]; /* the write IV: 4 or 12 bytes */
	size_t cid_len; /* 0: records of RFC 6347; else those of RFC 9146 */
	uint8_t cid[RECORD_CID_MAX];
};

/* The header of a record. */
struct record {
	uint8_t type; /* of the content */
	uint16_t version;
	uint16_t epoch;
	uint64_t seq;
	uint64_t explicit_nonce; /* unused where the cipher has none */
	size_t pad; /* zeros behind the content, with a connection ID */
};

const struct cipher *cipher_by_type(uint16_t type);
const struct cipher *cipher_by_name(const char *name);
size_t cipher_overhead(const struct cipher *cipher);
size_t secret_overhead(const struct secret *secret);
int cipher_has_short_tag(const struct cipher *cipher);
void secret_make(struct secret *secret, const struct cipher *cipher,
		 unsigned int seed);
void secret_set_cid(struct secret *secret, size_t len);
struct record record_make(uint8_t type, uint16_t epoch, uint64_t seq);
void record_put_header(uint8_t *wire, const struct record *record, size_t len);
size_t record_seal(const struct secret *secret, const struct record *record,
		   const void *content, size_t len, uint8_t *wire);
size_t record_seal_inner(const struct secret *secret,
			 const struct record *record, const void *inner,
			 size_t len, uint8_t *wire);
ssize_t record_open(const struct secret *secret, const uint8_t *wire,
		    size_t wire_len, struct record *record, uint8_t *content);

#endif /* SELFTESTS_RECORD_H */
