/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_CMSG_H
#define _DTLS_CMSG_H

#include <linux/types.h>

struct dtls_rx_record;
struct msghdr;

/**
 * struct dtls_cmsg - what a sender says of its datagram
 * @type: content type of the record
 * @is_epoch0: it's unprotected records of epoch 0, to be sent as they are
 */
struct dtls_cmsg {
	u8	type;
	bool	is_epoch0;
};

int dtls_cmsg_get(struct msghdr *msg, struct dtls_cmsg *said);
int dtls_cmsg_put(struct msghdr *msg, const struct dtls_rx_record *record,
		  bool want_info);

#endif /* _DTLS_CMSG_H */
