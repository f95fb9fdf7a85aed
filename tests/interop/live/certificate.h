/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LIVE_CERTIFICATE_H
#define LIVE_CERTIFICATE_H

#include <openssl/ssl.h>

/* A key, and a certificate that it signs for itself: for an hour, with no name. */
void certify(SSL_CTX *ctx);

#endif
