/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_TX_H
#define _DTLS_TX_H

#include <linux/types.h>

struct dtls_assoc;
struct dtls_epoch;
struct iov_iter;
struct kvec;

int dtls_tx_seal(struct dtls_assoc *assoc, u8 type, struct iov_iter *from,
		 size_t len, struct kvec *datagram);
size_t dtls_tx_payload_max(const struct dtls_epoch *epoch);
size_t dtls_tx_overhead(const struct dtls_epoch *epoch);
size_t dtls_tx_room(const struct dtls_epoch *epoch, size_t len);

#endif /* _DTLS_TX_H */
