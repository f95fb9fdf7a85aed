/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_DIAG_H
#define _DTLS_DIAG_H

int dtls_diag_init(void);
void dtls_diag_exit(void);

#endif /* _DTLS_DIAG_H */
