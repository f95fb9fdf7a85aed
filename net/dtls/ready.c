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

static void charge_block(struct sock *sk, const struct dtls_rx_block *block)
{
	charge(sk, block->skb);
	charge(sk, block->text);
}

/* May both be read at once, as UDP_GRO has it: datagrams of @len, a last one. */
static bool is_joined(const struct dtls_rx_record *record,
		      const struct dtls_rx_record *next, u32 len)
{
	return next->block == record->block &&
	       dtls_rx_record_is_data(next) &&
	       next->offset == record->offset + record->len &&
	       record->len == len && next->len && next->len <= len;
}

/**
 * dtls_ready_measure() - how many records can be read at once?
 * @records: list of struct dtls_rx_record, not empty
 * @join: whether more than one may be
 * @run: where the answer goes; its list stays as it is
 *
 * Context: any; nobody else changes @records.
 * Return: the last one.
 */
struct dtls_rx_record *dtls_ready_measure(struct list_head *records, bool join,
					  struct dtls_run *run)
{
	struct dtls_rx_record *last, *next;

	last = list_first_entry(records, struct dtls_rx_record, list);
	run->first = last;
	run->len = last->len;
	run->segment = 0;
	if (!join || !dtls_rx_record_is_data(last))
		return last;
	while (!list_is_last(&last->list, records)) {
		next = list_next_entry(last, list);
		if (!is_joined(last, next, run->first->len))
			break;
		run->segment = run->first->len;
		run->len += next->len;
		last = next;
	}
	return last;
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
		charge_block(sk, record->block);
	list_splice_tail_init(records, &ctx->rx_ready);
	spin_unlock(&ctx->rx_lock);
}

/**
 * dtls_ready_push_front() - records that come before all others
 * @sk: the socket, whose receive buffer they take room in
 * @records: struct dtls_rx_record, in order; their references are the list's
 *	from now on; empty afterwards
 *
 * Context: process.
 */
void dtls_ready_push_front(struct sock *sk, struct list_head *records)
{
	struct dtls_context *ctx = dtls_context(sk);
	struct dtls_rx_record *record;

	spin_lock(&ctx->rx_lock);
	list_for_each_entry(record, records, list)
		charge_block(sk, record->block);
	list_splice_init(records, &ctx->rx_ready);
	spin_unlock(&ctx->rx_lock);
}

/**
 * dtls_ready_get() - the first record, and those that can be read with it
 * @ctx: of the socket
 * @peek: leave them where they are, for others to read
 * @join: whether more than one may be read at once
 * @run: where they go
 * @unopened: whether the first must be opened yet: then it leaves the list in
 *	any case, so that nobody else opens it too
 *
 * Context: process.
 * Return: true if there is one; with references that are the caller's, of the
 *	first only if he peeks.
 */
bool dtls_ready_get(struct dtls_context *ctx, bool peek, bool join,
		    struct dtls_run *run, bool *unopened)
{
	struct dtls_rx_record *record, *last;

	INIT_LIST_HEAD(&run->records);
	spin_lock(&ctx->rx_lock);
	record = first(ctx);
	*unopened = is_unopened(ctx, record);
	if (record) {
		last = dtls_ready_measure(&ctx->rx_ready, join, run);
		if (peek && !*unopened)
			dtls_rx_record_get(record);
		else
			list_cut_position(&run->records, &ctx->rx_ready,
					  &last->list);
	}
	spin_unlock(&ctx->rx_lock);
	return record;
}

/**
 * dtls_ready_put_run() - they were read, or looked at
 * @run: the records
 *
 * Context: process.
 */
void dtls_ready_put_run(struct dtls_run *run)
{
	if (list_empty(&run->records))
		dtls_rx_record_put(run->first);
	else
		dtls_ready_put_all(&run->records);
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
 * dtls_ready_first_len() - how much would be read now?
 * @ctx: of the socket
 * @join: whether more than one record may be read at once
 *
 * Context: process.
 * Return: length of the content, bytes; 0 if there's none.
 */
int dtls_ready_first_len(struct dtls_context *ctx, bool join)
{
	struct dtls_run run = { .len = 0 };

	spin_lock(&ctx->rx_lock);
	if (!list_empty(&ctx->rx_ready))
		dtls_ready_measure(&ctx->rx_ready, join, &run);
	spin_unlock(&ctx->rx_lock);
	return run.len;
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

	list_for_each_entry_safe(record, next, records, list)
		dtls_rx_record_put(record);
	INIT_LIST_HEAD(records);
}
