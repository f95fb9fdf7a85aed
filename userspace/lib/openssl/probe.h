/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Which numbers OpenSSL has received, found by asking it: a record sealed here
 * is refused if its number was seen.
 */
#ifndef KDTLS_OPENSSL_PROBE_H
#define KDTLS_OPENSSL_PROBE_H

#include "core/record.h"
#include "tap.h"

/**
 * struct kdtls_probe - a search that is under way
 * @tap: of an SSL that is drained; its gate holds
 * @sealer: the receiving key
 * @seq: the number to be asked for next
 * @fresh: how many right before it were accepted
 */
struct kdtls_probe {
	struct kdtls_tap *tap;
	struct kdtls_aead sealer;
	uint64_t seq;
	unsigned int fresh;
};

/**
 * kdtls_probe_begin() - go up to the first number that wasn't seen
 * @probe: to be ended with kdtls_probe_wipe() if this succeeds
 * @tap: see there. Numbers seen are marked in its window
 * @keys: of the connection
 *
 * OpenSSL then counts that number as seen, and nothing else has changed.
 *
 * Return: 0; -EOVERFLOW: there are too many; -EIO: OpenSSL failed. With a text.
 */
int kdtls_probe_begin(struct kdtls_probe *probe, struct kdtls_tap *tap,
		      const struct kdtls_keys *keys);

/**
 * kdtls_probe_finish() - find all others
 * @probe: begun
 *
 * OpenSSL isn't fit to receive afterwards: it has seen all of them.
 *
 * Return: as kdtls_probe_begin().
 */
int kdtls_probe_finish(struct kdtls_probe *probe);

void kdtls_probe_wipe(struct kdtls_probe *probe);

#endif
