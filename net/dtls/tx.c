// SPDX-License-Identifier: GPL-2.0
/* From an application's bytes to a datagram with a record in it. */
#include <linux/slab.h>
#include <linux/uio.h>

#include "assoc.h"
#include "tx.h"

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

static int seal(struct dtls_epoch *epoch, u8 type, u8 *buf, size_t size)
{
	const struct dtls_epoch_shape *shape = &epoch->shape;
	struct dtls_record rec = {
		.type = shape->cid_len ? DTLS_RECORD_CID : type,
		.version = DTLS_RECORD_VERSION_1_2,
		.cid_len = shape->cid_len,
		.cid = shape->cid,
	};
	size_t header_len = dtls_record_header_len(&rec);
	int err;

	err = dtls_epoch_reserve(epoch, &rec.number);
	if (err)
		return err;
	rec.len = size - header_len;
	dtls_record_put_header(buf, &rec);
	return dtls_aead_seal(epoch->aead, &rec, buf + header_len);
}

static int seal_from(struct dtls_epoch *epoch, u8 type, struct iov_iter *from,
		     size_t len, struct kvec *datagram)
{
	struct layout layout = lay_out(epoch, len);
	int err;
	u8 *buf;

	buf = kmalloc(layout.size, GFP_KERNEL | __GFP_NOWARN);
	if (!buf)
		return -ENOMEM;
	err = -EFAULT;
	if (!copy_from_iter_full(buf + layout.offset, len, from))
		goto free_buf;
	finish_inner(&epoch->shape, type, buf + layout.offset, len,
		     layout.inner_len);
	err = seal(epoch, type, buf, layout.size);
	if (err)
		goto free_buf;
	datagram->iov_base = buf;
	datagram->iov_len = layout.size;
	return 0;

free_buf:
	/* It may hold the content still, in clear. */
	kfree_sensitive(buf);
	return err;
}

/**
 * dtls_tx_seal() - make a record
 * @assoc: the association
 * @type: content type
 * @from: the content
 * @len: its length, bytes
 * @datagram: where the record goes, from kmalloc(), to be freed by the caller
 *
 * Context: process.
 * Return: 0; -EMSGSIZE if it's more than the peer takes, or than a record; then
 *	no number was taken; -ENOKEY without a sending key; -EFAULT; -ENOMEM;
 *	-EKEYEXPIRED; -EKEYREVOKED; what the cipher says.
 * Source: RFC 6347, 4.1; RFC 9146, 4; RFC 8449, 4.
 */
int dtls_tx_seal(struct dtls_assoc *assoc, u8 type, struct iov_iter *from,
		 size_t len, struct kvec *datagram)
{
	struct dtls_epoch *epoch;
	int err;

	epoch = dtls_assoc_get_tx(assoc);
	if (!epoch)
		return -ENOKEY;
	err = -EMSGSIZE;
	if (len <= dtls_tx_payload_max(epoch))
		err = seal_from(epoch, type, from, len, datagram);
	if (!err)
		dtls_stats_inc(&assoc->counters, DTLS_STAT_TX_RECORDS);
	if (dtls_epoch_has_news(epoch))
		WRITE_ONCE(assoc->has_news, 1);
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
