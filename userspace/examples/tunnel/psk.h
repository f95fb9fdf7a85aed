/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Keys that both ends know: a file of lines "identity key", key in hexadecimal. */
#ifndef TUNNEL_PSK_H
#define TUNNEL_PSK_H

#include <openssl/ssl.h>

#include "config.h"

/* Reads the file and has @ctx use it, or the program ends. */
void psk_load(SSL_CTX *ctx, const struct config *config);

#endif
