/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_REPLAY_H
#define _DTLS_REPLAY_H

#include <linux/types.h>

#define DTLS_REPLAY_BITS_MIN	64
#define DTLS_REPLAY_BITS_MAX	8192

/**
 * struct dtls_replay - the replay window of one epoch
 * @next: highest authenticated sequence number plus one; 0: none yet
 * @bits: width of the window, sequence numbers, a power of two
 * @ring: twice @bits bits; number n is bit n % 64 of word n / 64 of the ring.
 *	Twice, because a window that ends inside a word reaches into one word
 *	more than @bits / 64, and a power of two needs no division. NULL: there
 *	is no window
 */
struct dtls_replay {
	u64	next;
	u64	*ring;
	u32	bits;
};

bool dtls_replay_bits_are_valid(u32 bits);
size_t dtls_replay_size(u32 bits);
void dtls_replay_init(struct dtls_replay *win, u64 *ring, u32 bits, u64 next);
int dtls_replay_check(const struct dtls_replay *win, u64 seq);
int dtls_replay_accept(struct dtls_replay *win, u64 seq);
void dtls_replay_load(struct dtls_replay *win, u64 next, const u64 *bitmap,
		      u32 words);
void dtls_replay_store(const struct dtls_replay *win, u64 *bitmap, u32 words);

#endif /* _DTLS_REPLAY_H */
