// SPDX-License-Identifier: GPL-2.0
/* Options that tell how far keys are, and what happened to records. */
#include <linux/slab.h>
#include <net/sock.h>

#include "assoc.h"
#include "context.h"
#include "offload.h"
#include "option.h"
#include "route.h"
#include "state.h"
#include "tx.h"

#define WINDOW_HEADER_LEN	offsetof(struct dtls_window, bitmap)
#define STATE_HEADER_LEN	offsetof(struct dtls_state, bitmap)

static_assert(sizeof(struct dtls_window) == 16 + DTLS_WINDOW_MAX / 8);
static_assert(sizeof(struct dtls_state) == 48 + DTLS_WINDOW_MAX / 8);
static_assert(sizeof(struct dtls_stats) == 144);
static_assert(sizeof(struct dtls_info) == 32);

/* Words of bitmap in a structure of this length, or -EINVAL. */
static int bitmap_words(size_t len, size_t header_len)
{
	if (len < header_len || len > header_len + DTLS_WINDOW_MAX / 8 ||
	    len % sizeof(u64))
		return -EINVAL;
	return (len - header_len) / sizeof(u64);
}

static bool window_is_valid(const struct dtls_window *window, int words)
{
	u64 i;

	if (!window->epoch || window->reserved || window->window_bits ||
	    window->next > DTLS_RECORD_SEQ_MAX + 1)
		return false;
	/* No number below zero was received. */
	for (i = window->next; i < (u64)words * 64; i++)
		if (window->bitmap[i / 64] & 1ULL << (i % 64))
			return false;
	return true;
}

/* DTLS_RX_WINDOW */
DTLS_OPTION_SET(window)
{
	int words = bitmap_words(optlen, WINDOW_HEADER_LEN);
	struct dtls_window *window;
	int err;

	if (words < 0)
		return words;
	window = kzalloc(sizeof(*window), GFP_KERNEL);
	if (!window)
		return -ENOMEM;

	err = -EFAULT;
	if (copy_from_sockptr(window, optval, optlen))
		goto free_window;
	err = -EINVAL;
	if (window_is_valid(window, words))
		err = dtls_state_stage(dtls_context(sk)->assoc, window, words);
free_window:
	kfree(window);
	return err;
}

DTLS_OPTION_GET(window)
{
	struct dtls_window *window;
	int err, words;

	len = min_t(int, len, sizeof(*window));
	words = bitmap_words(len, WINDOW_HEADER_LEN);
	if (words < 0)
		return words;
	window = kzalloc(sizeof(*window), GFP_KERNEL);
	if (!window)
		return -ENOMEM;

	err = -EFAULT;
	if (copy_from_user(&window->epoch, optval, sizeof(window->epoch)))
		goto free_window;
	err = dtls_state_store_window(dtls_context(sk)->assoc, window, words);
	if (!err)
		err = dtls_option_put(optval, optlen, len, window, len);
free_window:
	kfree(window);
	return err;
}

static bool state_is_wanted_well(const struct dtls_state *state)
{
	return (state->direction == TLS_TX || state->direction == TLS_RX) &&
	       !(state->flags & ~DTLS_STATE_FREEZE);
}

/* Nothing may be frozen for a caller who can't be told what it was. */
static int test_writable(char __user *optval, int __user *optlen, int len,
			 const struct dtls_state *state)
{
	return dtls_option_put(optval, optlen, len, state, len);
}

/* What waits to be sent would wait for ever behind a frozen key. */
static int store_state(struct dtls_context *ctx, struct dtls_state *state,
		       int words)
{
	int err = -EBUSY;

	if (state->direction != TLS_TX || !(state->flags & DTLS_STATE_FREEZE))
		return dtls_state_store(ctx->assoc, state, words);
	mutex_lock(&ctx->cork.lock);
	if (!ctx->cork.is_pending)
		err = dtls_state_store(ctx->assoc, state, words);
	mutex_unlock(&ctx->cork.lock);
	return err;
}

static int get_state(struct sock *sk, char __user *optval, int __user *optlen,
		     int len, struct dtls_state *state)
{
	const size_t wanted_len = offsetof(struct dtls_state, window_bits);
	int words = bitmap_words(len, STATE_HEADER_LEN);
	int err;

	if (copy_from_user(state, optval, wanted_len))
		return -EFAULT;
	if (!state_is_wanted_well(state))
		return -EINVAL;
	err = test_writable(optval, optlen, len, state);
	if (err)
		return err;
	err = store_state(dtls_context(sk), state, words);
	if (err)
		return err;
	/* A reader that sleeps may have nothing to hope for any more. */
	if (state->flags & DTLS_STATE_FREEZE)
		sk->sk_data_ready(sk);
	return dtls_option_put(optval, optlen, len, state, len);
}

/* DTLS_STATE */
DTLS_OPTION_GET(state)
{
	struct dtls_state *state;
	int err;

	len = min_t(int, len, sizeof(*state));
	if (bitmap_words(len, STATE_HEADER_LEN) < 0)
		return -EINVAL;
	state = kzalloc(sizeof(*state), GFP_KERNEL);
	if (!state)
		return -ENOMEM;
	err = get_state(sk, optval, optlen, len, state);
	kfree(state);
	return err;
}

/* DTLS_STATS */
DTLS_OPTION_GET(stats)
{
	struct dtls_stats stats;

	dtls_stats_fill(&dtls_context(sk)->assoc->counters, &stats);
	return dtls_option_put(optval, optlen, len, &stats, sizeof(stats));
}

static u16 conf_of(const struct dtls_epoch *epoch)
{
	return dtls_offload_is_in_card(epoch) ? TLS_CONF_HW : TLS_CONF_SW;
}

static void fill_tx_info(struct dtls_assoc *assoc, size_t room,
			 struct dtls_info *info)
{
	struct dtls_epoch *epoch = dtls_assoc_get_tx(assoc);

	if (!epoch)
		return;
	info->version = DTLS_1_2_VERSION;
	info->tx_cipher = dtls_aead_cipher(epoch->aead)->type;
	info->tx_epoch = epoch->epoch;
	info->tx_overhead = dtls_tx_overhead(epoch);
	info->tx_payload = dtls_tx_room(epoch, room);
	info->tx_next = dtls_epoch_next_seq(epoch);
	info->tx_conf = conf_of(epoch);
	dtls_epoch_put(epoch);
}

static void fill_rx_info(struct dtls_assoc *assoc, struct dtls_info *info)
{
	struct dtls_epoch *epoch = dtls_assoc_get_newest_rx(assoc);

	if (!epoch)
		return;
	info->version = DTLS_1_2_VERSION;
	info->rx_cipher = dtls_aead_cipher(epoch->aead)->type;
	info->rx_epoch = epoch->epoch;
	info->rx_conf = conf_of(epoch);
	dtls_epoch_put(epoch);
}

/**
 * dtls_option_fill_info() - what a socket is doing
 * @sk: the socket
 * @room: what fits the route to the peer, bytes
 * @info: where that goes
 *
 * Context: process.
 */
void dtls_option_fill_info(const struct sock *sk, size_t room,
			   struct dtls_info *info)
{
	struct dtls_assoc *assoc = dtls_context(sk)->assoc;

	memset(info, 0, sizeof(*info));
	fill_tx_info(assoc, room, info);
	fill_rx_info(assoc, info);
}

DTLS_OPTION_GET(info)
{
	struct dtls_info info;

	dtls_option_fill_info(sk, dtls_route_room(sk), &info);
	return dtls_option_put(optval, optlen, len, &info, sizeof(info));
}

