/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a TLS library was given by the network. Its own word on that can't be
 * had, or comes before authentication, when a forged record would move a window
 * made from it: so protected records are kept until the keys that open them are
 * known.
 *
 * The memory is bounded: when it's full the records are judged, which the
 * handshake allows soon after the first of them can arrive. Until then what
 * doesn't fit isn't to be given to the TLS library either, so that the two always
 * agree.
 */
#ifndef KDTLS_CORE_RECEIVED_H
#define KDTLS_CORE_RECEIVED_H

#include "buffer.h"
#include "record.h"
#include "window.h"

/**
 * struct kdtls_received - what a connection has received
 * @ops: AEADs to open records with
 * @derive: finds the connection's keys, to be wiped: 0; -EAGAIN: the handshake
 *	isn't that far; else -errno, never to be had
 * @arg: for that
 * @broken: why records could no longer be judged, negative errno; 0: they can
 * @window: numbers of the records that authenticated
 * @kept: protected records, not judged yet
 */
struct kdtls_received {
	const struct kdtls_cipher_ops *ops;
	int (*derive)(void *arg, struct kdtls_keys *keys);
	void *arg;
	int broken;
	struct kdtls_window window;
	struct kdtls_buffer kept;
};

/* How much of a datagram may pass on, in whole records. */
size_t kdtls_received_take(struct kdtls_received *rec, uint8_t *datagram,
			   size_t len);

/*
 * Judges what's kept: marks in the window the numbers of those that @keys open,
 * and forgets all. 0 or -errno with a text; -EBADMSG: there's nothing in the
 * window, where the peer's Finished at least should be.
 */
int kdtls_received_judge(struct kdtls_received *rec,
			 const struct kdtls_keys *keys);

void kdtls_received_wipe(struct kdtls_received *rec);

#endif
