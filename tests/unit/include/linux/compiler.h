/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_COMPILER_H
#define _SHIM_LINUX_COMPILER_H

#define likely(x)    __builtin_expect(!!(x), 1)
#define unlikely(x)  __builtin_expect(!!(x), 0)
#define __must_check __attribute__((__warn_unused_result__))
#define __pure       __attribute__((__pure__))
#define __packed     __attribute__((__packed__))
#define __aligned(x) __attribute__((__aligned__(x)))
#define fallthrough  __attribute__((__fallthrough__))

#endif /* _SHIM_LINUX_COMPILER_H */
