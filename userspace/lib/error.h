/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The text of what failed last, one a thread. */
#ifndef KDTLS_LIB_ERROR_H
#define KDTLS_LIB_ERROR_H

/* Keep the text and return -@err. */
__attribute__((format(printf, 2, 3))) int kdtls_error(int err,
						      const char *format, ...);

/* The same, with the reason that OpenSSL has on top of its error queue. */
int kdtls_error_openssl(int err, const char *what);

#endif
