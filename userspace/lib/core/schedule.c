// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <string.h>

#include "bytes.h"
#include "schedule.h"

#define PREFIX    "tls13 "
#define LABEL_MAX 24

/* HKDF-Expand-Label, without context. */
static bool expand_label(kdtls_expand expand, const struct kdtls_secret *secret,
			 const char *label, uint8_t *out, size_t out_len)
{
	uint8_t info[2 + 1 + LABEL_MAX + 1];
	size_t prefix_len = strlen(PREFIX), label_len = strlen(label);
	uint8_t *at = info;

	kdtls_put_be(at, out_len, 2);
	at[2] = prefix_len + label_len;
	at += 3;
	memcpy(at, PREFIX, prefix_len);
	at += prefix_len;
	memcpy(at, label, label_len);
	at += label_len;
	*at++ = 0;
	return expand(secret, info, at - info, out, out_len);
}

bool kdtls_schedule_key(kdtls_expand expand, const struct kdtls_suite *suite,
			const struct kdtls_secret *secret,
			struct kdtls_key *key)
{
	return expand_label(expand, secret, "key", key->key, suite->key_len) &&
	       expand_label(expand, secret, "iv", key->iv, sizeof(key->iv));
}

bool kdtls_schedule_next(kdtls_expand expand, const struct kdtls_secret *secret,
			 struct kdtls_secret *next)
{
	next->len = secret->len;
	return expand_label(expand, secret, "traffic upd", next->bytes,
			    next->len);
}
