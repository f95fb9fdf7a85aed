// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <string.h>

#include "bytes.h"
#include "suite.h"

#define STRUCT(member) __typeof__(((union kdtls_crypto_info *)0)->member)
#define PLACES(member, iv_member)                                           \
	.info_len = sizeof(STRUCT(member)),                                 \
	.key_len = sizeof(((union kdtls_crypto_info *)0)->member.key),      \
	.key_at = offsetof(STRUCT(member), key),                            \
	.iv_len = sizeof(((union kdtls_crypto_info *)0)->member.iv_member), \
	.iv_at = offsetof(STRUCT(member), iv_member),                       \
	.rec_seq_at = offsetof(STRUCT(member), rec_seq)

static const struct kdtls_suite suites[] = {
	{
		.nid = NID_aes_128_gcm,
		.name = "AES-128-GCM",
		.cipher_type = TLS_CIPHER_AES_GCM_128,
		.explicit_len = 8,
		.tag_len = KDTLS_TAG_LEN,
		PLACES(aes_gcm_128, salt),
	},
	{
		.nid = NID_aes_256_gcm,
		.name = "AES-256-GCM",
		.cipher_type = TLS_CIPHER_AES_GCM_256,
		.explicit_len = 8,
		.tag_len = KDTLS_TAG_LEN,
		PLACES(aes_gcm_256, salt),
	},
	{
		.nid = NID_chacha20_poly1305,
		.name = "ChaCha20-Poly1305",
		.cipher_type = TLS_CIPHER_CHACHA20_POLY1305,
		.explicit_len = 0,
		.tag_len = KDTLS_TAG_LEN,
		PLACES(chacha20_poly1305, iv),
	},
	{
		.nid = NID_aes_128_ccm,
		.name = "AES-128-CCM",
		.cipher_type = TLS_CIPHER_AES_CCM_128,
		.explicit_len = 8,
		.tag_len = KDTLS_TAG_LEN,
		PLACES(aes_ccm_128, salt),
	},
	{
		.nid = NID_aes_256_ccm,
		.name = "AES-256-CCM",
		.cipher_type = DTLS_CIPHER_AES_CCM_256,
		.explicit_len = 8,
		.tag_len = KDTLS_TAG_LEN,
		PLACES(aes_ccm_256, salt),
	},
	{
		.nid = NID_aes_128_ccm,
		.name = "AES-128-CCM-8",
		.cipher_type = DTLS_CIPHER_AES_CCM_8_128,
		.explicit_len = 8,
		.tag_len = KDTLS_TAG_LEN_SHORT,
		PLACES(aes_ccm_8_128, salt),
	},
	{
		.nid = NID_aes_256_ccm,
		.name = "AES-256-CCM-8",
		.cipher_type = DTLS_CIPHER_AES_CCM_8_256,
		.explicit_len = 8,
		.tag_len = KDTLS_TAG_LEN_SHORT,
		PLACES(aes_ccm_8_256, salt),
	},
};

/* OpenSSL has one number for CCM whatever the tag: the suite decides. */
static size_t tag_len_of(const SSL_CIPHER *cipher)
{
	switch (SSL_CIPHER_get_protocol_id(cipher)) {
	case 0xC0A0 ... 0xC0A3: /* RSA, DHE-RSA (RFC 6655, 3) */
	case 0xC0A8 ... 0xC0AB: /* PSK, DHE-PSK (RFC 6655, 4) */
	case 0xC0AE ... 0xC0AF: /* ECDHE-ECDSA (RFC 7251, 2) */
		return KDTLS_TAG_LEN_SHORT;
	}
	return KDTLS_TAG_LEN;
}

const struct kdtls_suite *kdtls_suite_find(const SSL_CIPHER *cipher)
{
	int nid = SSL_CIPHER_get_cipher_nid(cipher);
	size_t tag_len = tag_len_of(cipher);
	size_t i;

	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (suites[i].nid == nid && suites[i].tag_len == tag_len)
			return &suites[i];
	return NULL;
}

void kdtls_suite_crypto_info(const struct kdtls_suite *suite,
			     const struct kdtls_key *key, uint16_t epoch,
			     uint64_t seq, union kdtls_crypto_info *ci)
{
	memset(ci, 0, sizeof(*ci));
	ci->info.version = DTLS_1_2_VERSION;
	ci->info.cipher_type = suite->cipher_type;
	memcpy(ci->bytes + suite->key_at, key->key, suite->key_len);
	memcpy(ci->bytes + suite->iv_at, key->iv, suite->iv_len);
	kdtls_put_be(ci->bytes + suite->rec_seq_at, (uint64_t)epoch << 48 | seq,
		     8);
}
