/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The AEADs that the kernel takes, one table row each, and their keys. */
#ifndef KDTLS_CORE_SUITE_H
#define KDTLS_CORE_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/dtls.h>

#define KDTLS_KEY_MAX 32
#define KDTLS_IV_LEN  12
#define KDTLS_TAG_LEN 16
/* Of the CCM_8 suites: a forgery succeeds once in 2^64 tries (RFC 6655). */
#define KDTLS_TAG_LEN_SHORT 8

/* The epoch of a connection's first keys; later ones are renegotiations. */
#define KDTLS_EPOCH 1

/*
 * One direction's part of the key block (RFC 5246, 6.3), or its key and IV
 * (RFC 8446, 7.3). Where TLS 1.2 has an explicit nonce on a stream, the IV's last
 * 8 bytes are that of the first record.
 */
struct kdtls_key {
	uint8_t key[KDTLS_KEY_MAX];
	uint8_t iv[KDTLS_IV_LEN];
};

/**
 * struct kdtls_suite - one AEAD
 * @name: name for people
 * @cipher_type: the kernel's TLS_CIPHER_*
 * @key_len: bytes of the write key
 * @iv_len: bytes of the write IV in the key block
 * @explicit_len: bytes of the nonce that a record carries
 * @tag_len: bytes of the tag
 * @info_len: size of the kernel's structure
 * @key_at: where in that the key goes
 * @iv_at: where the write IV goes
 * @rec_seq_at: where epoch and number go
 */
struct kdtls_suite {
	const char *name;
	uint16_t cipher_type;
	size_t key_len;
	size_t iv_len;
	size_t explicit_len;
	size_t tag_len;
	size_t info_len;
	size_t key_at;
	size_t iv_at;
	size_t rec_seq_at;
};

/* Both directions of an association. */
struct kdtls_keys {
	const struct kdtls_suite *suite;
	struct kdtls_key tx;
	struct kdtls_key rx;
};

union kdtls_crypto_info {
	struct tls_crypto_info info;
	struct tls12_crypto_info_aes_gcm_128 aes_gcm_128;
	struct tls12_crypto_info_aes_gcm_256 aes_gcm_256;
	struct tls12_crypto_info_chacha20_poly1305 chacha20_poly1305;
	struct tls12_crypto_info_aes_ccm_128 aes_ccm_128;
	struct dtls12_crypto_info_aes_ccm_256 aes_ccm_256;
	struct dtls12_crypto_info_aes_ccm_8_128 aes_ccm_8_128;
	struct dtls12_crypto_info_aes_ccm_8_256 aes_ccm_8_256;
	uint8_t bytes[64];
};

/* NULL: not one that the kernel takes. */
const struct kdtls_suite *kdtls_suite_find(uint16_t cipher_type);

/* What TLS_TX and TLS_RX take. The caller wipes it. */
void kdtls_suite_crypto_info(const struct kdtls_suite *suite,
			     const struct kdtls_key *key, uint16_t epoch,
			     uint64_t seq, union kdtls_crypto_info *ci);

/* One that the kernel takes on a stream: what linux/tls.h has. */
bool kdtls_suite_is_for_streams(const struct kdtls_suite *suite);

/* What TLS_TX and TLS_RX of a stream take. The caller wipes it. */
void kdtls_suite_stream_info(const struct kdtls_suite *suite, uint16_t version,
			     const struct kdtls_key *key, uint64_t seq,
			     union kdtls_crypto_info *ci);

/* The number in what the kernel gives of a stream. */
uint64_t kdtls_suite_stream_seq(const struct kdtls_suite *suite,
				const union kdtls_crypto_info *ci);

void kdtls_keys_wipe(struct kdtls_keys *keys);

#endif
