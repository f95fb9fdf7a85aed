// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "key_update.h"
#include "kernel.h"

/* The direction's next secret and the key that comes of it. */
static bool derive_next(const struct kdtls *k,
			const struct kdtls_secret *secret,
			struct kdtls_secret *next, struct kdtls_key *key)
{
	kdtls_expand expand = k->stream->expand;

	return kdtls_schedule_next(expand, secret, next) &&
	       kdtls_schedule_key(expand, k->suite, next, key);
}

/* Installs it; the old secret is gone if that succeeds. */
static int install_next(struct kdtls *k, int direction,
			struct kdtls_secret *secret,
			const struct kdtls_secret *next,
			const struct kdtls_key *key, struct kdtls_count *count)
{
	uint64_t seq = 0;
	int err = kdtls_stream_number(k->fd, direction, k->suite, &seq);

	if (!err)
		err = kdtls_stream_next_key(k->fd, direction, k->suite, key);
	if (err)
		return err;
	*secret = *next;
	count->before += seq - count->first;
	count->first = 0;
	return 0;
}

int kdtls_key_update_send(struct kdtls *k, uint8_t request)
{
	const unsigned char message[KDTLS_KEY_UPDATE_LEN] = { KDTLS_KEY_UPDATE,
							      0, 0, 1,
							      request };
	struct kdtls_stream_state *s = k->stream;
	struct kdtls_secret next;
	struct kdtls_key key;
	ssize_t n;
	int err = 0;

	if (!s->takes_next_keys)
		return -EOPNOTSUPP;
	if (!derive_next(k, &s->tx_secret, &next, &key))
		return -EIO;
	n = kdtls_kernel_send(k->fd, TLS_SET_RECORD_TYPE, KDTLS_TYPE_HANDSHAKE,
			      message, sizeof(message), MSG_NOSIGNAL);
	if (n < 0)
		err = n;
	else if (n != sizeof(message) || install_next(k, TLS_TX, &s->tx_secret,
						      &next, &key, &s->tx_count))
		err = s->tx_error = -EKEYREJECTED;
	explicit_bzero(&next, sizeof(next));
	explicit_bzero(&key, sizeof(key));
	return err;
}

int kdtls_key_update_received(struct kdtls *k)
{
	struct kdtls_stream_state *s = k->stream;
	struct kdtls_secret next;
	struct kdtls_key key;
	int err = 0;

	if (!s->takes_next_keys)
		return -EKEYEXPIRED;
	if (!derive_next(k, &s->rx_secret, &next, &key))
		err = -EIO;
	else if (install_next(k, TLS_RX, &s->rx_secret, &next, &key,
			      &s->rx_count))
		err = -EKEYEXPIRED;
	explicit_bzero(&next, sizeof(next));
	explicit_bzero(&key, sizeof(key));
	return err;
}
