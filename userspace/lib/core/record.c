// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "record.h"

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

int kdtls_aead_init(struct kdtls_aead *aead, const struct kdtls_cipher_ops *ops,
		    const struct kdtls_suite *suite,
		    const struct kdtls_key *key, bool sealing)
{
	aead->ops = ops;
	aead->suite = suite;
	aead->cipher = ops->create(suite, key->key, sealing);
	if (!aead->cipher)
		return -EIO;
	memcpy(aead->iv, key->iv, sizeof(aead->iv));
	return 0;
}

void kdtls_aead_wipe(struct kdtls_aead *aead)
{
	if (aead->cipher)
		aead->ops->destroy(aead->cipher);
	explicit_bzero(aead, sizeof(*aead));
}

/*
 * RFC 5288, 3, and RFC 6655, 3: salt, explicit part. RFC 7905, 2: IV XOR epoch
 * and number.
 */
static void nonce_build(const struct kdtls_aead *aead, const uint8_t *header,
			uint8_t *nonce)
{
	const struct kdtls_suite *suite = aead->suite;
	size_t i;

	memcpy(nonce, aead->iv, KDTLS_IV_LEN);
	if (suite->explicit_len) {
		memcpy(nonce + suite->iv_len, header + KDTLS_RECORD_HEADER,
		       suite->explicit_len);
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

bool kdtls_record_open(const struct kdtls_aead *aead,
		       struct kdtls_record *record, uint8_t **content,
		       size_t *content_len)
{
	const struct kdtls_suite *suite = aead->suite;
	size_t overhead = suite->explicit_len + suite->tag_len;
	size_t fragment_len = record->len - KDTLS_RECORD_HEADER;
	uint8_t nonce[KDTLS_IV_LEN], aad[KDTLS_AAD_LEN];

	if (fragment_len < overhead)
		return false;
	*content_len = fragment_len - overhead;
	*content = record->bytes + KDTLS_RECORD_HEADER + suite->explicit_len;
	nonce_build(aead, record->bytes, nonce);
	aad_build(record->bytes, *content_len, aad);
	return aead->ops->open(aead->cipher, nonce, aad, sizeof(aad), *content,
			       *content_len);
}

size_t kdtls_record_seal(const struct kdtls_aead *aead, uint8_t type,
			 uint64_t seq, const void *content, size_t len,
			 uint8_t *bytes)
{
	const struct kdtls_suite *suite = aead->suite;
	size_t fragment_len = suite->explicit_len + len + suite->tag_len;
	uint8_t *fragment = bytes + KDTLS_RECORD_HEADER;
	uint8_t nonce[KDTLS_IV_LEN], aad[KDTLS_AAD_LEN];

	bytes[0] = type;
	kdtls_put_be(bytes + 1, DTLS_1_2_VERSION, 2);
	kdtls_put_be(bytes + 3, (uint64_t)KDTLS_EPOCH << 48 | seq, 8);
	kdtls_put_be(bytes + 11, fragment_len, 2);
	memcpy(fragment, bytes + 3, suite->explicit_len);
	memcpy(fragment + suite->explicit_len, content, len);
	nonce_build(aead, bytes, nonce);
	aad_build(bytes, len, aad);
	if (!aead->ops->seal(aead->cipher, nonce, aad, sizeof(aad),
			     fragment + suite->explicit_len, len))
		return 0;
	return KDTLS_RECORD_HEADER + fragment_len;
}
