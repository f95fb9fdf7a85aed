/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef KDTLS_GNUTLS_CIPHER_H
#define KDTLS_GNUTLS_CIPHER_H

#include <gnutls/gnutls.h>

#include "core/record.h"

/* GnuTLS's AEADs. */
extern const struct kdtls_cipher_ops kdtls_gnutls_ciphers;

/* NULL: not one that the kernel takes. */
const struct kdtls_suite *kdtls_gnutls_suite_of(gnutls_cipher_algorithm_t cipher);

#endif
