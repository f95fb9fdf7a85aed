// SPDX-License-Identifier: GPL-2.0
/*
 * Records that somebody opened and nobody read yet: the rest of a datagram, one
 * that poll() found, one that was peeked at.
 */
#include <linux/skbuff.h>
#include <net/sock.h>

#include "assoc.h"
#include "context.h"
#include "ready.h"
#include "rx.h"

static struct dtls_rx_record *first(struct dtls_context *ctx)
{
	lockdep_assert_held(&ctx->rx_lock);
	return list_first_entry_or_null(&ctx->rx_ready, struct dtls_rx_record,
					list);
}

/* Read as it came, but a key has arrived since: it's a record like others. */
static bool is_unopened(struct dtls_context *ctx,
			const struct dtls_rx_record *record)
{
	return record && record->type == DTLS_RX_RAW &&
	       dtls_assoc_has_rx(ctx->assoc);
}

static void uncharge(struct sk_buff *skb)
{
	atomic_sub(skb->truesize, &skb->sk->sk_rmem_alloc);
}

/* It takes room in the receive buffer again, once, until all of it was read. */
static void charge(struct sock *sk, struct sk_buff *skb)
{
	if (skb->destructor)
		return;
	skb->sk = sk;
	skb->destructor = uncharge;
	atomic_add(skb->truesize, &sk->sk_rmem_alloc);
}

/**
 * dtls_ready_push() - records for whoever reads next
 * @sk: the socket, whose receive buffer they take room in
 * @records: struct dtls_rx_record, in order; empty afterwards
 *
 * Context: process.
 */
void dtls_ready_push(struct sock *sk, struct list_head *records)
{
	struct dtls_context *ctx = dtls_context(sk);
	struct dtls_rx_record *record;

	spin_lock(&ctx->rx_lock);
	list_for_each_entry(record, records, list)
		charge(sk, record->skb);
	list_splice_tail_init(records, &ctx->rx_ready);
	spin_unlock(&ctx->rx_lock);
}

/**
 * dtls_ready_push_front() - a record that comes before all others
 * @sk: the socket, whose receive buffer it takes room in
 * @record: the record, with a reference that's the list's from now on
 *
 * Context: process.
 */
void dtls_ready_push_front(struct sock *sk, struct dtls_rx_record *record)
{
	struct dtls_context *ctx = dtls_context(sk);

	spin_lock(&ctx->rx_lock);
	charge(sk, record->skb);
	list_add(&record->list, &ctx->rx_ready);
	spin_unlock(&ctx->rx_lock);
}

/**
 * dtls_ready_get() - the first record
 * @ctx: of the socket
 * @peek: leave it where it is, for others to read
 * @unopened: whether it must be opened yet: then it leaves the list in any
 *	case, so that nobody else opens it too
 *
 * Context: process.
 * Return: the record, with a reference that's the caller's; NULL if there's
 *	none.
 */
struct dtls_rx_record *dtls_ready_get(struct dtls_context *ctx, bool peek,
				      bool *unopened)
{
	struct dtls_rx_record *record;

	spin_lock(&ctx->rx_lock);
	record = first(ctx);
	*unopened = is_unopened(ctx, record);
	if (record && peek && !*unopened)
		refcount_inc(&record->refs);
	else if (record)
		list_del(&record->list);
	spin_unlock(&ctx->rx_lock);
	return record;
}

/**
 * dtls_ready_get_unopened() - the first record, if it must be opened yet
 * @ctx: of the socket
 *
 * Context: process.
 * Return: the record, with a reference that's the caller's; else NULL.
 */
struct dtls_rx_record *dtls_ready_get_unopened(struct dtls_context *ctx)
{
	struct dtls_rx_record *record;

	spin_lock(&ctx->rx_lock);
	record = first(ctx);
	if (is_unopened(ctx, record))
		list_del(&record->list);
	else
		record = NULL;
	spin_unlock(&ctx->rx_lock);
	return record;
}

/**
 * dtls_ready_is_any() - is there a record to read?
 * @ctx: of the socket
 *
 * Context: process.
 * Return: true if there is; a hint, as another reader may come first.
 */
bool dtls_ready_is_any(struct dtls_context *ctx)
{
	struct dtls_rx_record *record;
	bool any;

	spin_lock(&ctx->rx_lock);
	record = first(ctx);
	any = record && !is_unopened(ctx, record);
	spin_unlock(&ctx->rx_lock);
	return any;
}

/**
 * dtls_ready_first_len() - how long is the first record?
 * @ctx: of the socket
 *
 * Context: process.
 * Return: length of its content, bytes; 0 if there's none.
 */
int dtls_ready_first_len(struct dtls_context *ctx)
{
	struct dtls_rx_record *record;
	int len;

	spin_lock(&ctx->rx_lock);
	record = first(ctx);
	len = record ? record->len : 0;
	spin_unlock(&ctx->rx_lock);
	return len;
}

/**
 * dtls_ready_take_opened() - take away the records of an association that's over
 * @ctx: of the socket
 * @records: where they go, struct dtls_rx_record
 *
 * Context: process.
 */
void dtls_ready_take_opened(struct dtls_context *ctx,
			    struct list_head *records)
{
	struct dtls_rx_record *record, *next;

	spin_lock(&ctx->rx_lock);
	list_for_each_entry_safe(record, next, &ctx->rx_ready, list)
		if (record->type != DTLS_RX_RAW)
			list_move_tail(&record->list, records);
	spin_unlock(&ctx->rx_lock);
}

/**
 * dtls_ready_put_all() - forget records
 * @records: struct dtls_rx_record, that nobody reads any more; empty afterwards
 *
 * Context: any.
 */
void dtls_ready_put_all(struct list_head *records)
{
	struct dtls_rx_record *record, *next;

	list_for_each_entry_safe(record, next, records, list) {
		list_del(&record->list);
		dtls_rx_record_put(record);
	}
}
