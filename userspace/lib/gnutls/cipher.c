// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdlib.h>
#include <gnutls/crypto.h>

#include "core/error.h"
#include "cipher.h"

struct cipher {
	gnutls_aead_cipher_hd_t aead;
	size_t tag_len;
};

static const struct {
	uint16_t cipher_type;
	gnutls_cipher_algorithm_t gnutls;
} ciphers[] = {
	{ TLS_CIPHER_AES_GCM_128, GNUTLS_CIPHER_AES_128_GCM },
	{ TLS_CIPHER_AES_GCM_256, GNUTLS_CIPHER_AES_256_GCM },
	{ TLS_CIPHER_CHACHA20_POLY1305, GNUTLS_CIPHER_CHACHA20_POLY1305 },
	{ TLS_CIPHER_AES_CCM_128, GNUTLS_CIPHER_AES_128_CCM },
	{ DTLS_CIPHER_AES_CCM_256, GNUTLS_CIPHER_AES_256_CCM },
	{ DTLS_CIPHER_AES_CCM_8_128, GNUTLS_CIPHER_AES_128_CCM_8 },
	{ DTLS_CIPHER_AES_CCM_8_256, GNUTLS_CIPHER_AES_256_CCM_8 },
};

#define CIPHERS (sizeof(ciphers) / sizeof(ciphers[0]))

const struct kdtls_suite *kdtls_gnutls_suite_of(gnutls_cipher_algorithm_t cipher)
{
	size_t i;

	for (i = 0; i < CIPHERS; i++)
		if (ciphers[i].gnutls == cipher)
			return kdtls_suite_find(ciphers[i].cipher_type);
	return NULL;
}

static gnutls_cipher_algorithm_t algorithm_of(const struct kdtls_suite *suite)
{
	size_t i = 0;

	while (i < CIPHERS - 1 && ciphers[i].cipher_type != suite->cipher_type)
		i++;
	return ciphers[i].gnutls;
}

static void *create(const struct kdtls_suite *suite, const uint8_t *key,
		    bool sealing)
{
	gnutls_datum_t datum = { (void *)key, suite->key_len };
	struct cipher *c = calloc(1, sizeof(*c));
	int ret;

	(void)sealing;
	if (!c) {
		kdtls_error(ENOMEM, "no memory");
		return NULL;
	}
	c->tag_len = suite->tag_len;
	ret = gnutls_aead_cipher_init(&c->aead, algorithm_of(suite), &datum);
	if (ret < 0) {
		kdtls_error(EIO, "%s: GnuTLS: %s", suite->name,
			    gnutls_strerror(ret));
		free(c);
		return NULL;
	}
	return c;
}

static void destroy(void *cipher)
{
	struct cipher *c = cipher;

	gnutls_aead_cipher_deinit(c->aead);
	free(c);
}

static bool open_content(void *cipher, const uint8_t *nonce, const uint8_t *aad,
			 size_t aad_len, uint8_t *content, size_t content_len)
{
	const struct cipher *c = cipher;
	giovec_t auth = { (void *)aad, aad_len };
	giovec_t data = { content, content_len };

	return gnutls_aead_cipher_decryptv2(c->aead, nonce, KDTLS_IV_LEN, &auth,
					    1, &data, 1, content + content_len,
					    c->tag_len) >= 0;
}

const struct kdtls_cipher_ops kdtls_gnutls_ciphers = {
	.create = create,
	.destroy = destroy,
	.open = open_content,
};
