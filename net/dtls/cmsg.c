// SPDX-License-Identifier: GPL-2.0
/* Control messages: the record type, as kernel TLS has it, and DTLS's own. */
#include <linux/socket.h>
#include <linux/udp.h>
#include <net/sock.h>

#include <linux/dtls.h>

#include "cmsg.h"
#include "record.h"
#include "rx.h"

static int get_type(const struct cmsghdr *cmsg, struct dtls_cmsg *said)
{
	if (cmsg->cmsg_len < CMSG_LEN(sizeof(said->type)))
		return -EINVAL;
	said->type = *(u8 *)CMSG_DATA(cmsg);
	return dtls_record_type_is_known(said->type) ? 0 : -EINVAL;
}

static int get_one(const struct cmsghdr *cmsg, struct dtls_cmsg *said)
{
	if (cmsg->cmsg_level == SOL_UDP && cmsg->cmsg_type == UDP_SEGMENT)
		return -EOPNOTSUPP;
	/* The others are UDP's and IP's, which look at them in their turn. */
	if (cmsg->cmsg_level != SOL_TLS)
		return 0;
	if (cmsg->cmsg_type == TLS_SET_RECORD_TYPE)
		return get_type(cmsg, said);
	if (cmsg->cmsg_type != DTLS_SET_EPOCH0)
		return -EINVAL;
	said->is_epoch0 = true;
	return 0;
}

/**
 * dtls_cmsg_get() - what a sender says of its datagram
 * @msg: the message, its control messages in kernel memory
 * @said: where it goes: application data, where the sender says nothing
 *
 * Context: process.
 * Return: 0; -EINVAL for a type that can't be sent or a control message that
 *	is none; -EOPNOTSUPP for UDP_SEGMENT.
 */
int dtls_cmsg_get(struct msghdr *msg, struct dtls_cmsg *said)
{
	struct cmsghdr *cmsg;
	int err;

	*said = (struct dtls_cmsg){ .type = DTLS_RECORD_DATA };
	for_each_cmsghdr(cmsg, msg) {
		if (!CMSG_OK(msg, cmsg))
			return -EINVAL;
		err = get_one(cmsg, said);
		if (err)
			return err;
	}
	return 0;
}

static int put_info(struct msghdr *msg, const struct dtls_rx_record *record)
{
	struct dtls_record_info info = {
		.type = record->type,
		.flags = record->flags,
		.epoch = dtls_record_epoch(record->number),
		.seq = dtls_record_seq(record->number),
	};

	return put_cmsg(msg, SOL_TLS, DTLS_GET_RECORD, sizeof(info), &info);
}

/**
 * dtls_cmsg_put() - tell a reader what its record is
 * @msg: the reader's message
 * @record: the record
 * @want_info: whether to tell more than the type
 *
 * Application data may be read without a control buffer; anything else must not
 * be taken for it, and least of all what nobody authenticated.
 *
 * Context: process.
 * Return: 0; -EIO if the record isn't application data and what it is doesn't
 *	fit; -EFAULT.
 */
int dtls_cmsg_put(struct msghdr *msg, const struct dtls_rx_record *record,
		  bool want_info)
{
	bool is_plain = record->flags & DTLS_RECORD_UNAUTHENTICATED;
	bool is_data = record->type == DTLS_RECORD_DATA && !is_plain;
	int err = 0;

	if (is_data && !msg->msg_controllen)
		return 0;
	if (!is_plain)
		err = put_cmsg(msg, SOL_TLS, TLS_GET_RECORD_TYPE,
			       sizeof(record->type), (void *)&record->type);
	if (!err && !is_data && !is_plain && msg->msg_flags & MSG_CTRUNC)
		return -EIO;
	if (!err && (want_info || is_plain))
		err = put_info(msg, record);
	if (!err && is_plain && msg->msg_flags & MSG_CTRUNC)
		return -EIO;
	return err;
}
