/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_BITS_H
#define _SHIM_LINUX_BITS_H

#include <linux/types.h>

#define BITS_PER_BYTE          8
#define BITS_PER_LONG          (8 * (int)sizeof(long))
#define BITS_PER_LONG_LONG     64
#define BIT(n)                 (1UL << (n))
#define BIT_ULL(n)             (1ULL << (n))
#define GENMASK_ULL(high, low) ((~0ULL << (low)) & (~0ULL >> (63 - (high))))

#endif /* _SHIM_LINUX_BITS_H */
