// SPDX-License-Identifier: GPL-2.0
/* Control messages: the record type, as kernel TLS has it. */
#include <linux/socket.h>
#include <linux/udp.h>
#include <net/sock.h>

#include <linux/tls.h>

#include "cmsg.h"
#include "record.h"

static int get_one(const struct cmsghdr *cmsg, u8 *type)
{
	if (cmsg->cmsg_level == SOL_UDP && cmsg->cmsg_type == UDP_SEGMENT)
		return -EOPNOTSUPP;
	/* The others are UDP's and IP's, which look at them in their turn. */
	if (cmsg->cmsg_level != SOL_TLS)
		return 0;
	if (cmsg->cmsg_type != TLS_SET_RECORD_TYPE ||
	    cmsg->cmsg_len < CMSG_LEN(sizeof(*type)))
		return -EINVAL;
	*type = *(u8 *)CMSG_DATA(cmsg);
	return dtls_record_type_is_known(*type) ? 0 : -EINVAL;
}

/**
 * dtls_cmsg_get_type() - which type a sender wants its record to have
 * @msg: the message, its control messages in kernel memory
 * @type: content type; left alone where the sender doesn't say
 *
 * Context: process.
 * Return: 0; -EINVAL for a type that can't be sent or a control message that
 *	is none; -EOPNOTSUPP for UDP_SEGMENT.
 */
int dtls_cmsg_get_type(struct msghdr *msg, u8 *type)
{
	struct cmsghdr *cmsg;
	int err;

	for_each_cmsghdr(cmsg, msg) {
		if (!CMSG_OK(msg, cmsg))
			return -EINVAL;
		err = get_one(cmsg, type);
		if (err)
			return err;
	}
	return 0;
}

/**
 * dtls_cmsg_put_type() - tell a reader which type its record has
 * @msg: the reader's message
 * @type: content type
 *
 * Application data may be read without a control buffer; anything else must not
 * be taken for it.
 *
 * Context: process.
 * Return: 0; -EIO if the record isn't application data and its type doesn't
 *	fit; -EFAULT.
 */
int dtls_cmsg_put_type(struct msghdr *msg, u8 type)
{
	int err;

	if (type == DTLS_RECORD_DATA && !msg->msg_controllen)
		return 0;
	err = put_cmsg(msg, SOL_TLS, TLS_GET_RECORD_TYPE, sizeof(type), &type);
	if (err || type == DTLS_RECORD_DATA)
		return err;
	return msg->msg_flags & MSG_CTRUNC ? -EIO : 0;
}
