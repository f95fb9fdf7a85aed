/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_COMPAT_NET_HOTDATA_H
#define _DTLS_COMPAT_NET_HOTDATA_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#include_next <net/hotdata.h>
#else
#include <linux/skbuff.h>
#endif

/* Pieces of memory that a packet may be given without a copy. */
static inline unsigned int dtls_compat_max_frags(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	return READ_ONCE(net_hotdata.sysctl_max_skb_frags);
#else
	return READ_ONCE(sysctl_max_skb_frags);
#endif
}

#endif /* _DTLS_COMPAT_NET_HOTDATA_H */
