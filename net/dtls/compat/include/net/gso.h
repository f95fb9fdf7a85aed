/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_COMPAT_NET_GSO_H
#define _DTLS_COMPAT_NET_GSO_H

#include <linux/version.h>

/* Before 6.5 it's all in linux/skbuff.h and linux/netdevice.h. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#else
#include_next <net/gso.h>
#endif

#endif /* _DTLS_COMPAT_NET_GSO_H */
