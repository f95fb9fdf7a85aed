/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_TX_H
#define _DTLS_TX_H

#include <linux/bvec.h>
#include <linux/types.h>
#include <linux/uio.h>

struct dtls_aead_op;
struct dtls_assoc;
struct dtls_epoch;

/* Pieces of memory that hold what UDP takes at once. */
#define DTLS_TX_PIECES	4

/**
 * struct dtls_tx_message - what an application sends at once
 * @type: content type
 * @len: length of the content, bytes
 * @segment: how much of it each datagram gets, bytes; the last may get less; 0:
 *	all goes into one
 * @may_be_clear: a network card may encrypt it: it goes the usual way
 */
struct dtls_tx_message {
	u8	type;
	size_t	len;
	size_t	segment;
	bool	may_be_clear;
};

/**
 * struct dtls_tx_datagrams - records, one a datagram, to be sent at once
 * @epoch: of records in clear, that a network card is to encrypt; NULL: they're
 *	encrypted
 * @op: owns the memory of @vec
 * @vec: a single short one
 * @pages: a long one, or several, one behind the other
 * @n_pages: pieces of memory that they take; 0: it's in @vec
 * @n: number of datagrams
 * @segment: length of each datagram but the last, bytes; 0 if there's only one
 * @size: length of all, bytes
 */
struct dtls_tx_datagrams {
	struct dtls_epoch	*epoch;
	struct dtls_aead_op	*op;
	struct kvec		vec;
	struct bio_vec		pages[DTLS_TX_PIECES];
	unsigned int		n_pages;
	unsigned int		n;
	size_t			segment;
	size_t			size;
};

int dtls_tx_seal(struct dtls_assoc *assoc,
		 const struct dtls_tx_message *message, struct iov_iter *from,
		 struct dtls_tx_datagrams *out);
void dtls_tx_free(struct dtls_tx_datagrams *out);
size_t dtls_tx_batch_max(const struct dtls_epoch *epoch, size_t segment,
			 unsigned int n);
size_t dtls_tx_payload_max(const struct dtls_epoch *epoch);
size_t dtls_tx_overhead(const struct dtls_epoch *epoch);
size_t dtls_tx_room(const struct dtls_epoch *epoch, size_t len);

#endif /* _DTLS_TX_H */
