/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A connection that the kernel has, by the rules of SSL_read() and the others:
 * each does, and returns, what OpenSSL 3.0's does.
 */
#ifndef KDTLS_PRELOAD_RECORDS_H
#define KDTLS_PRELOAD_RECORDS_H

#include "connection.h"

int records_read(struct connection *c, void *buf, size_t len, bool peek);
int records_write(struct connection *c, const void *buf, size_t len);
size_t records_pending(struct connection *c);
bool records_has_pending(const struct connection *c);
int records_shutdown(struct connection *c);
int records_error(const struct connection *c, int ret);

#endif
