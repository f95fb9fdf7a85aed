// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <string.h>

#include "bytes.h"
#include "stream_record.h"

/* In TLS 1.3 no nonce is sent (RFC 8446, 5.3). */
static size_t explicit_len(const struct kdtls_aead *aead, uint16_t version)
{
	return version == TLS_1_3_VERSION ? 0 : aead->suite->explicit_len;
}

static void nonce_build(const struct kdtls_aead *aead, size_t explicit,
			uint64_t seq, const uint8_t *fragment, uint8_t *nonce)
{
	uint8_t number[8];
	size_t i;

	memcpy(nonce, aead->iv, KDTLS_IV_LEN);
	if (explicit) {
		memcpy(nonce + KDTLS_IV_LEN - explicit, fragment, explicit);
		return;
	}
	kdtls_put_be(number, seq, sizeof(number));
	for (i = 0; i < sizeof(number); i++)
		nonce[KDTLS_IV_LEN - sizeof(number) + i] ^= number[i];
}

/* RFC 5246, 6.2.3.3; RFC 8446, 5.2: the header as it is. */
static size_t aad_build(uint16_t version, uint64_t seq, const uint8_t *header,
			size_t content_len, uint8_t *aad)
{
	if (version == TLS_1_3_VERSION) {
		memcpy(aad, header, KDTLS_STREAM_HEADER);
		return KDTLS_STREAM_HEADER;
	}
	kdtls_put_be(aad, seq, 8);
	memcpy(aad + 8, header, 3);
	kdtls_put_be(aad + 11, content_len, 2);
	return KDTLS_AAD_LEN;
}

/* The content's type is its last byte that isn't zero (RFC 8446, 5.4). */
static bool strip_padding(struct kdtls_stream_content *content)
{
	while (content->len && !content->bytes[content->len - 1])
		content->len--;
	if (!content->len)
		return false;
	content->type = content->bytes[--content->len];
	return true;
}

bool kdtls_stream_record_open(const struct kdtls_aead *aead, uint16_t version,
			      uint64_t seq, uint8_t *bytes, size_t len,
			      struct kdtls_stream_content *content)
{
	size_t explicit = explicit_len(aead, version);
	size_t overhead = KDTLS_STREAM_HEADER + explicit + aead->suite->tag_len;
	uint8_t *fragment = bytes + KDTLS_STREAM_HEADER;
	uint8_t nonce[KDTLS_IV_LEN], aad[KDTLS_AAD_LEN];
	size_t aad_len;

	if (len < overhead)
		return false;
	content->type = bytes[0];
	content->bytes = fragment + explicit;
	content->len = len - overhead;
	nonce_build(aead, explicit, seq, fragment, nonce);
	aad_len = aad_build(version, seq, bytes, content->len, aad);
	return aead->ops->open(aead->cipher, nonce, aad, aad_len,
			       fragment + explicit, content->len) &&
	       (version != TLS_1_3_VERSION || strip_padding(content));
}
