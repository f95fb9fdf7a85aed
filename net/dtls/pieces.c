// SPDX-License-Identifier: GPL-2.0
/*
 * The pieces of memory that a packet consists of, looked at in order: to search
 * each record of many from the front would cost more than to open it.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>

#include "pieces.h"
#include "record.h"

/**
 * dtls_pieces_init() - begin at the front
 * @pieces: where one is
 * @skb: the packet
 *
 * Context: any.
 */
void dtls_pieces_init(struct dtls_pieces *pieces, const struct sk_buff *skb)
{
	pieces->skb = skb;
	pieces->i = 0;
	pieces->start = 0;
}

/**
 * dtls_pieces_count() - how many are there?
 * @skb: the packet
 *
 * Context: any.
 * Return: the most entries that dtls_pieces_map() may need.
 */
unsigned int dtls_pieces_count(const struct sk_buff *skb)
{
	unsigned int n = 1 + skb_shinfo(skb)->nr_frags;
	const struct sk_buff *next;

	skb_walk_frags(skb, next)
		n += dtls_pieces_count(next);
	return n;
}

static u32 piece_len(const struct sk_buff *skb, unsigned int i)
{
	return i ? skb_frag_size(&skb_shinfo(skb)->frags[i - 1]) :
		   skb_headlen(skb);
}

/* Go to the piece that has @offset; those behind the fragments aren't ours. */
static bool seek(struct dtls_pieces *pieces, u32 offset)
{
	const struct sk_buff *skb = pieces->skb;
	u32 len;

	if (offset < pieces->start)
		dtls_pieces_init(pieces, skb);
	while (pieces->i <= skb_shinfo(skb)->nr_frags) {
		len = piece_len(skb, pieces->i);
		if (offset - pieces->start < len)
			return true;
		pieces->start += len;
		pieces->i++;
	}
	dtls_pieces_init(pieces, skb);
	return false;
}

/**
 * dtls_pieces_peek() - look at a few bytes
 * @pieces: the packet
 * @offset: where they begin, bytes
 * @len: how many, bytes
 * @buf: memory for them, where they lie in several pieces
 *
 * Context: any.
 * Return: their address, in the packet or @buf; NULL if there aren't so many.
 */
const u8 *dtls_pieces_peek(struct dtls_pieces *pieces, u32 offset, u32 len,
			   u8 *buf)
{
	const struct sk_buff *skb = pieces->skb;
	const u8 *frag;
	u32 inside;

	if (!skb_is_nonlinear(skb) || !seek(pieces, offset) || !pieces->i)
		return skb_header_pointer(skb, offset, len, buf);
	inside = offset - pieces->start;
	frag = skb_frag_address_safe(&skb_shinfo(skb)->frags[pieces->i - 1]);
	if (!frag || len > piece_len(skb, pieces->i) - inside)
		return skb_header_pointer(skb, offset, len, buf);
	return frag + inside;
}

static int copy(struct dtls_pieces *pieces, u8 *to, u32 offset, u32 len)
{
	const struct sk_buff *skb = pieces->skb;

	while (len && seek(pieces, offset) && pieces->i) {
		u32 inside = offset - pieces->start;
		u32 n = min(len, piece_len(skb, pieces->i) - inside);
		const u8 *from;

		from = skb_frag_address_safe(&skb_shinfo(skb)->frags[pieces->i - 1]);
		if (!from)
			break;
		memcpy(to, from + inside, n);
		to += n;
		offset += n;
		len -= n;
	}
	return len ? skb_copy_bits(skb, offset, to, len) : 0;
}

/**
 * dtls_pieces_copy() - copy bytes
 * @pieces: the packet they come from
 * @sg: where they go, as many as there's room
 * @offset: where they begin
 *
 * Context: any.
 * Return: 0; -EFAULT if there aren't so many.
 */
int dtls_pieces_copy(struct dtls_pieces *pieces, struct scatterlist *sg,
		     u32 offset)
{
	int err = 0;

	for (; sg && !err; sg = sg_next(sg)) {
		err = copy(pieces, sg_virt(sg), offset, sg->length);
		offset += sg->length;
	}
	return err;
}

static void map_piece(const struct sk_buff *skb, unsigned int i,
		      struct scatterlist *sg, u32 inside, u32 len)
{
	const skb_frag_t *frag;

	sg_unmark_end(sg);
	if (!i) {
		sg_set_buf(sg, skb->data + inside, len);
		return;
	}
	frag = &skb_shinfo(skb)->frags[i - 1];
	sg_set_page(sg, skb_frag_page(frag), len, skb_frag_off(frag) + inside);
}

/* The whole of it, with what hangs behind the fragments too. */
static int map_any(const struct sk_buff *skb, struct scatterlist *sg, u32 offset,
		   u32 len)
{
	int n;

	sg_init_table(sg, dtls_pieces_count(skb));
	n = skb_to_sgvec((struct sk_buff *)skb, sg, offset, len);
	return n < 0 ? n : 0;
}

/**
 * dtls_pieces_map() - name bytes of the packet in a scatterlist
 * @pieces: the packet
 * @sg: dtls_pieces_count() entries
 * @offset: where the bytes begin
 * @len: how many, bytes; if 0 the list has one empty entry
 *
 * Context: any.
 * Return: 0; -EMSGSIZE if there aren't so many, or the packet is too nested.
 */
int dtls_pieces_map(struct dtls_pieces *pieces, struct scatterlist *sg,
		    u32 offset, u32 len)
{
	const struct sk_buff *skb = pieces->skb;
	u32 inside, n;
	unsigned int i;

	if (!len) {
		sg_init_table(sg, 1);
		return 0;
	}
	if (offset > skb->len || len > skb->len - offset)
		return -EMSGSIZE;
	if (skb_has_frag_list(skb) || !seek(pieces, offset))
		return map_any(skb, sg, offset, len);
	inside = offset - pieces->start;
	for (i = pieces->i; ; i++, sg++, inside = 0) {
		n = min(len, piece_len(skb, i) - inside);
		/* The linear part may be empty. */
		map_piece(skb, i, sg, inside, n);
		len -= n;
		if (!len)
			break;
	}
	sg_mark_end(sg);
	return 0;
}

/**
 * dtls_pieces_strip() - as dtls_record_strip(), of what may lie in pieces
 * @text: the packet
 * @offset: where the inner plaintext begins, bytes
 * @len: its length, bytes
 * @type: where the content's type goes
 *
 * Context: any.
 * Return: length of the content, bytes; -EBADMSG if there's no type.
 * Source: RFC 9146, 4.
 */
int dtls_pieces_strip(const struct sk_buff *text, u32 offset, u32 len, u8 *type)
{
	u8 tail[64];

	if (!skb_is_nonlinear(text))
		return dtls_record_strip(text->data + offset, len, type);
	while (len) {
		u32 n = min_t(u32, len, sizeof(tail));
		int left;

		len -= n;
		if (skb_copy_bits(text, offset + len, tail, n))
			break;
		left = dtls_record_strip(tail, n, type);
		if (left >= 0)
			return len + left;
	}
	return -EBADMSG;
}
