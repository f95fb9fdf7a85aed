/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_MINMAX_H
#define _SHIM_LINUX_MINMAX_H

/* As in the kernel, operands of different types are refused. */
#define min(a, b)                                  \
	({                                         \
		__typeof__(a) _min_a = (a);        \
		__typeof__(b) _min_b = (b);        \
		(void)(&_min_a == &_min_b);        \
		_min_a < _min_b ? _min_a : _min_b; \
	})
#define max(a, b)                                  \
	({                                         \
		__typeof__(a) _max_a = (a);        \
		__typeof__(b) _max_b = (b);        \
		(void)(&_max_a == &_max_b);        \
		_max_a > _max_b ? _max_a : _max_b; \
	})
#define min_t(type, a, b)                                  \
	({                                                 \
		type _min_t_a = (a);                       \
		type _min_t_b = (b);                       \
		_min_t_a < _min_t_b ? _min_t_a : _min_t_b; \
	})
#define max_t(type, a, b)                                  \
	({                                                 \
		type _max_t_a = (a);                       \
		type _max_t_b = (b);                       \
		_max_t_a > _max_t_b ? _max_t_a : _max_t_b; \
	})

#endif /* _SHIM_LINUX_MINMAX_H */
