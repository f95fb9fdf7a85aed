/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_CMSG_H
#define _DTLS_CMSG_H

#include <linux/types.h>

struct msghdr;

int dtls_cmsg_get_type(struct msghdr *msg, u8 *type);
int dtls_cmsg_put_type(struct msghdr *msg, u8 type);

#endif /* _DTLS_CMSG_H */
