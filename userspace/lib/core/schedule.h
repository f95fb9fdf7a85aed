/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The end of TLS 1.3's key schedule (RFC 8446, 7.1 to 7.3). */
#ifndef KDTLS_CORE_SCHEDULE_H
#define KDTLS_CORE_SCHEDULE_H

#include <stdbool.h>

#include "suite.h"

#define KDTLS_SECRET_MAX 48

/**
 * struct kdtls_secret - a traffic secret
 * @len: bytes, 32 or 48: also which hash, SHA-256 or SHA-384; 0: there's none
 * @bytes: the secret
 */
struct kdtls_secret {
	size_t len;
	uint8_t bytes[KDTLS_SECRET_MAX];
};

/* A TLS library's HKDF-Expand (RFC 5869, 2.3); false: it failed. */
typedef bool (*kdtls_expand)(const struct kdtls_secret *secret,
			     const uint8_t *info, size_t info_len, uint8_t *out,
			     size_t out_len);

/* A direction's key, of all of its IV. False: @expand failed. */
bool kdtls_schedule_key(kdtls_expand expand, const struct kdtls_suite *suite,
			const struct kdtls_secret *secret,
			struct kdtls_key *key);

/* The secret after a KeyUpdate. */
bool kdtls_schedule_next(kdtls_expand expand, const struct kdtls_secret *secret,
			 struct kdtls_secret *next);

#endif
