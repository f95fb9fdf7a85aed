// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdlib.h>
#include <openssl/evp.h>

#include "cipher.h"
#include "reason.h"

struct cipher {
	EVP_CIPHER *evp;
	EVP_CIPHER_CTX *ctx;
	size_t tag_len;
	bool ccm;
};

static const char *name_of(const struct kdtls_suite *suite)
{
	switch (suite->cipher_type) {
	case TLS_CIPHER_AES_GCM_128:
		return "AES-128-GCM";
	case TLS_CIPHER_AES_GCM_256:
		return "AES-256-GCM";
	case TLS_CIPHER_CHACHA20_POLY1305:
		return "ChaCha20-Poly1305";
	case TLS_CIPHER_AES_CCM_128:
	case DTLS_CIPHER_AES_CCM_8_128:
		return "AES-128-CCM";
	}
	return "AES-256-CCM";
}

/* CCM goes by the lengths of nonce and tag when it takes the key. */
static bool key_set(const struct cipher *c, const uint8_t *key, bool sealing)
{
	if (!EVP_CipherInit_ex(c->ctx, c->evp, NULL, NULL, NULL, sealing) ||
	    EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_IVLEN, KDTLS_IV_LEN,
				NULL) <= 0)
		return false;
	if (c->ccm && EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG,
					  c->tag_len, NULL) <= 0)
		return false;
	return EVP_CipherInit_ex(c->ctx, NULL, NULL, key, NULL, sealing);
}

static void destroy(void *cipher)
{
	struct cipher *c = cipher;

	EVP_CIPHER_CTX_free(c->ctx);
	EVP_CIPHER_free(c->evp);
	free(c);
}

static void *create(const struct kdtls_suite *suite, const uint8_t *key,
		    bool sealing)
{
	struct cipher *c = calloc(1, sizeof(*c));

	if (!c) {
		kdtls_error(ENOMEM, "no memory");
		return NULL;
	}
	c->tag_len = suite->tag_len;
	c->evp = EVP_CIPHER_fetch(NULL, name_of(suite), NULL);
	c->ctx = EVP_CIPHER_CTX_new();
	c->ccm = c->evp && EVP_CIPHER_get_mode(c->evp) == EVP_CIPH_CCM_MODE;
	if (!c->evp || !c->ctx || !key_set(c, key, sealing)) {
		kdtls_error_openssl(EIO, suite->name);
		destroy(c);
		return NULL;
	}
	return c;
}

/* CCM wants the length before all else. */
static bool begin(const struct cipher *c, const uint8_t *aad, size_t aad_len,
		  size_t content_len)
{
	int n;

	return (!c->ccm ||
		EVP_CipherUpdate(c->ctx, NULL, &n, NULL, content_len) > 0) &&
	       EVP_CipherUpdate(c->ctx, NULL, &n, aad, aad_len) > 0;
}

/* CCM has judged the tag when it's through with the content. */
static bool open_content(void *cipher, const uint8_t *nonce, const uint8_t *aad,
			 size_t aad_len, uint8_t *content, size_t content_len)
{
	const struct cipher *c = cipher;
	uint8_t *tag = content + content_len;
	int n;

	return EVP_CipherInit_ex(c->ctx, NULL, NULL, NULL, nonce, 0) > 0 &&
	       EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, c->tag_len,
				   tag) > 0 &&
	       begin(c, aad, aad_len, content_len) &&
	       EVP_CipherUpdate(c->ctx, content, &n, content, content_len) >
		       0 &&
	       (c->ccm || EVP_CipherFinal_ex(c->ctx, tag, &n) > 0);
}

static bool seal_content(void *cipher, const uint8_t *nonce, const uint8_t *aad,
			 size_t aad_len, uint8_t *content, size_t content_len)
{
	const struct cipher *c = cipher;
	uint8_t *tag = content + content_len;
	int n;

	return EVP_CipherInit_ex(c->ctx, NULL, NULL, NULL, nonce, 1) > 0 &&
	       begin(c, aad, aad_len, content_len) &&
	       EVP_CipherUpdate(c->ctx, content, &n, content, content_len) >
		       0 &&
	       EVP_CipherFinal_ex(c->ctx, tag, &n) > 0 &&
	       EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_GET_TAG, c->tag_len,
				   tag) > 0;
}

const struct kdtls_cipher_ops kdtls_openssl_ciphers = {
	.create = create,
	.destroy = destroy,
	.open = open_content,
	.seal = seal_content,
};
