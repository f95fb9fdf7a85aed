/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef KDTLS_OPENSSL_CIPHER_H
#define KDTLS_OPENSSL_CIPHER_H

#include "core/record.h"

/* OpenSSL's AEADs, by EVP. */
extern const struct kdtls_cipher_ops kdtls_openssl_ciphers;

#endif
