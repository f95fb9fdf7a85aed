/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What is done, and why not, if KDTLS_PRELOAD asks for it. */
#ifndef KDTLS_PRELOAD_SAY_H
#define KDTLS_PRELOAD_SAY_H

#include <openssl/ssl.h>

/* One line about @ssl, if any, to stderr, if KDTLS_PRELOAD=verbose. */
__attribute__((format(printf, 2, 3))) void say(const SSL *ssl,
					       const char *format, ...);

#endif
