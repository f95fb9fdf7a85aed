/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Keys that both ends know: a file of lines "identity key", key in hexadecimal. */
#ifndef KDTLS_EXAMPLES_PSK_H
#define KDTLS_EXAMPLES_PSK_H

#include <stdbool.h>
#include <openssl/ssl.h>

/* Reads the file and has @ctx use it. NULL, or what's wrong and what to do. */
const char *psk_load(SSL_CTX *ctx, const char *path, bool is_server);

#endif
