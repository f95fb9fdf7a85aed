// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include "bytes.h"
#include "error.h"
#include "record.h"

struct kdtls_opener {
	const struct kdtls_suite *suite;
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx;
	uint8_t iv[KDTLS_IV_LEN];
};

static bool is_ccm(const struct kdtls_opener *o)
{
	return EVP_CIPHER_get_mode(o->cipher) == EVP_CIPH_CCM_MODE;
}

bool kdtls_record_next(uint8_t **at, const uint8_t *end,
		       struct kdtls_record *record)
{
	uint8_t *p = *at;
	size_t left = end - p;
	size_t len;

	if (left < KDTLS_RECORD_HEADER)
		return false;
	len = KDTLS_RECORD_HEADER + kdtls_get_be(p + 11, 2);
	if (len > left)
		return false;
	record->bytes = p;
	record->len = len;
	record->type = p[0];
	record->epoch = kdtls_get_be(p + 3, 2);
	record->seq = kdtls_get_be(p + 5, 6);
	*at = p + len;
	return true;
}

/* CCM goes by the lengths of nonce and tag when it takes the key. */
static bool key_set(const struct kdtls_opener *o, const uint8_t *key)
{
	if (!EVP_DecryptInit_ex(o->ctx, o->cipher, NULL, NULL, NULL) ||
	    EVP_CIPHER_CTX_ctrl(o->ctx, EVP_CTRL_AEAD_SET_IVLEN, KDTLS_IV_LEN,
				NULL) <= 0)
		return false;
	if (is_ccm(o) && EVP_CIPHER_CTX_ctrl(o->ctx, EVP_CTRL_AEAD_SET_TAG,
					     o->suite->tag_len, NULL) <= 0)
		return false;
	return EVP_DecryptInit_ex(o->ctx, NULL, NULL, key, NULL);
}

struct kdtls_opener *kdtls_opener_new(const struct kdtls_suite *suite,
				      const struct kdtls_key *key)
{
	struct kdtls_opener *o = calloc(1, sizeof(*o));

	if (!o) {
		kdtls_error(ENOMEM, "no memory");
		return NULL;
	}
	o->suite = suite;
	memcpy(o->iv, key->iv, sizeof(o->iv));
	o->cipher = EVP_CIPHER_fetch(NULL, OBJ_nid2sn(suite->nid), NULL);
	o->ctx = EVP_CIPHER_CTX_new();
	if (!o->cipher || !o->ctx || !key_set(o, key->key)) {
		kdtls_error_openssl(EIO, suite->name);
		kdtls_opener_free(o);
		return NULL;
	}
	return o;
}

void kdtls_opener_free(struct kdtls_opener *opener)
{
	if (!opener)
		return;
	EVP_CIPHER_CTX_free(opener->ctx);
	EVP_CIPHER_free(opener->cipher);
	OPENSSL_cleanse(opener, sizeof(*opener));
	free(opener);
}

/*
 * RFC 5288, 3, and RFC 6655, 3: salt, explicit part. RFC 7905, 2: IV XOR epoch
 * and number.
 */
static void nonce_build(const struct kdtls_opener *o, const uint8_t *header,
			uint8_t *nonce)
{
	size_t i;

	memcpy(nonce, o->iv, KDTLS_IV_LEN);
	if (o->suite->explicit_len) {
		memcpy(nonce + o->suite->iv_len, header + KDTLS_RECORD_HEADER,
		       o->suite->explicit_len);
		return;
	}
	for (i = 0; i < 8; i++)
		nonce[4 + i] ^= header[3 + i];
}

/* RFC 5246, 6.2.3.3, with the epoch in front of the number. */
static void aad_build(const uint8_t *header, size_t content_len, uint8_t *aad)
{
	memcpy(aad, header + 3, 8);
	memcpy(aad + 8, header, 3);
	kdtls_put_be(aad + 11, content_len, 2);
}

bool kdtls_opener_open(struct kdtls_opener *o, struct kdtls_record *record)
{
	size_t overhead = o->suite->explicit_len + o->suite->tag_len;
	size_t fragment_len = record->len - KDTLS_RECORD_HEADER;
	uint8_t nonce[KDTLS_IV_LEN];
	uint8_t *content, *tag;
	size_t content_len;
	uint8_t aad[13];
	int n;

	if (fragment_len < overhead)
		return false;
	content_len = fragment_len - overhead;
	content = record->bytes + KDTLS_RECORD_HEADER + o->suite->explicit_len;
	tag = content + content_len;
	nonce_build(o, record->bytes, nonce);
	aad_build(record->bytes, content_len, aad);
	/* CCM wants the length before all else, and is done with the content. */
	return EVP_DecryptInit_ex(o->ctx, NULL, NULL, NULL, nonce) > 0 &&
	       EVP_CIPHER_CTX_ctrl(o->ctx, EVP_CTRL_AEAD_SET_TAG,
				   o->suite->tag_len, tag) > 0 &&
	       (!is_ccm(o) ||
		EVP_DecryptUpdate(o->ctx, NULL, &n, NULL, content_len) > 0) &&
	       EVP_DecryptUpdate(o->ctx, NULL, &n, aad, sizeof(aad)) > 0 &&
	       EVP_DecryptUpdate(o->ctx, content, &n, content, content_len) >
		       0 &&
	       (is_ccm(o) || EVP_DecryptFinal_ex(o->ctx, tag, &n) > 0);
}
