/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* An SSL_CTX for what the kernel takes. */
#ifndef KDTLS_EXAMPLES_CONTEXT_H
#define KDTLS_EXAMPLES_CONTEXT_H

#include <stdbool.h>
#include <openssl/ssl.h>

/* The reason of OpenSSL's oldest error, or of @error, an errno; a constant string. */
const char *context_reason(int error);

/*
 * The AEADs that the kernel takes, with forward secrecy, for certificates or for a
 * key that both ends know.
 */
const char *context_ciphers(bool is_psk);

/* Others don't go into the kernel: the name of such a one in @ctx, or NULL. */
const char *context_other_than_aead(SSL_CTX *ctx);

#endif
