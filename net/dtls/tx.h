/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_TX_H
#define _DTLS_TX_H

#include <linux/types.h>

struct dtls_assoc;
struct iov_iter;
struct kvec;

int dtls_tx_seal(struct dtls_assoc *assoc, u8 type, struct iov_iter *from,
		 size_t len, struct kvec *datagram);

#endif /* _DTLS_TX_H */
