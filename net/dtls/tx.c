// SPDX-License-Identifier: GPL-2.0
/* From an application's bytes to datagrams with a record in each. */
#include <linux/bvec.h>
#include <linux/gfp.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <linux/unaligned.h>

#include "assoc.h"
#include "offload.h"
#include "tx.h"

/* No datagram, and nothing that UDP cuts into datagrams, can be longer. */
#define DATAGRAM_MAX	65535

/* Of IP with all its options, and UDP. */
#define HEADERS_MAX	(60 + 8)

/* Content that's cheaper copied twice than handed on in pages. */
#define SINGLE_MAX	3000

/* Larger pieces of memory are hard to get. */
#define PIECE_MAX	SZ_32K

/**
 * struct layout - where the parts of a record to be sent stand
 * @offset: of the content, bytes
 * @inner_len: length of what is encrypted: content, and with a connection ID
 *	its type and padding; bytes
 * @size: length of the record, bytes
 */
struct layout {
	size_t	offset;
	size_t	inner_len;
	size_t	size;
};

/* RFC 9146, 4: content || type || zeros, as far as the peer's limit allows. */
static size_t inner_len(const struct dtls_epoch_shape *shape, size_t len)
{
	if (!shape->cid_len)
		return len;
	len++;
	if (shape->pad > 1)
		len = roundup(len, shape->pad);
	return min_t(size_t, len, shape->payload_max);
}

static struct layout lay_out(const struct dtls_epoch *epoch, size_t len)
{
	const struct dtls_cipher *cipher = dtls_aead_cipher(epoch->aead);
	size_t header_len = DTLS_RECORD_HEADER_LEN + epoch->shape.cid_len;
	struct layout layout;

	layout.offset = header_len + cipher->explicit_len;
	layout.inner_len = inner_len(&epoch->shape, len);
	layout.size = header_len + layout.inner_len +
		      dtls_cipher_expansion(cipher);
	return layout;
}

/* The type goes inside where there's a connection ID, and padding behind it. */
static void finish_inner(const struct dtls_epoch_shape *shape, u8 type,
			 u8 *content, size_t len, size_t inner_len)
{
	if (!shape->cid_len)
		return;
	content[len] = type;
	memset(content + len + 1, 0, inner_len - len - 1);
}

static inline void free_memory(const struct dtls_tx_datagrams *out)
{
	unsigned int i;

	/* UDP may have taken references to them. */
	for (i = 0; i < out->n_pages; i++)
		__free_pages(out->pages[i].bv_page,
			     get_order(out->pages[i].bv_len));
	if (out->op)
		dtls_aead_op_free(out->op);
}

/**
 * dtls_tx_free() - the datagrams are sent
 * @out: the datagrams
 *
 * Context: process.
 */
void dtls_tx_free(struct dtls_tx_datagrams *out)
{
	/* It's used again, for others. */
	if (out->epoch && !out->n_pages)
		memzero_explicit(out->vec.iov_base, out->vec.iov_len);
	free_memory(out);
	if (out->epoch)
		dtls_epoch_put(out->epoch);
}

/*
 * All but the ciphertext and the tag. In the room for the tag is what tells that
 * the number is still this record's, and of this key, when it's encrypted.
 */
static void leave_in_clear(const struct dtls_epoch *epoch,
			   const struct dtls_record *rec, u8 *fragment)
{
	const struct dtls_cipher *cipher = dtls_aead_cipher(epoch->aead);
	u8 *tag = fragment + rec->len - cipher->tag_len;

	dtls_cipher_put_explicit(cipher, fragment, rec->number);
	memset(tag, 0, cipher->tag_len);
	put_unaligned_be64(rec->number ^ dtls_offload_key(epoch)->check, tag);
}

/* One record: seal it where it stands, with its content in place. */
static inline int seal_record(const struct dtls_tx_datagrams *out,
			      const struct dtls_epoch *epoch,
			      struct dtls_record *rec, u8 *buf, size_t size)
{
	size_t header_len = DTLS_RECORD_HEADER_LEN + epoch->shape.cid_len;

	rec->len = size - header_len;
	dtls_record_put_header(buf, rec);
	if (!out->epoch)
		return dtls_aead_seal(out->op, rec, buf + header_len);
	leave_in_clear(epoch, rec, buf + header_len);
	return 0;
}

static struct dtls_record make_record(const struct dtls_epoch *epoch, u8 type)
{
	const struct dtls_epoch_shape *shape = &epoch->shape;

	return (struct dtls_record){
		.type = shape->cid_len ? DTLS_RECORD_CID : type,
		.version = DTLS_RECORD_VERSION_1_2,
		.cid_len = shape->cid_len,
		.cid = shape->cid,
	};
}

/* One short record, in the memory of its operation. */
static int seal_single(struct dtls_epoch *epoch,
		       const struct dtls_tx_message *message,
		       struct iov_iter *from, struct dtls_tx_datagrams *out)
{
	struct layout layout = lay_out(epoch, message->len);
	struct dtls_record rec = make_record(epoch, message->type);
	int err = -EFAULT;
	u8 *buf;

	out->op = dtls_aead_op_alloc(epoch->aead, 0, layout.size);
	if (!out->op)
		return -ENOMEM;
	buf = dtls_aead_op_room(out->op);
	if (!copy_from_iter_full(buf + layout.offset, message->len, from))
		goto free_op;
	finish_inner(&epoch->shape, message->type, buf + layout.offset,
		     message->len, layout.inner_len);
	err = dtls_epoch_reserve(epoch, 1, &rec.number);
	if (!err)
		err = seal_record(out, epoch, &rec, buf, layout.size);
	if (err)
		goto free_op;
	out->vec = (struct kvec){ buf, layout.size };
	out->n_pages = 0;
	out->n = 1;
	out->segment = 0;
	out->size = layout.size;
	return 0;

free_op:
	/* It may hold the content still, in clear. */
	memzero_explicit(buf, layout.size);
	dtls_aead_op_free(out->op);
	return err;
}

/**
 * struct plan - where the records of a batch stand
 * @full: layout of each record but the last
 * @last: layout of the last
 * @n: number of records
 * @a_piece: records in each piece of memory
 */
struct plan {
	struct layout	full;
	struct layout	last;
	unsigned int	n;
	unsigned int	a_piece;
};

/* Content of each datagram but the last; 0: there is none. */
static size_t segment_len(const struct dtls_tx_message *message)
{
	return message->segment ? min(message->segment, message->len) :
				  message->len;
}

static int make_plan(const struct dtls_epoch *epoch,
		     const struct dtls_tx_message *message, struct plan *plan)
{
	size_t len = segment_len(message), last;

	plan->n = DIV_ROUND_UP(message->len, len);
	last = message->len - (plan->n - 1) * len;
	plan->full = lay_out(epoch, len);
	plan->last = lay_out(epoch, last);
	if ((plan->n - 1) * plan->full.size + plan->last.size > DATAGRAM_MAX)
		return -EMSGSIZE;
	plan->a_piece = PIECE_MAX / plan->full.size;
	return 0;
}

static const struct layout *layout_of(const struct plan *plan, unsigned int i)
{
	return i == plan->n - 1 ? &plan->last : &plan->full;
}

static u8 *record_at(const struct dtls_tx_datagrams *out,
		     const struct plan *plan, unsigned int i)
{
	return (u8 *)page_address(out->pages[i / plan->a_piece].bv_page) +
	       i % plan->a_piece * plan->full.size;
}

static int get_pages(struct dtls_tx_datagrams *out, size_t size)
{
	struct page *page;

	/* No datagram is worth that somebody dies for it. */
	page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_NOWARN |
			   __GFP_RETRY_MAYFAIL, get_order(size));
	if (!page)
		return -ENOMEM;
	bvec_set_page(&out->pages[out->n_pages++], page, size, 0);
	out->size += size;
	return 0;
}

static int get_memory(struct dtls_tx_datagrams *out,
		      const struct dtls_aead *aead, const struct plan *plan)
{
	unsigned int left = plan->n;
	int err = 0;

	out->op = dtls_aead_op_alloc(aead, 0, 0);
	if (!out->op)
		return -ENOMEM;
	for (; !err && left > plan->a_piece; left -= plan->a_piece)
		err = get_pages(out, plan->a_piece * plan->full.size);
	return err ?: get_pages(out, (left - 1) * plan->full.size +
				     plan->last.size);
}

static int fill(const struct dtls_epoch *epoch,
		const struct dtls_tx_message *message, struct iov_iter *from,
		const struct dtls_tx_datagrams *out, const struct plan *plan)
{
	size_t left = message->len, len = segment_len(message);
	unsigned int i;

	for (i = 0; i < plan->n; i++, left -= len) {
		const struct layout *layout = layout_of(plan, i);
		u8 *content = record_at(out, plan, i) + layout->offset;

		len = min(len, left);
		if (!copy_from_iter_full(content, len, from))
			return -EFAULT;
		finish_inner(&epoch->shape, message->type, content, len,
			     layout->inner_len);
	}
	return 0;
}

static int seal_all(struct dtls_epoch *epoch, u8 type,
		    const struct dtls_tx_datagrams *out,
		    const struct plan *plan)
{
	struct dtls_record rec = make_record(epoch, type);
	unsigned int i;
	int err;

	err = dtls_epoch_reserve(epoch, plan->n, &rec.number);
	for (i = 0; !err && i < plan->n; i++, rec.number++)
		err = seal_record(out, epoch, &rec, record_at(out, plan, i),
				  layout_of(plan, i)->size);
	return err;
}

static void wipe(const struct dtls_tx_datagrams *out)
{
	unsigned int i;

	for (i = 0; i < out->n_pages; i++)
		memzero_explicit(page_address(out->pages[i].bv_page),
				 out->pages[i].bv_len);
}

/* Long or many records, in pages that UDP can take as they are. */
static int seal_in_pages(struct dtls_epoch *epoch,
			 const struct dtls_tx_message *message,
			 struct iov_iter *from, struct dtls_tx_datagrams *out)
{
	struct plan plan;
	int err;

	err = make_plan(epoch, message, &plan);
	if (err)
		return err;
	*out = (struct dtls_tx_datagrams){
		.epoch = out->epoch,
		.n = plan.n,
		.segment = plan.n > 1 ? plan.full.size : 0,
	};
	err = get_memory(out, epoch->aead, &plan);
	if (!err)
		err = fill(epoch, message, from, out, &plan);
	if (!err)
		err = seal_all(epoch, message->type, out, &plan);
	if (err) {
		/* They may hold the content still, in clear. */
		wipe(out);
		free_memory(out);
	}
	return err;
}

static int seal(struct dtls_epoch *epoch, const struct dtls_tx_message *message,
		struct iov_iter *from, struct dtls_tx_datagrams *out)
{
	size_t len = segment_len(message);

	if (len > dtls_tx_payload_max(epoch))
		return -EMSGSIZE;
	if (message->len == len && len <= SINGLE_MAX)
		return seal_single(epoch, message, from, out);
	return seal_in_pages(epoch, message, from, out);
}

/**
 * dtls_tx_seal() - make records, one a datagram
 * @assoc: the association
 * @message: what they are to be
 * @from: the content
 * @out: the datagrams, to be freed by dtls_tx_free()
 *
 * Context: process.
 * Return: 0; -EMSGSIZE if a record is more than the peer takes, or than a
 *	record, or all are more than UDP can take at once; then no number was
 *	taken; -ENOKEY without a sending key; -EFAULT; -ENOMEM; -EKEYEXPIRED;
 *	-EKEYREVOKED; what the cipher says.
 * Source: RFC 6347, 4.1; RFC 9146, 4; RFC 8449, 4.
 */
int dtls_tx_seal(struct dtls_assoc *assoc,
		 const struct dtls_tx_message *message, struct iov_iter *from,
		 struct dtls_tx_datagrams *out)
{
	struct dtls_epoch *epoch;
	int err;

	epoch = dtls_assoc_get_tx(assoc);
	if (!epoch)
		return -ENOKEY;
	out->epoch = message->may_be_clear && dtls_offload_is_in_card(epoch) ?
			     epoch : NULL;
	err = seal(epoch, message, from, out);
	if (!err)
		dtls_stats_add(&assoc->counters, DTLS_STAT_TX_RECORDS, out->n);
	if (dtls_epoch_has_news(epoch))
		WRITE_ONCE(assoc->has_news, 1);
	if (err || !out->epoch)
		dtls_epoch_put(epoch);
	return err;
}

/**
 * dtls_tx_payload_max() - the longest content that may be sent
 * @epoch: a TX epoch
 *
 * Context: any.
 * Return: bytes: the peer's limit, of which with a connection ID the type takes
 *	one.
 * Source: RFC 5246, 6.2.1; RFC 9146, 5; RFC 8449, 4; RFC 6066, 4.
 */
size_t dtls_tx_payload_max(const struct dtls_epoch *epoch)
{
	return epoch->shape.payload_max - !!epoch->shape.cid_len;
}

/**
 * dtls_tx_overhead() - what a record adds to its content
 * @epoch: a TX epoch
 *
 * Context: any.
 * Return: bytes, without padding.
 */
size_t dtls_tx_overhead(const struct dtls_epoch *epoch)
{
	return DTLS_RECORD_HEADER_LEN + epoch->shape.cid_len +
	       !!epoch->shape.cid_len +
	       dtls_cipher_expansion(dtls_aead_cipher(epoch->aead));
}

/**
 * dtls_tx_room() - the longest content whose record fits
 * @epoch: a TX epoch
 * @len: what the record must fit, bytes
 *
 * Context: any.
 * Return: bytes; 0 if none fits.
 */
size_t dtls_tx_room(const struct dtls_epoch *epoch, size_t len)
{
	const struct dtls_epoch_shape *shape = &epoch->shape;
	size_t overhead = dtls_tx_overhead(epoch);
	size_t room;

	if (len <= overhead)
		return 0;
	room = min(len - overhead, dtls_tx_payload_max(epoch));
	/* Padded, content and type are a multiple. */
	if (shape->cid_len && shape->pad > 1 &&
	    lay_out(epoch, room).size > len)
		room = max(rounddown(room + 1, shape->pad), 1U) - 1;
	return room;
}

/**
 * dtls_tx_batch_max() - the longest content that may be sent at once
 * @epoch: a TX epoch
 * @segment: content of each datagram, bytes
 * @n: datagrams that UDP takes at once
 *
 * Context: any.
 * Return: bytes, a multiple of @segment; dtls_tx_payload_max() where that's less
 *	than @segment.
 */
size_t dtls_tx_batch_max(const struct dtls_epoch *epoch, size_t segment,
			 unsigned int n)
{
	size_t max = dtls_tx_payload_max(epoch);
	size_t fit;

	if (segment > max)
		return max;
	fit = (DATAGRAM_MAX - HEADERS_MAX) / lay_out(epoch, segment).size;
	return min_t(size_t, n, fit) * segment;
}
