/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_COMPAT_LINUX_BPF_CGROUP_H
#define _DTLS_COMPAT_LINUX_BPF_CGROUP_H

#include <linux/version.h>

#include_next <linux/bpf-cgroup.h>

/* Before 6.7 the programs didn't see the length of the address. */
static inline void dtls_compat_bpf_recvmsg4(struct sock *sk,
					    struct sockaddr *addr,
					    int *addr_len)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	BPF_CGROUP_RUN_PROG_UDP4_RECVMSG_LOCK(sk, addr);
#else
	BPF_CGROUP_RUN_PROG_UDP4_RECVMSG_LOCK(sk, addr, addr_len);
#endif
}

static inline void dtls_compat_bpf_recvmsg6(struct sock *sk,
					    struct sockaddr *addr,
					    int *addr_len)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	BPF_CGROUP_RUN_PROG_UDP6_RECVMSG_LOCK(sk, addr);
#else
	BPF_CGROUP_RUN_PROG_UDP6_RECVMSG_LOCK(sk, addr, addr_len);
#endif
}

#endif /* _DTLS_COMPAT_LINUX_BPF_CGROUP_H */
