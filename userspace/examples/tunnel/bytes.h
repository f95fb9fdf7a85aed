/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Numbers in network order, at any address. */
#ifndef TUNNEL_BYTES_H
#define TUNNEL_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t get_u16(const uint8_t *from)
{
	uint16_t n;

	memcpy(&n, from, sizeof(n));
	return be16toh(n);
}

static inline uint32_t get_u32(const uint8_t *from)
{
	uint32_t n;

	memcpy(&n, from, sizeof(n));
	return be32toh(n);
}

static inline void put_u16(uint8_t *to, uint16_t n)
{
	n = htobe16(n);
	memcpy(to, &n, sizeof(n));
}

static inline void put_u32(uint8_t *to, uint32_t n)
{
	n = htobe32(n);
	memcpy(to, &n, sizeof(n));
}

/* A checksum, which packet_fold() gives in network order already. */
static inline void put_sum(uint8_t *to, uint16_t sum)
{
	memcpy(to, &sum, sizeof(sum));
}

#endif
