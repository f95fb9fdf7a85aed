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
		.name = "AES-128-GCM",
		.cipher_type = TLS_CIPHER_AES_GCM_128,
		.explicit_len = 8,
		.tag_len = KDTLS_TAG_LEN,
		PLACES(aes_gcm_128, salt),
	},
	{
		.name = "AES-256-GCM",
		.cipher_type = TLS_CIPHER_AES_GCM_256,
		.explicit_len = 8,
		.tag_len = KDTLS_TAG_LEN,
		PLACES(aes_gcm_256, salt),
	},
	{
		.name = "ChaCha20-Poly1305",
		.cipher_type = TLS_CIPHER_CHACHA20_POLY1305,
		.explicit_len = 0,
		.tag_len = KDTLS_TAG_LEN,
		PLACES(chacha20_poly1305, iv),
	},
	{
		.name = "AES-128-CCM",
		.cipher_type = TLS_CIPHER_AES_CCM_128,
		.explicit_len = 8,
		.tag_len = KDTLS_TAG_LEN,
		PLACES(aes_ccm_128, salt),
	},
	{
		.name = "AES-256-CCM",
		.cipher_type = DTLS_CIPHER_AES_CCM_256,
		.explicit_len = 8,
		.tag_len = KDTLS_TAG_LEN,
		PLACES(aes_ccm_256, salt),
	},
	{
		.name = "AES-128-CCM-8",
		.cipher_type = DTLS_CIPHER_AES_CCM_8_128,
		.explicit_len = 8,
		.tag_len = KDTLS_TAG_LEN_SHORT,
		PLACES(aes_ccm_8_128, salt),
	},
	{
		.name = "AES-256-CCM-8",
		.cipher_type = DTLS_CIPHER_AES_CCM_8_256,
		.explicit_len = 8,
		.tag_len = KDTLS_TAG_LEN_SHORT,
		PLACES(aes_ccm_8_256, salt),
	},
};

const struct kdtls_suite *kdtls_suite_find(uint16_t cipher_type)
{
	size_t i;

	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (suites[i].cipher_type == cipher_type)
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

bool kdtls_suite_is_for_streams(const struct kdtls_suite *suite)
{
	switch (suite->cipher_type) {
	case TLS_CIPHER_AES_GCM_128:
	case TLS_CIPHER_AES_GCM_256:
	case TLS_CIPHER_AES_CCM_128:
	case TLS_CIPHER_CHACHA20_POLY1305:
		return true;
	}
	return false;
}

/* In all of the structures the IV comes first; some have its salt elsewhere. */
void kdtls_suite_stream_info(const struct kdtls_suite *suite, uint16_t version,
			     const struct kdtls_key *key, uint64_t seq,
			     union kdtls_crypto_info *ci)
{
	size_t salt_len = suite->explicit_len ? suite->iv_len : 0;

	memset(ci, 0, sizeof(*ci));
	ci->info.version = version;
	ci->info.cipher_type = suite->cipher_type;
	memcpy(ci->bytes + suite->key_at, key->key, suite->key_len);
	memcpy(ci->bytes + suite->iv_at, key->iv, salt_len);
	memcpy(ci->bytes + sizeof(ci->info), key->iv + salt_len,
	       sizeof(key->iv) - salt_len);
	kdtls_put_be(ci->bytes + suite->rec_seq_at, seq, 8);
}

uint64_t kdtls_suite_stream_seq(const struct kdtls_suite *suite,
				const union kdtls_crypto_info *ci)
{
	return kdtls_get_be(ci->bytes + suite->rec_seq_at, 8);
}

void kdtls_keys_wipe(struct kdtls_keys *keys)
{
	explicit_bzero(keys, sizeof(*keys));
}
