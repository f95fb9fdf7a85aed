/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_SOCK_H
#define _DTLS_SOCK_H

int dtls_sock_init(void);
void dtls_sock_exit(void);

#endif /* _DTLS_SOCK_H */
