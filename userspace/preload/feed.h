/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Programs that read their socket themselves and feed each datagram to their SSL
 * by a BIO in memory, as coturn does. After the hand-over such a read gives what
 * the kernel has opened. So that nothing else can ever pass for it, neither a
 * datagram that was read before the kernel had the key nor one of another
 * socket's, the read wraps it: in a record header, with a secret token in front
 * of the content. Only what has the token is taken from the BIO.
 */
#ifndef KDTLS_PRELOAD_FEED_H
#define KDTLS_PRELOAD_FEED_H

#include "connection.h"

/* From now on what's read from @c's socket is wrapped. */
void feed_begin(const struct connection *c);
void feed_end(const struct connection *c);

/* Around fork(): in the copy nobody would open the lock again. */
void feed_lock(void);
void feed_unlock(void);

/* Was that socket the last one that this thread has read from by itself? */
bool feed_is_from(int fd);

/* Has the program ever read from that socket by itself? */
bool feed_was_read(int fd);

/* What the program has put into @c's BIO goes into @c->k. */
void feed_take(struct connection *c);

#endif
