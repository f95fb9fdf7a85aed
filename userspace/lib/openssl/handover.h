/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The two hand-overs, by what the connection runs over: see kdtls.h. */
#ifndef KDTLS_OPENSSL_HANDOVER_H
#define KDTLS_OPENSSL_HANDOVER_H

#include "kdtls.h"

/* RFC 6066, 4: content that a record may have; 16384 if nothing was agreed. */
size_t kdtls_handover_payload_max(SSL *ssl);

int kdtls_handover_datagrams(SSL *ssl, int fd, const struct kdtls_options *opts,
			     struct kdtls **out);
int kdtls_handover_stream(SSL *ssl, int fd, struct kdtls **out);

#endif
