/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_CORK_H
#define _DTLS_CORK_H

#include <linux/mutex.h>
#include <linux/types.h>

struct dtls_tx_message;
struct iov_iter;

/**
 * struct dtls_cork - content that waits for more, to become a record, or several
 * @lock: protects all the rest; outermost
 * @is_set: UDP_CORK is on; read without the lock
 * @is_pending: there's content, be it of 0 bytes; read without the lock
 * @type: content type
 * @segment: how much of it each datagram gets, bytes; 0: all goes into one
 * @buf: the content
 * @len: its length, bytes
 * @room: length of @buf, bytes
 */
struct dtls_cork {
	struct mutex	lock;
	bool		is_set;
	bool		is_pending;
	u8		type;
	u16		segment;
	u8		*buf;
	size_t		len;
	size_t		room;
};

void dtls_cork_init(struct dtls_cork *cork);
void dtls_cork_destroy(struct dtls_cork *cork);
bool dtls_cork_is_used(const struct dtls_cork *cork);
int dtls_cork_append(struct dtls_cork *cork,
		     const struct dtls_tx_message *message,
		     struct iov_iter *from, size_t max);
void dtls_cork_cut(struct dtls_cork *cork, size_t len, bool is_pending);
void dtls_cork_drop(struct dtls_cork *cork);

#endif /* _DTLS_CORK_H */
