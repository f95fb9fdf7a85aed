/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What a stream has beside the rest of an association. */
#ifndef KDTLS_CORE_STREAM_STATE_H
#define KDTLS_CORE_STREAM_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "association.h"
#include "post_handshake.h"
#include "schedule.h"
#include "stream_install.h"

/**
 * struct kdtls_count - a direction's records since the hand-over
 * @before: of its keys before the present one
 * @first: the number with which that one began here
 */
struct kdtls_count {
	uint64_t before;
	uint64_t first;
};

/**
 * struct kdtls_stream_state - beside the rest of an association
 * @version: TLS_1_2_VERSION or TLS_1_3_VERSION
 * @expand: for the secrets
 * @takes_next_keys: the kernel does, and the secrets are there
 * @tx_secret: what the next sending key comes from. Under @lock
 * @rx_secret: likewise, receiving
 * @lock: held for reading while a record is sent, for writing while the sending
 *	key changes
 * @tx_error: why nothing can be sent any more, negative errno. Under @lock
 * @answer_due: a KeyUpdate is to be sent before the next record (RFC 8446,
 *	4.6.3). Not by the thread that received the request: that must go on
 *	receiving, while another one may wait for the peer to do so
 * @tx_count: under @lock
 * @rx_count: the receiving thread's, as all below
 * @bad_tags: records that didn't authenticate: none or one
 * @post: handshake messages
 * @rx_error: why nothing can be received any more, negative errno
 * @is_closed: the peer's close_notify was received
 */
struct kdtls_stream_state {
	uint16_t version;
	kdtls_expand expand;
	bool takes_next_keys;
	struct kdtls_secret tx_secret;
	struct kdtls_secret rx_secret;
	pthread_rwlock_t lock;
	int tx_error;
	atomic_bool answer_due;
	struct kdtls_count tx_count;
	struct kdtls_count rx_count;
	uint64_t bad_tags;
	struct kdtls_post_handshake post;
	int rx_error;
	bool is_closed;
};

/* An association over a stream; NULL: no memory. */
struct kdtls *kdtls_stream_new(const struct kdtls_stream_install *in,
			       size_t payload_max);

/*
 * The secrets that the keys came from: they're kept, if the kernel takes later
 * keys.
 */
void kdtls_stream_keep_secrets(struct kdtls *k, kdtls_expand expand,
			       const struct kdtls_secret *tx,
			       const struct kdtls_secret *rx);

#endif
