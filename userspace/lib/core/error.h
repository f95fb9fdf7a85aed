/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The text of what failed last, one a thread. */
#ifndef KDTLS_CORE_ERROR_H
#define KDTLS_CORE_ERROR_H

/* Keep the text and return -@err. */
__attribute__((format(printf, 2, 3))) int kdtls_error(int err,
						      const char *format, ...);

#endif
