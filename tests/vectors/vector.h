/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TESTS_VECTOR_H
#define TESTS_VECTOR_H

#include <stddef.h>
#include <stdint.h>

/* A record that another implementation made: see README for the members. */
struct vector {
	unsigned int id;
	const char *aead;
	uint16_t epoch;
	uint64_t seq;
	uint8_t type;
	size_t tag_len;
	const char *key, *fixed_iv, *aad, *nonce, *explicit_nonce;
	const char *cid, *plaintext, *record;
	size_t key_len, fixed_iv_len, aad_len, nonce_len, explicit_nonce_len;
	size_t cid_len, inner_len, plaintext_len, record_len;
};

/* dtls12.json */
extern const struct vector vectors[];
extern const unsigned int vectors_count;

/* dtls12_cid.json */
extern const struct vector cid_vectors[];
extern const unsigned int cid_vectors_count;

#endif /* TESTS_VECTOR_H */
