/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_PROC_H
#define _DTLS_PROC_H

int dtls_proc_init(void);
void dtls_proc_exit(void);

#endif /* _DTLS_PROC_H */
