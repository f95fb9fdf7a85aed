/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_OFFLOAD_HOOKS_H
#define _DTLS_OFFLOAD_HOOKS_H

struct net;

int dtls_offload_hooks_init(void);
void dtls_offload_hooks_exit(void);

int dtls_offload_hooks_add(struct net *net);

#endif /* _DTLS_OFFLOAD_HOOKS_H */
