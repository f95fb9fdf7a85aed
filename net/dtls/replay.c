// SPDX-License-Identifier: GPL-2.0
/*
 * The replay window: which sequence numbers of an epoch were received. A ring
 * of words as in RFC 6479, so that moving it clears whole words and shifts
 * nothing.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>

#include "replay.h"

#define WORD_BITS	64

static u32 ring_words(u32 bits)
{
	return 2 * bits / WORD_BITS;
}

static u32 ring_index(const struct dtls_replay *win, u64 word)
{
	return word & (ring_words(win->bits) - 1);
}

static u64 seq_bit(u64 seq)
{
	return 1ULL << (seq % WORD_BITS);
}

static u64 *seq_word(struct dtls_replay *win, u64 seq)
{
	return &win->ring[ring_index(win, seq / WORD_BITS)];
}

static bool is_seen(const struct dtls_replay *win, u64 seq)
{
	return win->ring[ring_index(win, seq / WORD_BITS)] & seq_bit(seq);
}

/**
 * dtls_replay_bits_are_valid() - is this a width that a window may have?
 * @bits: width, sequence numbers
 *
 * Context: any.
 * Return: true for a power of two, 64 to 8192.
 */
bool dtls_replay_bits_are_valid(u32 bits)
{
	return bits >= DTLS_REPLAY_BITS_MIN && bits <= DTLS_REPLAY_BITS_MAX &&
	       !(bits & (bits - 1));
}

/**
 * dtls_replay_size() - memory that a window's ring takes
 * @bits: width, valid
 *
 * Context: any.
 * Return: bytes; a power of two.
 */
size_t dtls_replay_size(u32 bits)
{
	return ring_words(bits) * sizeof(u64);
}

/**
 * dtls_replay_init() - begin a window with everything below a number seen
 * @win: the window
 * @ring: dtls_replay_size(@bits) bytes
 * @bits: width, valid
 * @next: the first number that counts as new, <= 2^48
 *
 * Context: any.
 */
void dtls_replay_init(struct dtls_replay *win, u64 *ring, u32 bits, u64 next)
{
	win->ring = ring;
	win->bits = bits;
	dtls_replay_load(win, next, NULL, 0);
}

/**
 * dtls_replay_check() - would a sequence number be accepted now?
 * @win: the window
 * @seq: number within the epoch, < 2^48; may be forged
 *
 * Context: any; caller holds the epoch's window lock.
 * Return: 0; -EALREADY if already seen; -ERANGE if left of the window.
 * Source: RFC 6347, 4.1.2.6.
 */
int dtls_replay_check(const struct dtls_replay *win, u64 seq)
{
	if (seq >= win->next)
		return 0;
	if (win->next - seq > win->bits)
		return -ERANGE;
	return is_seen(win, seq) ? -EALREADY : 0;
}

/* Make room on the right for @seq, the new highest number. */
static void advance(struct dtls_replay *win, u64 seq)
{
	u64 last = win->next ? (win->next - 1) / WORD_BITS : 0;
	u64 fresh = seq / WORD_BITS - last;
	u32 words = ring_words(win->bits);

	if (fresh > words)
		fresh = words;
	/* After a jump past the ring, any full turn clears all of it. */
	while (fresh--)
		win->ring[ring_index(win, seq / WORD_BITS - fresh)] = 0;
	win->next = seq + 1;
}

/**
 * dtls_replay_accept() - record an authenticated sequence number
 * @win: the window
 * @seq: number within the epoch, < 2^48, authenticated
 *
 * Context: any; caller holds the epoch's window lock.
 * Return: 0; -EALREADY if already seen; -ERANGE if left of the window.
 * Source: RFC 6347, 4.1.2.6; RFC 6479.
 */
int dtls_replay_accept(struct dtls_replay *win, u64 seq)
{
	int err = dtls_replay_check(win, seq);

	if (err)
		return err;
	if (seq >= win->next)
		advance(win, seq);
	*seq_word(win, seq) |= seq_bit(seq);
	return 0;
}

/**
 * dtls_replay_load() - set a window from a map of numbers
 * @win: the window, its width set
 * @next: highest number seen plus one, <= 2^48; 0: none
 * @bitmap: bit i (word i / 64, bit i % 64) says that @next - 1 - i was seen
 * @words: length of @bitmap in words; numbers beyond count as seen
 *
 * Context: any; caller owns the window, or holds its epoch's window lock.
 */
void dtls_replay_load(struct dtls_replay *win, u64 next, const u64 *bitmap,
		      u32 words)
{
	u64 mapped = (u64)words * WORD_BITS;
	u64 i;

	memset(win->ring, 0, ring_words(win->bits) * sizeof(u64));
	win->next = next;
	for (i = 0; i < win->bits && i < next; i++) {
		u64 seq = next - 1 - i;

		if (i >= mapped ||
		    bitmap[i / WORD_BITS] & 1ULL << (i % WORD_BITS))
			*seq_word(win, seq) |= seq_bit(seq);
	}
}

/**
 * dtls_replay_store() - the map of numbers that dtls_replay_load() takes
 * @win: the window
 * @bitmap: where it goes
 * @words: length of @bitmap in words; what lies left of the window is stored
 *	as seen, what lies below number 0 as not seen
 *
 * Context: any; caller holds the epoch's window lock.
 */
void dtls_replay_store(const struct dtls_replay *win, u64 *bitmap, u32 words)
{
	u64 mapped = (u64)words * WORD_BITS;
	u64 i;

	memset(bitmap, 0, words * sizeof(u64));
	for (i = 0; i < mapped && i < win->next; i++)
		if (i >= win->bits || is_seen(win, win->next - 1 - i))
			bitmap[i / WORD_BITS] |= 1ULL << (i % WORD_BITS);
}
