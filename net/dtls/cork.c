// SPDX-License-Identifier: GPL-2.0
/* MSG_MORE and UDP_CORK: content gathers until it's to be a record. */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "cork.h"
#include "tx.h"

/* Grows from here by doubling. */
#define ROOM_MIN	1024

/**
 * dtls_cork_init() - nothing waits
 * @cork: zeroed
 *
 * Context: process.
 */
void dtls_cork_init(struct dtls_cork *cork)
{
	mutex_init(&cork->lock);
}

/**
 * dtls_cork_destroy() - forget what waits
 * @cork: nobody sends any more
 *
 * Context: process.
 */
void dtls_cork_destroy(struct dtls_cork *cork)
{
	kvfree_sensitive(cork->buf, cork->room);
	mutex_destroy(&cork->lock);
}

/**
 * dtls_cork_is_used() - must a sender look at what waits?
 * @cork: the cork
 *
 * Context: any.
 * Return: true if something waits, or shall.
 */
bool dtls_cork_is_used(const struct dtls_cork *cork)
{
	return READ_ONCE(cork->is_set) || READ_ONCE(cork->is_pending);
}

static int make_room(struct dtls_cork *cork, size_t len)
{
	size_t room;
	u8 *buf;

	if (len <= cork->room)
		return 0;
	room = max_t(size_t, ROOM_MIN, roundup_pow_of_two(len));
	/* Not krealloc(): it would leave the content behind. */
	buf = kvmalloc(room, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!buf)
		return -ENOMEM;
	memcpy(buf, cork->buf, cork->len);
	kvfree_sensitive(cork->buf, cork->room);
	cork->buf = buf;
	cork->room = room;
	return 0;
}

/**
 * dtls_cork_append() - let content wait
 * @cork: the cork, its lock held
 * @message: what it's to be; the first to wait says into what datagrams it goes
 * @from: the content
 * @max: most that may wait, bytes
 *
 * Context: process.
 * Return: 0; -EINVAL if content of another type waits; -EMSGSIZE over @max;
 *	-ENOMEM; -EFAULT; then what waits is what did before.
 */
int dtls_cork_append(struct dtls_cork *cork,
		     const struct dtls_tx_message *message,
		     struct iov_iter *from, size_t max)
{
	size_t len = message->len;
	int err;

	lockdep_assert_held(&cork->lock);
	if (cork->is_pending && message->type != cork->type)
		return -EINVAL;
	if (cork->len + len > max)
		return -EMSGSIZE;
	err = make_room(cork, cork->len + len);
	if (err)
		return err;
	if (!copy_from_iter_full(cork->buf + cork->len, len, from))
		return -EFAULT;
	if (!cork->is_pending)
		cork->segment = message->segment;
	cork->type = message->type;
	cork->len += len;
	WRITE_ONCE(cork->is_pending, true);
	return 0;
}

/**
 * dtls_cork_cut() - take back what was appended last
 * @cork: the cork, its lock held
 * @len: how much still waits, bytes
 * @is_pending: whether anything does
 *
 * Context: process.
 */
void dtls_cork_cut(struct dtls_cork *cork, size_t len, bool is_pending)
{
	lockdep_assert_held(&cork->lock);
	memzero_explicit(cork->buf + len, cork->len - len);
	cork->len = len;
	WRITE_ONCE(cork->is_pending, is_pending);
}

/**
 * dtls_cork_drop() - nothing waits any more
 * @cork: the cork, its lock held
 *
 * Context: process.
 */
void dtls_cork_drop(struct dtls_cork *cork)
{
	lockdep_assert_held(&cork->lock);
	kvfree_sensitive(cork->buf, cork->room);
	cork->buf = NULL;
	cork->len = 0;
	cork->room = 0;
	WRITE_ONCE(cork->is_pending, false);
}
