/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_COMPAT_LINUX_SOCKET_H
#define _DTLS_COMPAT_LINUX_SOCKET_H

#include_next <linux/socket.h>

/*
 * Before 6.5 spliced pages come through sendpage(), see net/sock.h, which marks
 * them by a flag that no application can set.
 */
#ifndef MSG_SPLICE_PAGES
#define MSG_SPLICE_PAGES	MSG_SENDPAGE_NOPOLICY
#endif

#endif /* _DTLS_COMPAT_LINUX_SOCKET_H */
