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
 * @has_others: it said something to UDP or IP
 * @has_segment: it said @segment
 * @segment: how much of the content each datagram gets, bytes; 0: all
 */
struct dtls_cmsg {
	u8	type;
	bool	is_epoch0;
	bool	has_others;
	bool	has_segment;
	u16	segment;
};

/**
 * struct dtls_cmsg_control - memory for control messages
 * @buf: for few
 * @mem: for more, or NULL
 */
struct dtls_cmsg_control {
	long	buf[8];
	void	*mem;
};

int dtls_cmsg_get(struct msghdr *msg, struct dtls_cmsg *said);
bool dtls_cmsg_has_segment(struct msghdr *msg);
int dtls_cmsg_set_segment(struct msghdr *msg, u16 segment,
			  struct dtls_cmsg_control *control);
void dtls_cmsg_free(struct dtls_cmsg_control *control);
int dtls_cmsg_put(struct msghdr *msg, const struct dtls_rx_record *record,
		  bool want_info);
void dtls_cmsg_put_data(struct msghdr *msg, const struct dtls_rx_record *record,
			bool want_info);

#endif /* _DTLS_CMSG_H */
