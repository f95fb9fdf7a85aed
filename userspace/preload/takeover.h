/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Whether the kernel may have a connection, and how it gets it. */
#ifndef KDTLS_PRELOAD_TAKEOVER_H
#define KDTLS_PRELOAD_TAKEOVER_H

#include "connection.h"

/* Before each step of a handshake; NULL: it isn't to be taken over. */
struct connection *takeover_watch(SSL *ssl);

/* After one that finished it. */
void takeover_try(struct connection *c);

/* Never take that SSL over. */
void takeover_leave(SSL *ssl, const char *why);

#endif
