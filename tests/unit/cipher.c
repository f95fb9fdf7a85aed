// SPDX-License-Identifier: GPL-2.0
/* The table of ciphers against linux/tls.h and linux/dtls.h, nonces against others' records. */
#include <stdbool.h>
#include <string.h>

#include <linux/dtls.h>
#include <linux/tls.h>

#include "cipher.h"
#include "unit.h"
#include "vector.h"

#define HEADER_LEN 13

#define for_each_vector(vector) \
	for (vector = vectors; vector < vectors + vectors_count; vector++)

static const struct {
	const char *name;
	u16 type;
} names[] = {
	{ "AES-128-GCM", TLS_CIPHER_AES_GCM_128 },
	{ "AES-256-GCM", TLS_CIPHER_AES_GCM_256 },
	{ "CHACHA20-POLY1305", TLS_CIPHER_CHACHA20_POLY1305 },
	{ "AES-128-CCM", TLS_CIPHER_AES_CCM_128 },
	{ "AES-256-CCM", DTLS_CIPHER_AES_CCM_256 },
	{ "AES-128-CCM-8", DTLS_CIPHER_AES_CCM_8_128 },
	{ "AES-256-CCM-8", DTLS_CIPHER_AES_CCM_8_256 },
};

static const struct dtls_cipher *cipher_of(const struct vector *vector)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].name, vector->aead))
			return dtls_cipher_find(names[i].type);
	abort(); /* a vector of a cipher that the table lacks */
}

static void seven_ciphers_are_found(void)
{
	int found = 0;

	for (int type = 0; type <= 0xffff; type++) {
		const struct dtls_cipher *cipher = dtls_cipher_find((u16)type);

		found += cipher != NULL;
		CHECK(!cipher || cipher->type == type);
	}
	CHECK(found == 7);
}

static void B6_lengths_are_those_of_others_records(void)
{
	const struct vector *vector;

	for_each_vector(vector)
	{
		const struct dtls_cipher *cipher = cipher_of(vector);

		CHECK(cipher->key_len == vector->key_len);
		CHECK(cipher->fixed_iv_len == vector->fixed_iv_len);
		CHECK(cipher->explicit_len == vector->explicit_nonce_len);
		CHECK(cipher->tag_len == vector->tag_len);
		CHECK(cipher->key_len <= DTLS_CIPHER_KEY_MAX);
		CHECK(dtls_cipher_expansion(cipher) ==
		      vector->record_len - vector->plaintext_len - HEADER_LEN);
	}
	CHECK(vectors_count == 107);
}

static u64 number_of(const struct vector *vector)
{
	return (u64)vector->epoch << 48 | vector->seq;
}

static void B2_B5_B6_nonces_are_those_of_others(void)
{
	const struct vector *vector;

	for_each_vector(vector)
	{
		const struct dtls_cipher *cipher = cipher_of(vector);
		u8 fixed_iv[DTLS_CIPHER_NONCE_LEN] = {};
		u8 nonce[DTLS_CIPHER_NONCE_LEN];

		CHECK(vector->nonce_len == sizeof(nonce));
		memcpy(fixed_iv, vector->fixed_iv, vector->fixed_iv_len);
		dtls_cipher_put_nonce(cipher, nonce, fixed_iv,
				      (const u8 *)vector->record + HEADER_LEN,
				      number_of(vector));
		CHECK(!memcmp(nonce, vector->nonce, sizeof(nonce)));
	}
}

/* RFC 9325, 7.2.1: so GnuTLS makes them, and OpenSSL CCM's. */
static void B3_explicit_nonces_are_the_number(void)
{
	const struct vector *vector;
	int same = 0;

	for_each_vector(vector)
	{
		const struct dtls_cipher *cipher = cipher_of(vector);
		u8 fragment[8];

		memset(fragment, 0xaa, sizeof(fragment));
		dtls_cipher_put_explicit(cipher, fragment, number_of(vector));
		if (!cipher->explicit_len)
			CHECK(fragment[0] == 0xaa && fragment[7] == 0xaa);
		else
			same += !memcmp(fragment, vector->explicit_nonce, 8);
	}
	/* Six each of AES-128-GCM and AES-256-GCM, and all of the CCM. */
	CHECK(same == 12 + 50);
}

/* Where the kernel's copy of the structure has its parts. */
#define CHECK_INFO(cipher_type, info, iv)                                    \
	do {                                                                 \
		const struct dtls_cipher *_c;                                \
                                                                             \
		_c = dtls_cipher_find(cipher_type);                          \
		CHECK(_c->info_len == sizeof(struct info));                  \
		CHECK(_c->info_len <= DTLS_CIPHER_INFO_MAX);                 \
		CHECK(_c->key_offset == offsetof(struct info, key));         \
		CHECK(_c->key_len == sizeof(((struct info *)0)->key));       \
		CHECK(_c->fixed_iv_offset == offsetof(struct info, iv));     \
		CHECK(_c->fixed_iv_len == sizeof(((struct info *)0)->iv));   \
		CHECK(_c->rec_seq_offset == offsetof(struct info, rec_seq)); \
		CHECK(DTLS_CIPHER_REC_SEQ_LEN ==                             \
		      sizeof(((struct info *)0)->rec_seq));                  \
	} while (0)

static void parts_are_where_the_headers_have_them(void)
{
	CHECK_INFO(TLS_CIPHER_AES_GCM_128, tls12_crypto_info_aes_gcm_128, salt);
	CHECK_INFO(TLS_CIPHER_AES_GCM_256, tls12_crypto_info_aes_gcm_256, salt);
	CHECK_INFO(TLS_CIPHER_CHACHA20_POLY1305,
		   tls12_crypto_info_chacha20_poly1305, iv);
	CHECK_INFO(TLS_CIPHER_AES_CCM_128, tls12_crypto_info_aes_ccm_128, salt);
	CHECK_INFO(DTLS_CIPHER_AES_CCM_256, dtls12_crypto_info_aes_ccm_256,
		   salt);
	CHECK_INFO(DTLS_CIPHER_AES_CCM_8_128, dtls12_crypto_info_aes_ccm_8_128,
		   salt);
	CHECK_INFO(DTLS_CIPHER_AES_CCM_8_256, dtls12_crypto_info_aes_ccm_8_256,
		   salt);
}

/*
 * RFC 3610, 2.3: the first byte of a counter block is the length of the length
 * field, minus 1; that field and the nonce have 15 bytes together.
 */
static void B6_ccm_flags_are_what_the_nonce_leaves(void)
{
	const struct vector *vector;

	for_each_vector(vector)
	{
		const struct dtls_cipher *cipher = cipher_of(vector);

		if (strstr(vector->aead, "-CCM"))
			CHECK(cipher->ccm_flags == 15 - vector->nonce_len - 1);
		else
			CHECK(!cipher->ccm_flags);
	}
}

static void short_tags_are_those_of_8_bytes(void)
{
	const struct vector *vector;

	for_each_vector(vector)
		CHECK(dtls_cipher_has_short_tag(cipher_of(vector)) ==
		      (vector->tag_len == 8));
}

int main(void)
{
	RUN(seven_ciphers_are_found);
	RUN(B6_lengths_are_those_of_others_records);
	RUN(B2_B5_B6_nonces_are_those_of_others);
	RUN(B3_explicit_nonces_are_the_number);
	RUN(parts_are_where_the_headers_have_them);
	RUN(B6_ccm_flags_are_what_the_nonce_leaves);
	RUN(short_tags_are_those_of_8_bytes);
	DONE();
}
