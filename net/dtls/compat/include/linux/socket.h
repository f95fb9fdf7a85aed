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
/* And UDP copies what it's given by sendmsg(). */
#define DTLS_COMPAT_MSG_SPLICE	0
#else
#define DTLS_COMPAT_MSG_SPLICE	MSG_SPLICE_PAGES
#endif

#endif /* _DTLS_COMPAT_LINUX_SOCKET_H */
