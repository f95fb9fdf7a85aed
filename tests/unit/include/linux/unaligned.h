/* SPDX-License-Identifier: GPL-2.0 */
/* Byte by byte, so that the sanitizers see each access. */
#ifndef _SHIM_LINUX_UNALIGNED_H
#define _SHIM_LINUX_UNALIGNED_H

#include <linux/types.h>

static inline u64 shim_get_be(const u8 *p, unsigned int bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | *p++;
	return value;
}

static inline void shim_put_be(u64 value, u8 *p, unsigned int bytes)
{
	while (bytes--) {
		p[bytes] = (u8)value;
		value >>= 8;
	}
}

static inline u16 get_unaligned_be16(const void *p)
{
	return (u16)shim_get_be(p, 2);
}

static inline u32 get_unaligned_be24(const void *p)
{
	return (u32)shim_get_be(p, 3);
}

static inline u32 get_unaligned_be32(const void *p)
{
	return (u32)shim_get_be(p, 4);
}

static inline u64 get_unaligned_be48(const void *p)
{
	return shim_get_be(p, 6);
}

static inline u64 get_unaligned_be64(const void *p)
{
	return shim_get_be(p, 8);
}

static inline void put_unaligned_be16(u16 value, void *p)
{
	shim_put_be(value, p, 2);
}

static inline void put_unaligned_be24(u32 value, void *p)
{
	shim_put_be(value, p, 3);
}

static inline void put_unaligned_be32(u32 value, void *p)
{
	shim_put_be(value, p, 4);
}

static inline void put_unaligned_be48(u64 value, void *p)
{
	shim_put_be(value, p, 6);
}

static inline void put_unaligned_be64(u64 value, void *p)
{
	shim_put_be(value, p, 8);
}

#endif /* _SHIM_LINUX_UNALIGNED_H */
