// SPDX-License-Identifier: GPL-2.0
/* From an application's bytes to a datagram with a record in it. */
#include <linux/slab.h>
#include <linux/uio.h>

#include <linux/dtls.h>

#include "assoc.h"
#include "tx.h"

static int seal(struct dtls_epoch *epoch, u8 type, u8 *buf, size_t len)
{
	struct dtls_record rec = {
		.type = type,
		.version = DTLS_1_2_VERSION,
		.len = len - DTLS_RECORD_HEADER_LEN,
	};
	int err;

	err = dtls_epoch_reserve(epoch, &rec.number);
	if (err)
		return err;
	dtls_record_put_header(buf, &rec);
	return dtls_aead_seal(epoch->aead, &rec, buf + DTLS_RECORD_HEADER_LEN);
}

/**
 * dtls_tx_seal() - make a record
 * @assoc: an association with a sending key
 * @type: content type
 * @from: the content
 * @len: its length, bytes, <= DTLS_RECORD_PAYLOAD_MAX
 * @datagram: where the record goes, from kmalloc(), to be freed by the caller
 *
 * Context: process.
 * Return: 0; -EFAULT; -ENOMEM; -EKEYEXPIRED; what the cipher says.
 */
int dtls_tx_seal(struct dtls_assoc *assoc, u8 type, struct iov_iter *from,
		 size_t len, struct kvec *datagram)
{
	const struct dtls_cipher *cipher;
	struct dtls_epoch *epoch;
	size_t size, offset;
	int err;
	u8 *buf;

	epoch = dtls_assoc_get_tx(assoc);
	if (WARN_ON_ONCE(!epoch))
		return -ENOKEY;
	cipher = dtls_aead_cipher(epoch->aead);
	offset = DTLS_RECORD_HEADER_LEN + cipher->explicit_len;
	size = DTLS_RECORD_HEADER_LEN + dtls_cipher_expansion(cipher) + len;

	err = -ENOMEM;
	buf = kmalloc(size, GFP_KERNEL | __GFP_NOWARN);
	if (!buf)
		goto put_epoch;
	err = -EFAULT;
	if (!copy_from_iter_full(buf + offset, len, from))
		goto free_buf;
	err = seal(epoch, type, buf, size);
	if (err)
		goto free_buf;

	dtls_stats_inc(&assoc->counters, DTLS_STAT_TX_RECORDS);
	datagram->iov_base = buf;
	datagram->iov_len = size;
	dtls_epoch_put(epoch);
	return 0;

free_buf:
	/* It may hold the content still, in clear. */
	kfree_sensitive(buf);
put_epoch:
	dtls_epoch_put(epoch);
	return err;
}
