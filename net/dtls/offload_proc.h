/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_OFFLOAD_PROC_H
#define _DTLS_OFFLOAD_PROC_H

int dtls_offload_proc_init(void);
void dtls_offload_proc_exit(void);

#endif /* _DTLS_OFFLOAD_PROC_H */
