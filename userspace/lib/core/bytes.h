/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Big-endian integers of 1 to 8 bytes. */
#ifndef KDTLS_CORE_BYTES_H
#define KDTLS_CORE_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t kdtls_get_be(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

static inline void kdtls_put_be(uint8_t *p, uint64_t v, size_t len)
{
	while (len--) {
		p[len] = v;
		v >>= 8;
	}
}

#endif
