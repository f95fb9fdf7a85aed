/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_BUILD_BUG_H
#define _SHIM_LINUX_BUILD_BUG_H

/* As in the kernel, the message may be left out: C11's needs one. */
#define __static_assert(condition, text, ...) _Static_assert(condition, text)
#undef static_assert
#define static_assert(condition, ...) \
	__static_assert(condition, ##__VA_ARGS__, #condition)

#define BUILD_BUG_ON(condition) \
	_Static_assert(!(condition), "BUILD_BUG_ON: " #condition)

#endif /* _SHIM_LINUX_BUILD_BUG_H */
